"""FED-13: "this wasn't me" takes away what the session of which the mail tells has linked, however long ago, and what
opened it (docs/decisions/0134)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from time_machine import Traveller

from tests.attacks.takeover import Takeover
from tests.attacks.test_holes_seniority import ACTS, begin_with_a_number
from tests.providers import OpenIdFake, Person
from tests.social import come_back, coming_from, enter, press, sign_in
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import WayBackPayload
from vestibule.challenges.policy import Purpose
from vestibule.identities.models import Identity

ADA, NEXT = "ada@example.com", "another correct horse battery"
TEN_DAYS = timedelta(days=10)
OWNERS, THIEFS = Person(sub="owner", email="o@example.com"), Person(sub="thief", email="t@example.com")


@pytest.fixture
def fake() -> Iterator[OpenIdFake]:
    made = OpenIdFake()
    with coming_from(made):
        yield made


def link(api: Api, fake: OpenIdFake, person: Person, access: str) -> None:
    """Of this session."""
    fake.person = person
    assert api.send("POST", "me/identities", access, enter(api, fake, "link", access)).status == 201


def linked() -> list[str]:
    return sorted(Identity.objects.values_list("subject", flat=True))


def disown(api: Api, inbox: Inbox, subject: str) -> None:
    """The button of the newest mail about that."""
    [*_, letter] = [post for post in inbox.all(ADA) if subject in post.subject]
    assert api.post("sessions/disown", {"token": letter.token}).status == 204


def test_fed_13_an_older_link_of_the_disowned_session_goes(
    api: Api, fake: OpenIdFake, inbox: Inbox, clock: Traveller
) -> None:
    """The thief linked ten days ago; now they change the password. What the owner linked in a session of their own
    stays."""
    link(api, fake, OWNERS, api.account(inbox, ADA))
    thief = api.login(ADA).body
    link(api, fake, THIEFS, thief["access"])
    clock.shift(TEN_DAYS)
    access = api.post("token/refresh", {"refresh": thief["refresh"]}).body["access"]
    access = api.send("POST", "reauthenticate", access, {"password": PASSWORD}).body["access"]
    assert api.send("POST", "password/change", access, {"current_password": PASSWORD, "password": NEXT}).status == 204
    disown(api, inbox, "password was changed")
    assert linked() == ["owner"]


def test_fed_13_by_page_under_every_id_that_the_session_had(
    api: Api, fake: OpenIdFake, inbox: Inbox, clock: Traveller
) -> None:
    """A session of the pages goes on under another id after each step-up: before the link, and before the mail."""
    link(api, fake, OWNERS, api.account(inbox, ADA))
    pages = Http()
    pages.post("/login/", {"name": ADA, "password": PASSWORD, "stay": "1"})

    def confirm() -> None:
        clock.shift(timedelta(minutes=11))
        assert pages.post("/account/confirm/", {"password": PASSWORD}).status_code in (302, 303)

    confirm()
    fake.person = THIEFS
    following = come_back(pages, fake, press(pages, fake, intent="link"))["Location"]
    assert pages.post("/account/link/", {"token": following.partition("token=")[2]}).status_code == 303
    assert linked() == ["owner", "thief"]
    clock.shift(TEN_DAYS)
    confirm()
    form = {"act": "password", "current_password": PASSWORD, "password": NEXT, "password2": NEXT}
    assert pages.post("/account/security/", form).status_code == 303
    disown(api, inbox, "password was changed")
    assert linked() == ["owner"]


def test_fed_13_by_what_the_disowned_session_came_in_nobody_comes_again(
    api: Api, fake: OpenIdFake, inbox: Inbox, clock: Traveller
) -> None:
    """Somebody else holds the owner's account at the provider. It goes as a password would that they know."""
    access = api.account(inbox, ADA)
    link(api, fake, OWNERS, access)
    link(api, fake, THIEFS, access)
    clock.shift(TEN_DAYS)
    away = Api(Http(REMOTE_ADDR="198.51.100.7", HTTP_USER_AGENT="curl/8.9.1"))
    assert sign_in(away, fake).status == 200
    disown(api, inbox, "New sign-in")
    assert linked() == ["owner"]
    assert sign_in(away, fake).status == 201  # as somebody new


# What no session of the account has done: a stranger with a first factor, the staff, a provider.
OF_NO_SESSION = {"recovery_code_used", "second_factor_trouble", "factors_reset", "identity_revoked"}


@pytest.mark.parametrize("kind", sorted(ACTS.keys() - OF_NO_SESSION - {"account_closing"}))
def test_fed_13_every_mail_with_that_button_knows_the_session(game: Takeover, kind: str) -> None:
    begin_with_a_number(game)
    ACTS[kind](game)
    user = User.objects.get()
    [newest, *_] = challenges.list_for_person(Purpose.NOT_ME, user.pk)
    named = challenges.unseal_payload(newest, WayBackPayload).session_id
    assert named in {session.pk for session in user.sessions.all()}
