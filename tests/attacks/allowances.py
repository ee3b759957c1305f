"""The allowances at their defaults, which the test run itself is without; and a stranger who spends them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.test import override_settings

from tests.world import PASSWORD, Api, Http
from vestibule.addresses.address import Channel
from vestibule.limits import rates, rules
from vestibule.limits.sms_costs import SmsCap


def default(_: str, words: str) -> str:
    """What a rule says where no setting does."""
    return words


@contextmanager
def defaults(**more: object) -> Iterator[None]:
    """Every cap at its default."""
    texts = rates.parse_cap_allowance(rules.TEXTS, default)
    costs = {SmsCap.NETWORK: rules.SMS_NETWORK, SmsCap.PREFIX: rules.SMS_PREFIX, SmsCap.TOTAL: rules.SMS_TOTAL}
    caps = {
        "MESSAGES_PER_ADDRESS": {Channel.EMAIL: rates.parse_cap_allowance(rules.MAILS, default), Channel.SMS: texts},
        "MAILS_FROM_NETWORK": rates.parse_cap_allowance(rules.MAILS_FROM_NETWORK, default),
        "MAILS_OF_NETWORK": rates.parse_cap_allowance(rules.MAILS_OF_NETWORK, default),
        "OWN_MESSAGES": {Channel.EMAIL: rates.parse_cap_allowance(rules.OWN_MAILS, default), Channel.SMS: texts},
        "SMS_CAPS": {cap: rates.parse_cap_allowance(rule, default) for cap, rule in costs.items()},
    }
    with override_settings(**{**caps, **more}):
        yield


def stranger(number: int) -> Api:
    """Somebody on a network of their own."""
    return Api(Http(REMOTE_ADDR=f"203.0.{number // 250}.{number % 250 + 1}", raise_request_exception=False))


def spend(address: str, *, first: int = 0) -> None:
    """Strangers use up what may come to the address."""
    who = {"phone_number": address, "channel": "sms"} if address.startswith("+") else {"email": address}
    for number in range(12):
        assert stranger(first + number).start(**who, password=PASSWORD).status == 202
