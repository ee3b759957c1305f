"""OTP: a code or a link proves one thing, once, in its time, for whom and for what it was sent."""

import re
from base64 import urlsafe_b64decode

import pytest
from time_machine import travel

from tests.attacks.at_rest import everything
from tests.stories.test_pending import verify
from tests.stories.test_recovery import ask
from tests.stories.test_sign_up import wrong
from tests.world import PASSWORD, Api, Door, Inbox
from vestibule.accounts.models import Status, User

ADA, BOB, NOON = "ada@example.com", "bob@example.com", "2026-03-01T12:00:00Z"


def test_otp_03_a_wrong_code_says_how_many_tries_are_left_and_the_fifth_ends_it(door: Door, inbox: Inbox) -> None:
    registration = door.start(email=ADA, password=PASSWORD).registration
    code = inbox.newest(ADA).code
    for _ in range(4):
        assert (reply := door.confirm(registration, wrong(code))).status == 400
        assert reply.code == "otp_invalid"
    assert (fifth := door.confirm(registration, wrong(code))).status == 410
    assert fifth.code == "otp_exhausted"
    assert door.confirm(registration, code).code == "otp_exhausted"
    assert not User.objects.exists()


def test_otp_05_the_same_confirm_again_is_told_that_it_is_done(door: Door, inbox: Inbox) -> None:
    registration = door.start(email=ADA, password=PASSWORD).registration
    code = inbox.newest(ADA).code
    door.confirm(registration, code)
    again = door.confirm(registration, code)
    assert (again.status, again.code) == (410, "token_used")
    assert User.objects.count() == 1


def test_otp_06_resend_replaces_the_code_after_a_growing_cooldown_five_times(door: Door, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        registration = door.start(email=ADA, password=PASSWORD).registration
        old = inbox.newest(ADA).code
        for wait in (60, 120, 300, 300, 300):
            clock.shift(wait - 1)
            assert door.resend(registration).code == "cooldown"
            clock.shift(1)
            assert door.resend(registration).status in (200, 202)
            assert len(inbox.all(ADA)) <= 6
        clock.shift(301)
        assert (reply := door.resend(registration)).status == 429
        assert reply.code == "throttled"
        new = inbox.newest(ADA).code
        if new != old:
            assert door.confirm(registration, old).code == "otp_invalid"
        assert door.confirm(registration, new).status in (201, 303)


def test_otp_07_a_code_expires_when_it_is_checked(door: Door, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        early, late = (
            door.start(email=address, password=PASSWORD).registration for address in (ADA, "bob@example.com")
        )
        codes = inbox.newest(ADA).code, inbox.newest("bob@example.com").code
        clock.shift(598)
        assert door.confirm(early, codes[0]).status in (201, 303)
        clock.shift(4)
        assert (reply := door.confirm(late, codes[1])).status == 410
        assert reply.code == "otp_expired"


def test_otp_08_a_link_is_chance_and_tells_nothing(api: Api, inbox: Inbox, ada: str) -> None:
    """256 bits of it, of nobody's name; and nothing that opens it is kept."""
    ask(api)
    api.register(email=BOB, password=PASSWORD)
    tokens = [inbox.newest(email).token for email in (ADA, BOB)]
    kept = everything()
    for token in tokens:
        assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
        parts = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        assert len(parts) == 16 + 43 + 32  # the id, the secret of 256 bits as text, the MAC
        assert b"example" not in parts
        assert token not in kept
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret := parts[16:59].decode())
        assert secret not in kept


@pytest.mark.parametrize("proof", ["link", "code"])
@pytest.mark.parametrize("binding", ["registration", "password"])
def test_otp_21_link_or_code_in_the_same_browser_or_by_the_password_once(
    api: Api, inbox: Inbox, proof: str, binding: str
) -> None:
    registration = api.register(email=ADA, password=PASSWORD).registration
    mail = inbox.newest(ADA)
    shown = {"token": mail.token} if proof == "link" else {"email": ADA, "otp": mail.code}
    bound = {"registration": registration} if binding == "registration" else {"password": PASSWORD}
    nothing = verify(api, **shown)
    assert (nothing.status, nothing.code) == (403, "password_required")
    assert User.objects.get().status == Status.PENDING
    assert verify(api, **shown, **bound).status == 200
    for again in ({"token": mail.token}, {"email": ADA, "otp": mail.code}):
        assert (reply := verify(api, **again, **bound)).status == 410
        assert reply.code == "token_used"
    assert User.objects.count() == 1
