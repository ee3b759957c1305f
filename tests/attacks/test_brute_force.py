"""BF: guesses are counted, whatever they are guesses of, where they come from and at which door; and by whom they are
made does not shut the owner out."""

from typing import Any

import pytest
from time_machine import travel

from tests.contracts.stores import at_once
from tests.stories.test_sign_in import login
from tests.world import PASSWORD, Api, Door, Http, Inbox
from vestibule.audit.models import AuditEvent
from vestibule.courier.models import Message
from vestibule.limits import rate_counters
from vestibule.limits.models import Tally
from vestibule.sessions.models import Session

ADA, NEW, NUMBER = "ada@example.com", "new@example.com", "+14155550100"
NOON = "2026-03-01T12:00:00Z"
HOME, AWAY = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def ada(api: Api, inbox: Inbox) -> None:
    """An account that is used from nowhere yet."""
    api.account(inbox, ADA)
    Session.objects.all().delete()
    inbox.empty()


def test_bf_16_a_storm_of_hashes_is_answered_with_503_and_leaves_nothing(api: Api, inbox: Inbox) -> None:
    """BF-16, PWD-07."""
    replies = at_once(lambda n: Api().start(email=f"p{n}@example.com", password=PASSWORD))
    assert {(reply.status, reply.code) for reply in replies} <= {(202, ""), (503, "unavailable")}
    assert Message.objects.count() == sum(reply.status == 202 for reply in replies)


def test_bf_01_strangers_wait_longer_and_longer_and_the_right_password_does_not_pass_meanwhile(
    api: Api, ada: None, inbox: Inbox
) -> None:
    """BF-01, BF-02: from the fifth failure on, whatever the network; nothing is compared while they wait."""
    with travel(NOON, tick=False) as clock:
        for n in range(5):
            assert login(api, "wrong", network=f"203.0.113.{n}").code == "invalid_credentials"
        for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
            locked = login(api, network="203.0.113.99")
            assert (locked.status, locked.code) == (429, "locked")
            assert locked.body["retry_after"] == minutes * 60
            clock.shift(minutes * 60 - 1)
            assert login(api, network="203.0.113.98").code == "locked"
            clock.shift(1)
            assert login(api, "wrong", network="203.0.113.97").code == "invalid_credentials"
        clock.shift(3600)
        assert login(api).status == 200
        assert login(api, "wrong").code == "invalid_credentials"  # the run is over
        told = [post.subject for post in inbox.all(ADA)]
        assert told.count("Failed sign-in attempts on your account · Vestibule") == 1


def test_bf_11_a_stranger_who_hammers_does_not_keep_the_owner_out(api: Api, ada: None) -> None:
    """BF-11: an hour of simulated time; the owner comes from the network and the device that they signed in from."""
    phone: dict[str, Any] = {"device": {"fingerprint_hash": "of my phone", "device_name": "My phone"}}
    with travel(NOON, tick=False) as clock:
        assert login(api, network=HOME, **phone).status == 200
        for minute in range(60):
            for n in range(5):
                login(api, "wrong", network=f"203.0.113.{(5 * minute + n) % 250}")
            if minute % 10 == 9:
                assert login(api, network=HOME).status == 200  # the known network
                assert login(api, network=AWAY, **phone).status == 200  # the known device, elsewhere
                Session.objects.filter(address=AWAY).delete()  # which would be known by now
            clock.shift(60)
        assert login(api, network="203.0.113.3").code == "locked"


def test_bf_06_a_hundred_wrong_passwords_over_days_disable_the_password(api: Api, ada: None, inbox: Inbox) -> None:
    """BF-06: also where Redis and the rates forgot everything meanwhile, and whoever comes from wherever."""
    with travel(NOON, tick=False) as clock:
        login(api, network=HOME)
        for n in range(100):
            assert login(api, "wrong", network=f"203.0.113.{n}").code == "invalid_credentials"
            clock.shift(3601)
            rate_counters.reset_rate_counters()
        for network in (HOME, AWAY):
            assert login(api, network=network).code == "invalid_credentials"  # the right one; nobody is told why
            clock.shift(30 * 86400)
            assert login(api, network=network).code == "invalid_credentials"
            clock.shift(3601)
        assert AuditEvent.objects.filter(name="password.disabled").count() == 1


def test_bf_04_a_sign_in_of_ones_own_clears_nobody_elses_count(api: Api, ada: None, inbox: Inbox) -> None:
    """BF-04."""
    eve = api.start(email="eve@example.com", password=PASSWORD).registration
    api.confirm(eve, inbox.newest("eve@example.com").code)
    for _ in range(5):
        assert login(api, "wrong").code == "invalid_credentials"
        assert login(api, email="eve@example.com").status == 200
    assert login(api, "wrong").code == "locked"


def test_bf_05_no_resend_and_no_new_start_gives_fresh_guesses(door: Door, inbox: Inbox) -> None:
    """BF-05, OTP-04: tries stay used across a resend, and ten in an hour are compared whatever is started."""
    with travel(NOON, tick=False) as clock:
        for _ in range(2):
            registration = door.start(email=ADA, password=PASSWORD).registration
            for _ in range(4):
                assert door.confirm(registration, wrong(inbox.newest(ADA).code)).code == "otp_invalid"
            clock.shift(61)
            door.resend(registration)
            assert door.confirm(registration, wrong(inbox.newest(ADA).code)).code == "otp_exhausted"
            clock.shift(200)
            assert door.resend(registration).code == "otp_exhausted"
        registration = door.start(email=ADA, password=PASSWORD).registration
        assert door.confirm(registration, "000000").code == "locked"
        assert door.confirm(registration, inbox.newest(ADA).code).status in (201, 303)  # a long one: the owner's way


def wrong(code: str) -> str:
    """Another code than this one."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


def test_otp_04_sign_ups_and_resets_share_the_guesses_of_an_address(api: Api, ada: None, inbox: Inbox) -> None:
    """Whoever guesses at an account by resets has none left by sign-ups, and the other way round."""
    api.post("password/reset", {"email": ADA})
    code = inbox.newest(ADA).code
    for path in ("register/start", "register"):
        handle = api.post(path, {"email": ADA, "password": "the password of a stranger"}).registration
        assert [api.confirm(handle, "000000").code for _ in range(5)][-1] == "otp_exhausted"
    guess = {"email": ADA, "password": "the password of a stranger"}
    assert api.post("password/reset/confirm", {**guess, "otp": wrong(code)}).code == "locked"
    assert api.post("password/reset/confirm", {**guess, "otp": code}).code == "locked"
    assert api.login(ADA).status == 200


DOORS = {
    "reauthenticate": ("reauthenticate", {"password": "wrong"}),
    "password": ("password/change", {"current_password": "wrong", "password": "another password entirely"}),
    "email": ("email/change", {"email": NEW, "password": "wrong"}),
    "phone": ("phone/change", {"phone_number": NUMBER, "password": "wrong"}),
}


def test_bf_09_every_door_counts_in_one_budget(api: Api, ada: None) -> None:
    """What is guessed in a session, by API or page, is a guess at the account (M22)."""
    access, browser = api.login(ADA).body["access"], Http()
    browser.post("/login/", {"name": ADA, "password": PASSWORD})
    tried = 0

    def counted(status: int) -> bool:
        nonlocal tried
        tried += 1
        return (status, Tally.objects.get(scope="passwords").streak) == (401, tried)

    for path, body in DOORS.values():
        assert counted(api.send("POST", path, access, body).status), path
    assert counted(browser.post("/account/confirm/", {"password": "wrong"}).status_code)
    for act in DOORS:
        typed = {"act": act, "current_password": "wrong", "email": NEW, "phone_number": NUMBER, "password": "x" * 20}
        if act != "reauthenticate":
            assert counted(browser.post("/account/security/", typed).status_code), act
    assert counted(login(api, "wrong").status)
    assert counted(Http(REMOTE_ADDR=AWAY).post("/login/", {"name": ADA, "password": "wrong"}).status_code)


def test_bf_09_a_session_guesses_twenty_times_over_all_its_doors(api: Api, ada: None) -> None:
    """And then not even the right password is looked at there; a sign-in is another place."""
    with travel(NOON, tick=False) as clock:
        access = api.login(ADA).body["access"]
        for n in range(20):
            path, body = list(DOORS.values())[n % len(DOORS)]
            assert api.send("POST", path, access, body).code == "invalid_credentials"
        for path, body in DOORS.values():
            right = {name: PASSWORD if typed == "wrong" else typed for name, typed in body.items()}
            assert api.send("POST", path, access, right).code == "locked", path
        clock.shift(61)
        assert api.send("POST", "reauthenticate", access, {"password": PASSWORD}).status == 200
