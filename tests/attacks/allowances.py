"""The allowances at their defaults, which the test run itself is without; and a stranger who spends them."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.configured import rated
from tests.world import PASSWORD, Api, Http
from vestibule.limits import rules


@contextmanager
def defaults(**caps: str) -> Iterator[None]:
    """Every cap at its default, or at these words."""
    with rated(**{cap.name: cap.per_identifier for cap in rules.CAPS} | caps):
        yield


def stranger(number: int) -> Api:
    """Somebody on a network of their own."""
    return Api(Http(REMOTE_ADDR=f"203.0.{number // 250}.{number % 250 + 1}", raise_request_exception=False))


def spend(address: str, *, first: int = 0) -> None:
    """Strangers use up what may come to the address."""
    who = {"phone_number": address, "channel": "sms"} if address.startswith("+") else {"email": address}
    for number in range(12):
        assert stranger(first + number).start(**who, password=PASSWORD).status == 202
