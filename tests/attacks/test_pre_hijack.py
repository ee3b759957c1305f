"""Account pre-hijacking (Sudhodanan and Paverd, USENIX Security 2022): a stranger is at the victim's address first.

All five classes, with the victim's own proof by code or link where the paper has a federated sign-in: those through a
provider are in `test_federation_pre_hijack` and `test_federation_takeover`. Every attack is tried with both ways of
signing up.
"""

from typing import Any

import pytest

from tests.configured import configured
from tests.world import PASSWORD, Api, Door, Http, Inbox, Reply
from vestibule.accounts.models import Status, User
from vestibule.conf import conf
from vestibule.sessions.models import Device, RefreshToken, Session

VICTIM, EVIL = "victim@example.com", "evil@example.com"
THEIRS = "the password of the stranger"
NUMBER, EVIL_NUMBER = "+14155550100", "+14155550199"


@pytest.fixture(params=["pending", "deferred"])
def stranger(request: pytest.FixtureRequest, api: Api) -> Reply:
    """What the stranger holds, who signed up with the victim's address and all that can be typed."""
    typed = {
        "email": VICTIM,
        "password": THEIRS,
        "username": "stranger",
        "full_name": "Eve",
        "phone_number": EVIL_NUMBER,
        "device": {"fingerprint_hash": "of the stranger", "device_name": "their phone"},
    }
    return api.post("register" if request.param == "pending" else "register/start", typed)


def victim(api: Api, inbox: Inbox, way: str) -> User:
    """The victim signs up, and proves the address."""
    typed: dict[str, Any] = {"email": VICTIM, "password": PASSWORD}
    if way == "pending":
        handle = api.register(**typed).registration
        assert api.post("verify-email", {"token": inbox.newest(VICTIM).token, "registration": handle}).status == 200
    else:
        handle = api.start(**typed).registration
        assert api.confirm(handle, inbox.newest(VICTIM).code).status == 201
    return User.objects.get(email=VICTIM)


def clean(user: User) -> bool:
    """Whether the account is the victim's alone."""
    assert (user.username, user.full_name, user.phone_number) == (None, "", None)
    assert (user.status, user.check_password(PASSWORD), user.check_password(THEIRS)) == (Status.ACTIVE, True, False)
    assert not Device.objects.filter(name="their phone").exists()
    assert User.objects.exclude(phone_number=EVIL_NUMBER).count() == 1
    return True


ways = pytest.mark.parametrize("way", ["pending", "deferred"])


@ways
def test_pre_01_classic_merge(api: Api, inbox: Inbox, stranger: Reply, way: str) -> None:
    """1. The stranger's account and the victim's become one, and both passwords open it."""
    before = inbox.newest(VICTIM).code
    assert clean(victim(api, inbox, way))
    assert api.confirm(stranger.registration, before).code == "token_used"
    shown = {"email": VICTIM, "otp": before, "password": THEIRS}
    assert api.post("verify-email", shown).status in (400, 410)
    assert clean(User.objects.get())


@ways
def test_pre_02_unexpired_session(api: Api, inbox: Inbox, stranger: Reply, way: str) -> None:
    """2. The stranger stays signed in. There is no session before the proof, and none but the victim's after it."""
    assert {"access", "refresh"}.isdisjoint(stranger.body)
    assert not Session.objects.exists()
    user = victim(api, inbox, way)
    assert Session.objects.count() == RefreshToken.objects.count() == (1 if way == "deferred" else 0)
    assert all(session.user_id == user.pk for session in Session.objects.all())
    for typed in ({"refresh": stranger.registration}, {"token": stranger.registration}):
        path = "token/refresh" if "refresh" in typed else "token/verify"
        assert api.post(path, typed).status == 401


@ways
def test_pre_03_trojan_identifier(api: Api, inbox: Inbox, stranger: Reply, way: str) -> None:
    """3. The stranger leaves an identifier of their own in the account, to come back by: a number, a name, a device."""
    by_sms = api.post("register/redirect", {"registration": stranger.registration})  # the proof to their own number
    code = inbox.newest(EVIL_NUMBER).code
    user = victim(api, inbox, way)
    assert clean(user)
    late = api.confirm(by_sms.registration, code)
    if late.status == 201:  # their own number, proved: an account of their own, without the victim's address
        other = User.objects.exclude(pk=user.pk).get()
        assert (other.email, other.phone_number) == (None, EVIL_NUMBER)
    user.refresh_from_db()
    assert (user.email, user.phone_number, user.check_password(PASSWORD)) == (VICTIM, None, True)


@ways
def test_pre_04_unexpired_email_change(api: Api, inbox: Inbox, way: str) -> None:
    """4. The stranger starts a change of address, and ends it when the victim is in. Both directions."""
    first = api.register(email=VICTIM, password=THEIRS).registration
    away = api.post("register/redirect", {"registration": first, "email": EVIL}).registration
    user = victim(api, inbox, way)
    moved = api.post("verify-email", {"token": inbox.newest(EVIL).token, "registration": away})
    assert moved.body["user"]["email"] == EVIL  # an account of their own
    assert moved.body["user"]["id"] != str(user.pk)
    user.refresh_from_db()
    assert (user.email, user.check_password(PASSWORD)) == (VICTIM, True)


def test_pre_04_a_link_proves_the_address_that_it_went_to(api: Api, inbox: Inbox) -> None:
    """4, the other way round: a link of the stranger's own mailbox, after the sign-up went to the victim's address."""
    first = api.register(email=EVIL, password=THEIRS).registration
    own = inbox.newest(EVIL)
    moved = api.post("register/redirect", {"registration": first, "email": VICTIM}).registration
    for handle in (first, moved):
        for shown in ({"token": own.token}, {"email": VICTIM, "otp": own.code}, {"email": EVIL, "otp": own.code}):
            assert api.post("verify-email", {**shown, "registration": handle}).status in (400, 403, 410)
    assert not User.objects.exclude(status=Status.PENDING).exists()


def test_pre_05_non_verifying_provider(api: Api, inbox: Inbox) -> None:
    """5. A proof of something else passes for a proof of the address. An SMS proves a number, and no mailbox."""
    first = api.register(email=VICTIM, password=THEIRS, phone_number=EVIL_NUMBER).registration
    by_sms = api.post("verify-phone/start", {"registration": first}).registration
    shown = {"phone_number": EVIL_NUMBER, "otp": inbox.newest(EVIL_NUMBER).code, "registration": by_sms}
    assert api.post("verify-phone/confirm", shown).status == 200
    assert User.objects.get().email is None
    user = victim(api, inbox, "pending")
    assert (user.email, user.phone_number, user.check_password(PASSWORD)) == (VICTIM, None, True)


@pytest.mark.parametrize("proof", ["link", "code"])
def test_pre_06_the_victim_proves_the_strangers_sign_up(api: Api, inbox: Inbox, proof: str) -> None:
    """PRE-06: whoever holds only the mailbox brings no account to life whose password a stranger chose."""
    api.register(email=VICTIM, password=THEIRS)
    mail = inbox.newest(VICTIM)
    mine = api.register(email=VICTIM, password=PASSWORD).registration
    shown = {"token": mail.token} if proof == "link" else {"email": VICTIM, "otp": mail.code}
    for more in ({}, {"registration": mine}, {"password": PASSWORD}):
        assert api.post("verify-email", {**shown, **more}).status in (400, 401, 403)
    assert not User.objects.filter(status=Status.ACTIVE).exists()
    assert api.post("verify-email", {"token": inbox.newest(VICTIM).token, "registration": mine}).status == 200
    assert clean(User.objects.get())


def test_pre_01_a_sign_up_by_the_victims_number(api: Api, inbox: Inbox) -> None:
    """The same for a phone number."""
    api.register(phone_number=NUMBER, channel="sms", password=THEIRS, username="stranger", email=EVIL)
    mine = api.register(phone_number=NUMBER, channel="sms", password=PASSWORD).registration
    shown = {"phone_number": NUMBER, "otp": inbox.newest(NUMBER).code, "registration": mine}
    assert api.post("verify-phone/confirm", shown).status == 200
    user = User.objects.get(status=Status.ACTIVE)
    assert (user.email, user.username, user.check_password(PASSWORD)) == (None, None, True)


def test_pre_11_an_address_that_is_claimed_again_and_again_is_its_owners_in_the_end(api: Api, inbox: Inbox) -> None:
    """PRE-11: the stranger goes on signing up; what waits is only ever one row, and the owner's proof takes it."""
    for n in range(4):
        api.register(email=VICTIM, password=THEIRS, username=f"stranger{n}")
    assert User.objects.count() == 1
    mine = api.register(email=VICTIM, password=PASSWORD).registration
    token = inbox.newest(VICTIM).token
    api.register(email=VICTIM, password=THEIRS, username="stranger9")
    assert api.post("verify-email", {"token": token, "registration": mine}).status == 200
    assert clean(User.objects.get())
    with configured(LINK_BINDING=False):  # whatever else is switched, an account is not signed up for again
        assert api.post("verify-email", {"token": inbox.all(VICTIM)[0].token}).code == "token_used"
    assert clean(User.objects.get())


def test_pre_07_two_starts_are_two_registrations(door: Door, inbox: Inbox) -> None:
    first = door.start(email=VICTIM, password="the first password of two", username="first")
    first_code = inbox.newest(VICTIM).code
    second = door.start(email=VICTIM, password="the second password of two", username="second")
    second_code = inbox.newest(VICTIM).code
    if first_code != second_code:
        assert door.confirm(first.registration, second_code).code == "otp_invalid"
        assert door.confirm(second.registration, first_code).code == "otp_invalid"
    assert door.confirm(second.registration, second_code).status in (201, 303)
    user = User.objects.get()
    assert user.username == "second"
    assert user.check_password("the second password of two")
    assert (late := door.confirm(first.registration, first_code)).status == 410
    assert late.code == "token_used"
    assert User.objects.count() == 1


def test_pre_07_a_proof_of_a_deferred_sign_up_takes_over_what_waits(api: Api, inbox: Inbox) -> None:
    api.register(email=VICTIM, password="the password of a stranger", username="stranger", full_name="Eve")
    token = inbox.newest(VICTIM).token
    mine = api.start(email=VICTIM, password=PASSWORD, username="john").registration
    assert api.confirm(mine, inbox.newest(VICTIM).code).status == 201
    user = User.objects.get()
    assert (user.username, user.full_name, user.check_password(PASSWORD)) == ("john", "", True)
    late = api.post("verify-email", {"token": token, "password": "the password of a stranger"})
    assert (late.status, late.code) == (410, "token_used")


def test_pre_09_who_has_proved_nothing_is_let_in_nowhere(api: Api, inbox: Inbox) -> None:
    """The right password of a sign-up that waits: no token, no cookie, no session, by API and by page."""
    registered = api.register(email=VICTIM, password=THEIRS)
    refused = api.login(VICTIM, THEIRS)
    assert (refused.status, refused.code) == (403, "account_unverified")
    assert {"access", "refresh"}.isdisjoint({*registered.body, *refused.body})
    pages = Http()
    page = pages.post("/login/", {"name": VICTIM, "password": THEIRS})
    assert (page.status_code, 'data-code="account_unverified"' in page.content.decode()) == (403, True)
    assert conf.session_cookie_name not in {**registered.headers, **pages.cookies}
    assert not Session.objects.exists()
    for path in ("me", "sessions", "devices", "events", "me/export"):
        assert api.send("GET", path, registered.registration).status == 401
