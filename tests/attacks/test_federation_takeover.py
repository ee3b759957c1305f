"""The five ways to take an account over before its owner opens it, where one of the two comes from a provider
(Sudhodanan and Paverd, USENIX Security 2022), and what an identity opens of accounts that are not open."""

from collections.abc import Iterator

import pytest
from django.utils import timezone
from time_machine import travel

from tests.contracts.stores import unsettle
from tests.factors import enrol
from tests.providers import OpenIdFake, Person
from tests.social import come_back, coming_from, enter, press, sign_in
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import Status, User
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.identities.models import Identity
from vestibule.sessions.models import Session

VICTIM, EVIL, NUMBER, THEIRS = "victim@example.com", "evil@example.com", "+14155550199", "the stranger's password"


@pytest.fixture
def fake() -> Iterator[OpenIdFake]:
    """An OpenID provider that is configured by its issuer."""
    made = OpenIdFake()
    with coming_from(made):
        yield made


@pytest.mark.parametrize("path", ["register", "register/start"])
def test_pre_01_classic_federated_merge(api: Api, fake: OpenIdFake, inbox: Inbox, path: str) -> None:
    """1. The stranger signed up with the victim's address; the victim comes from a provider. Nothing of the stranger's
    is in the account: password, number, name, code or link."""
    typed = {"email": VICTIM, "password": THEIRS, "username": "stranger", "full_name": "Eve", "phone_number": NUMBER}
    waiting = api.post(path, typed).registration
    letter = inbox.newest(VICTIM)
    fake.person = Person(email=VICTIM)
    made = sign_in(api, fake)
    assert made.status == 201
    user = User.objects.get(status=Status.ACTIVE)
    assert (user.email, user.username, user.phone_number, user.full_name) == (VICTIM, None, None, "Ada Lovelace")
    assert not user.has_usable_password()
    assert api.login(VICTIM, THEIRS).code in ("invalid_credentials", "account_unverified")
    assert api.confirm(waiting, letter.code).status in (400, 410)
    links = [{"token": letter.token}] if path == "register" else []
    for shown in ({"email": VICTIM, "otp": letter.code}, *links):
        assert api.post("verify-email", {**shown, "registration": waiting, "password": THEIRS}).status in (
            400,
            403,
            410,
        )
    user.refresh_from_db()
    assert not user.has_usable_password()
    assert (User.objects.filter(email=VICTIM).count(), Session.objects.count()) == (1, 1)


def test_pre_02_unexpired_session(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    """2. The stranger came from a provider that proves nothing, and named the victim's address: they are in nowhere
    before the code, and their handles give nothing when the victim is in."""
    fake.person = Person(sub="stranger", email=VICTIM, verified=False)
    needed = sign_in(api, fake)
    sent = api.post("social/email", {"registration": needed.body["registration"], "email": VICTIM})
    code = inbox.newest(VICTIM).code
    assert (Session.objects.count(), User.objects.count(), Identity.objects.count()) == (0, 0, 0)
    mine = api.account(inbox, VICTIM)
    assert api.confirm(sent.registration, code).status in (400, 410)
    assert api.send("GET", "me", mine).status == 200
    assert (Identity.objects.count(), Session.objects.count(), User.objects.count()) == (0, 1, 1)
    assert sign_in(api, fake).body.keys() == {"email_needed", "registration"}


def test_pre_03_trojan_identifier(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    """3. A thief in a session links an identity of their own. The owner's "this wasn't me" takes it off, and with it
    the sessions that it opened and what it has begun to open."""
    with travel(timezone.now(), tick=False) as clock:
        access = api.account(inbox, VICTIM)
        fake.person = Person(sub="thief", email=EVIL)
        assert api.send("POST", "me/identities", access, enter(api, fake, "link", access)).status == 201
        letter = inbox.newest(VICTIM)
        clock.shift(60)
        opened, begun = sign_in(api, fake).body, enter(api, fake)
        assert api.post("sessions/disown", {"token": letter.token}).status in (200, 202, 204)
        assert not Identity.objects.exists()
        assert api.send("GET", "me", opened["access"]).code == "session_revoked"
        assert api.post("token/refresh", {"refresh": opened["refresh"]}).status == 401
        assert api.post("social/confirm", begun).code == "token_invalid"
        assert sign_in(api, fake).body["user"]["email"] == EVIL


def test_pre_04_unexpired_email_change(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    """4. The stranger began to move their account to the victim's address; the victim comes from a provider meanwhile.
    The other way round: a change at the provider moves nothing here."""
    theirs = api.account(inbox, EVIL)
    assert api.send("POST", "email/change", theirs, {"email": VICTIM, "password": PASSWORD}).status == 202
    code = inbox.newest(VICTIM).code
    fake.person = Person(email=VICTIM)
    made = sign_in(api, fake)
    assert made.status == 201
    assert api.send("POST", "email/change/confirm", theirs, {"otp": code}).status in (400, 409, 410)
    assert User.objects.get(email=EVIL).pk != User.objects.get(email=VICTIM).pk
    fake.person = Person(email=EVIL)
    assert sign_in(api, fake).body["user"]["email"] == VICTIM


@pytest.mark.parametrize("verified", [False, "true", 1, None])
@pytest.mark.parametrize("known", [True, False])
def test_pre_05_non_verifying_provider(
    api: Api, fake: OpenIdFake, inbox: Inbox, known: bool, verified: bool | str | None
) -> None:
    """5. The provider asserts the victim's address and has not proved it: nobody learns whether it has an account, the
    code goes to the victim alone, and what the stranger holds opens nothing."""
    if known:
        api.account(inbox, VICTIM)
    fake.person = Person(sub="stranger", email=VICTIM, verified=verified)
    needed = sign_in(api, fake)
    assert (needed.status, needed.body.keys()) == (202, {"email_needed", "registration"})
    sent = api.post("social/email", {"registration": needed.body["registration"], "email": VICTIM})
    assert (sent.status, sent.body.keys()) == (202, api.start(email="new@example.com", password=PASSWORD).body.keys())
    wrong = api.confirm(sent.registration, "000000")
    assert (wrong.status, wrong.code, wrong.body["attempts_left"]) == (400, "otp_invalid", 4)
    assert Identity.objects.count() == 0
    assert User.objects.count() == known


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.CLOSED])
def test_fed_01_an_account_that_is_not_open_is_entered_by_no_identity(
    api: Api, fake: OpenIdFake, status: Status
) -> None:
    sign_in(api, fake)
    User.objects.update(status=status)
    pages = Http()
    refused = sign_in(api, fake)
    assert (refused.status, refused.code) == (403, "account_suspended")
    token = {"id_token": fake.id_token(nonce="n-1"), "nonce": "n-1"}
    assert api.post("social/acme/token", token).code == "account_suspended"
    assert come_back(pages, fake, press(pages, fake)).status_code == 403
    assert "_auth" not in str(pages.cookies)
    assert Session.objects.count() == 1


def test_fed_07_a_second_factor_is_owed_by_every_door(api: Api, fake: OpenIdFake) -> None:
    """After an identity too: by visit, by an app's token and by page; with half a sign-in nothing is linked."""
    sign_in(api, fake)
    enrol(User.objects.get())
    token = {"id_token": fake.id_token(nonce="n-1"), "nonce": "n-1"}
    for owed in (sign_in(api, fake), api.post("social/acme/token", token)):
        assert (owed.status, owed.body["mfa_required"]) == (200, True)
        assert "access" not in owed.body
    pages = Http()
    assert b'action="/login/mfa/"' in come_back(pages, fake, press(pages, fake)).content
    assert pages.get("/account/").status_code in (302, 303)
    assert pages.post("/social/acme/", {"intent": "link"})["Location"].startswith("/login/")
    assert Session.objects.count() == 1


def test_fed_07_a_ticket_of_an_identity_that_was_taken_off(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    access = api.account(inbox, VICTIM)
    linked = api.send("POST", "me/identities", access, enter(api, fake, "link", access)).body
    app = enrol(User.objects.get())
    owed = sign_in(api, fake).body
    Identity.objects.filter(pk=linked["id"]).delete()
    proof = {"mfa": owed["mfa"], "method": "totp", "code": app.code()}
    assert api.post("login/mfa", proof).status in (400, 401, 410)
    assert Session.objects.count() == 1


def test_fed_07_a_visit_to_link_is_of_its_session(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    """The link is made in the session that began it: not in another of the account, nor of another account."""
    access = api.account(inbox, VICTIM)
    second, other = api.login(VICTIM).body["access"], api.account(inbox, EVIL)
    visit = enter(api, fake, "link", access)
    for wrong in (second, other):
        refused = api.send("POST", "me/identities", wrong, visit)
        assert (refused.status, refused.code) == (400, "token_invalid")
    assert api.send("POST", "me/identities", "", visit).status == 401
    assert api.send("POST", "me/identities", access, visit).status == 201
    again = api.send("POST", "me/identities", access, visit)
    assert (again.status, again.code) == (410, "token_used")
    taken = api.send("POST", "me/identities", access, enter(api, fake, "link", access))
    assert (taken.status, taken.code) == (409, "identity_taken")


def test_fed_07_a_link_once_for_ten_minutes(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    api.account(inbox, VICTIM)
    fake.person = Person(email=VICTIM)
    with travel(timezone.now(), tick=False) as clock:
        link = {"link": sign_in(api, fake).body["link"]}
        clock.shift(601)
        late = api.send("POST", "me/identities", api.login(VICTIM).body["access"], link)
        assert (late.status, late.code) == (410, "token_expired")
        bad = api.send("POST", "me/identities", api.login(VICTIM).body["access"], {"link": "x" * 60})
        assert (bad.status, bad.code) == (400, "token_invalid")
    assert not Identity.objects.exists()


def test_fed_01_a_gmail_address_counts_where_ours_is_proved_too(api: Api, inbox: Inbox) -> None:
    """SOCIAL_LINKING=authoritative: an address that only waits to be proved is nobody's."""
    google = OpenIdFake()
    google.ID = "google"
    api.register(email="ada@gmail.com", password=THEIRS)
    with coming_from(google, SOCIAL_LINKING="authoritative"):
        google.person = Person(email="ada@gmail.com")
        assert sign_in(api, google).status == 201
    assert not User.objects.get(email="ada@gmail.com", status=Status.ACTIVE).has_usable_password()


def test_fed_07_a_stranger_s_link_has_no_button(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    """Login CSRF of a link: a stranger whom a provider gave the victim's address sends their handle, begun by API or by
    page, to the victim, who is signed in."""
    api.account(inbox, VICTIM)
    fake.person = Person(sub="stranger", email=VICTIM)
    stranger, victim = Http(), Http()
    begun = come_back(stranger, fake, press(stranger, fake)).context["destination"].url
    by_api = sign_in(api, fake).body["link"]
    victim.post("/login/", {"name": VICTIM, "password": PASSWORD})
    for pressed_before in (False, True):
        if pressed_before:
            press(victim, fake)
        for token in (begun.partition("token=")[2], by_api):
            shown = victim.get("/account/link/", {"token": token})
            assert b'name="token"' not in shown.content
            assert victim.post("/account/link/", {"token": token}).status_code == 400
    assert not Identity.objects.exists()


def test_fed_04_a_form_of_another_browser_is_sent_nowhere(house: None, fake: OpenIdFake) -> None:
    thief, victim = Http(), Http()
    press(victim, fake)
    _, given = fake.authorize(press(thief, fake))
    answer = victim.post("/social/acme/callback/", given)
    assert (answer.status_code, answer.has_header("Location")) == (400, False)


def test_fed_04_a_head_uses_no_state_up(house: None, fake: OpenIdFake) -> None:
    pages = Http()
    _, given = fake.authorize(press(pages, fake))
    assert pages.head("/social/acme/callback/", given).status_code == 405
    assert pages.get("/social/acme/callback/", given)["Location"] == "/welcome/"


def begin_at_provider(api: Api, fake: OpenIdFake, inbox: Inbox, email: str) -> tuple[str, str]:
    """The handle and the code of a sign-up with an identity whose provider proves no address."""
    handle = sign_in(api, fake).body["registration"]
    sent = api.post("social/email", {"registration": handle, "email": email})
    return sent.registration, inbox.newest(email).code


@pytest.mark.parametrize("again", ["the same", "begun twice"])
def test_fed_07_a_sign_up_whose_account_has_the_identity_was_used(
    api: Api, fake: OpenIdFake, inbox: Inbox, again: str
) -> None:
    """The account is the person's own. The same sign-up comes again where its settling was lost."""
    fake.person = Person(email=VICTIM, verified=False)
    first, second = begin_at_provider(api, fake, inbox, VICTIM), begin_at_provider(api, fake, inbox, VICTIM)
    assert api.confirm(*first).status == 201
    unsettle(challenges.store, challenges.secrets.read_handle(Purpose.REGISTRATION, first[0]))
    refused = api.confirm(*(first if again == "the same" else second))
    assert (refused.status, refused.code) == (410, "token_used")
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)


def test_fed_07_a_sign_up_whose_identity_another_account_has(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    """Also a second time: its code was right, and stays so."""
    fake.person = Person(email=VICTIM, verified=False)
    first, second = begin_at_provider(api, fake, inbox, VICTIM), begin_at_provider(api, fake, inbox, EVIL)
    assert api.confirm(*first).status == 201
    for _ in range(2):
        refused = api.confirm(*second)
        assert (refused.status, refused.code) == (409, "identity_taken")
    assert (User.objects.get().email, Identity.objects.get().user.email) == (VICTIM, VICTIM)
