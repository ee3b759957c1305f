"""PRE-01 to PRE-05 by another provider: the five ways to take an account over before its owner opens it (Sudhodanan and
Paverd, USENIX Security 2022)."""

from collections.abc import Iterator

import pytest

from tests.providers import OpenIdFake, Person
from tests.social import coming_from, enter, sign_in
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.models import Status, User
from vestibule.identities.models import Identity

ADA, EVIL = "ada@example.com", "a strangers own password"


@pytest.fixture
def fake() -> Iterator[OpenIdFake]:
    """An OpenID provider that is configured by its issuer."""
    made = OpenIdFake()
    with coming_from(made):
        yield made


def test_pre_01_what_a_stranger_signed_up_with_dies_when_its_owner_comes(
    api: Api, fake: OpenIdFake, inbox: Inbox
) -> None:
    """Classic-federated merge: a sign-up waits on the address, with a stranger's password, name and code."""
    api.register(email=ADA, password=EVIL, password2=EVIL, username="evil", full_name="Eve")
    waiting = api.start(email=ADA, password=EVIL)
    mails = [post.code for post in inbox.all(ADA)]
    assert sign_in(api, fake).status == 201
    user = User.objects.get()
    assert (user.status, user.username, user.full_name) == (Status.ACTIVE, None, "Ada Lovelace")
    assert not user.has_usable_password()
    assert api.login(ADA, EVIL).status in (401, 403)  # 403 while the sign-up waits: only who chose it is told
    for code in mails:
        assert api.confirm(waiting.registration, code).status in (400, 410)
        assert api.post("verify-email", {"email": ADA, "otp": code, "password": EVIL}).status >= 400
    assert User.objects.count() == 1


def test_pre_02_a_recovery_ends_what_an_identity_opened(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    """Unexpired session: that of a thief's identity, and the code on its way."""
    access = api.account(inbox, ADA)
    fake.person = Person(sub="thief", email="thief@example.com")
    assert api.send("POST", "me/identities", access, enter(api, fake, "link", access)).status == 201
    warned = inbox.newest(ADA)
    stolen, on_its_way = sign_in(api, fake).body, enter(api, fake)
    assert api.post("sessions/disown", {"token": warned.token}).status == 204
    assert api.send("GET", "me", stolen["access"]).code == "session_revoked"
    assert api.post("token/refresh", {"refresh": stolen["refresh"]}).status == 401
    assert api.post("social/confirm", on_its_way).code == "token_invalid"


def test_pre_03_not_me_takes_off_what_the_thief_linked(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    """Trojan identifier: an identity that a thief added."""
    access = api.account(inbox, ADA)
    fake.person = Person(sub="thief", email="thief@example.com")
    assert api.send("POST", "me/identities", access, enter(api, fake, "link", access)).status == 201
    assert api.post("sessions/disown", {"token": inbox.newest(ADA).token}).status == 204
    assert not Identity.objects.exists()
    entered = sign_in(api, fake)
    assert entered.body["user"]["email"] == "thief@example.com"


def test_pre_04_a_change_of_address_that_waits_gives_nothing_to_an_identity(
    api: Api, fake: OpenIdFake, inbox: Inbox
) -> None:
    """Unexpired e-mail change: a thief has asked for the owner's account to move; the identity stays the owner's."""
    access = sign_in(api, fake).body["access"]
    changed = {"password": PASSWORD, "password2": PASSWORD}
    assert api.send("POST", "password/change", access, changed).status == 204
    asked = {"email": "evil@example.com", "password": PASSWORD}
    assert api.send("POST", "email/change", access, asked).status == 202
    fake.person = Person(sub="evil", email="evil@example.com")
    assert sign_in(api, fake).status == 201
    code = inbox.newest("evil@example.com").code
    assert api.send("POST", "email/change/confirm", access, {"otp": code}).status >= 400
    assert Identity.objects.get(subject="evil").user.email == "evil@example.com"
    assert User.objects.get(email=ADA).identities.count() == 1


@pytest.mark.parametrize("verified", [False, None, "true", "True", 1])
def test_pre_05_a_provider_that_proves_nothing_opens_nothing(
    api: Api, fake: OpenIdFake, inbox: Inbox, verified: bool | str | None
) -> None:
    """Non-verifying provider: it says the owner's address, of an account and of none, and gets one answer."""
    api.account(inbox, ADA)
    bodies = []
    for address in (ADA, "nobody@example.com"):
        fake.person = Person(sub=address, email=address, verified=verified)
        needed = sign_in(api, fake)
        sent = api.post("social/email", {"registration": needed.body["registration"], "email": address})
        bodies.append((needed.status, needed.body.keys(), sent.status, sent.body.keys()))
    assert bodies[0] == bodies[1]
    assert "already have an account" in inbox.newest(ADA).subject
    assert not Identity.objects.exists()
