"""The address of a request is digested once, whoever asks for its digest on the way: the edge, the flow, the outbox."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.configured import CountingKeys, keyed
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.conf import conf

ADA, BOB, EVE, NUMBER = "ada@example.com", "bob@example.com", "eve@example.com", "+14155550100"


@contextmanager
def watched() -> Iterator[Counter[bytes]]:
    """How often each address is digested within."""
    keys = CountingKeys(conf.keys._secrets)
    with keyed(keys):
        yield keys.digested


@pytest.mark.parametrize("request_", ["start", "start by sms", "register", "start again", "known", "forgot", "resend"])
def test_the_address_of_a_request_is_digested_once(request_: str, api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    api.register(email=BOB, username="bob", password=PASSWORD)
    acts: dict[str, tuple[str, Callable[[], Reply]]] = {
        "start": (EVE, lambda: api.start(email=EVE, password=PASSWORD)),
        "start by sms": (NUMBER, lambda: api.start(phone_number=NUMBER, password=PASSWORD, channel="sms")),
        "register": (EVE, lambda: api.register(email=EVE, username="eve", password=PASSWORD)),
        "start again": (BOB, lambda: api.start(email=BOB, password=PASSWORD)),
        "known": (ADA, lambda: api.start(email=ADA, password=PASSWORD)),
        "forgot": (ADA, lambda: api.post("password/reset", {"email": ADA})),
        "resend": (BOB, lambda: api.post("verify-email/resend", {"email": BOB})),
    }
    address, act = acts[request_]
    with watched() as digested:
        assert act().status in (201, 202)
    assert digested == {address.encode(): 1}


def test_a_redirected_proof_is_digested_once_for_its_new_address(api: Api) -> None:
    begun = api.start(email=EVE, password=PASSWORD)
    with watched() as digested:
        assert api.post("register/redirect", {"registration": begun.registration, "email": BOB}).status == 202
    assert digested == {BOB.encode(): 1}
