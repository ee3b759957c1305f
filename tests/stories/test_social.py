"""People who come from another provider: by the API and by the pages."""

from collections.abc import Iterator

import pytest

from tests.factors import enrol
from tests.providers import AppleFake, GitHubFake, OpenIdFake, Person
from tests.social import begin, code_in, come_back, coming_from, enter, press, sign_in
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.identities.models import Identity
from vestibule.sessions.models import Session

ADA = "ada@example.com"


@pytest.fixture
def fake() -> Iterator[OpenIdFake]:
    """An OpenID provider that is configured by its issuer."""
    made = OpenIdFake()
    with coming_from(made):
        yield made


def test_a_new_person_gets_an_account_and_the_next_time_a_session(api: Api, fake: OpenIdFake) -> None:
    made = sign_in(api, fake)
    assert made.status == 201
    assert made.body["user"]["email"] == ADA
    assert made.body["user"]["full_name"] == "Ada Lovelace"
    again = sign_in(api, fake)
    assert (again.status, again.body["user"]["id"]) == (200, made.body["id"])
    assert api.send("GET", "me", again.body["access"]).status == 200
    assert (User.objects.count(), Identity.objects.count(), Session.objects.count()) == (1, 1, 2)
    assert not User.objects.get().has_usable_password()
    [shown] = api.send("GET", "me/identities", again.body["access"]).body
    assert shown.keys() == {"id", "provider", "name", "created_at", "last_used_at"}
    assert (shown["provider"], shown["name"]) == ("acme", ADA)
    assert api.http.get("/api/auth/config").json()["providers"] == [{"id": "acme", "name": "Acme"}]


@pytest.mark.parametrize("made", [GitHubFake(), AppleFake()])
def test_the_same_with_github_and_apple(api: Api, made: OpenIdFake) -> None:
    with coming_from(made):
        begun = begin(api, made.ID).body
        where, given = made.authorize(begun["authorize_url"])
        callback = api.http.post if made.ID == "apple" else api.http.get
        answer = callback(where.removeprefix("http://testserver").split("8000")[-1], given)
        confirmed = api.post("social/confirm", {"social": begun["social"], **code_in(answer)})
    assert confirmed.status == 201
    assert confirmed.body["user"]["full_name"] == "Ada Lovelace"


def test_a_second_factor_of_ours_is_asked_for(api: Api, fake: OpenIdFake) -> None:
    sign_in(api, fake)
    app = enrol(User.objects.get())
    owed = sign_in(api, fake)
    assert (owed.status, owed.body["mfa_required"]) == (200, True)
    proof = {"mfa": owed.body["mfa"], "method": "totp", "code": app.code()}
    assert api.post("login/mfa", proof).status == 200
    assert Session.objects.order_by("created_at").last().identity_id == Identity.objects.get().pk  # type: ignore[union-attr]


def test_an_address_that_is_not_proved_is_proved_by_us(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    fake.person = Person(verified=False)
    needed = sign_in(api, fake)
    assert (needed.status, needed.body["email_needed"]) == (202, True)
    named = {"registration": needed.body["registration"], "email": ADA}
    sent = api.post("social/email", named)
    assert sent.status == 202
    assert sent.body.keys() == api.start(email="bob@example.com", password=PASSWORD).body.keys()
    assert api.post("social/email", named).code == "token_used"
    assert not User.objects.exists()
    assert api.confirm(sent.registration, inbox.newest(ADA).code).status == 201
    assert Identity.objects.get().user.email == ADA
    assert sign_in(api, fake).status == 200


def test_an_account_with_the_address_is_entered_first_and_linked_then(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    told = sign_in(api, fake)
    assert (told.status, told.code) == (409, "account_exists")
    assert "password" in told.body["methods"]
    access = api.login(ADA).body["access"]
    linked = api.send("POST", "me/identities", access, {"link": told.body["link"]})
    assert linked.status == 201
    assert "Another way to sign in" in inbox.newest(ADA).subject
    assert api.send("POST", "me/identities", access, {"link": told.body["link"]}).code == "token_used"
    assert sign_in(api, fake).status == 200
    assert User.objects.count() == 1


def test_a_signed_in_person_links_and_unlinks(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    fake.person = Person(email="elsewhere@example.com")
    visit = enter(api, fake, "link", access)
    linked = api.send("POST", "me/identities", access, visit)
    assert linked.status == 201
    opened = sign_in(api, fake).body["access"]
    path = f"me/identities/{linked.body['id']}"
    assert api.send("DELETE", path, access).status == 204
    assert api.send("GET", "me", opened).code == "session_revoked"
    assert api.send("GET", "me", access).status == 200
    assert "removed" in inbox.newest(ADA).subject
    assert api.send("DELETE", path, access).status == 404


def test_by_page(house: None, fake: OpenIdFake) -> None:
    pages = Http()
    shown = pages.get("/login/")
    assert b'action="/social/acme/"' in shown.content
    assert fake.url in shown["Content-Security-Policy"]
    assert b'action="/social/acme/"' in pages.get("/register/").content
    answer = come_back(pages, fake, press(pages, fake))
    assert (answer.status_code, answer["Location"]) == (303, "/welcome/")
    assert pages.get("/account/").status_code == 200
    again = come_back(pages, fake, press(pages, fake))
    assert again["Location"] == "/account/"


def test_by_page_an_account_is_linked_after_the_sign_in(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    pages = Http()
    told = come_back(pages, fake, press(pages, fake))
    assert told.status_code == 409
    following = told.context["destination"].url
    assert f'name="next" value="{following}"' in told.content.decode()
    signed_in = pages.post("/login/", {"name": ADA, "password": PASSWORD, "next": following})
    assert signed_in["Location"] == following
    assert b"Link Acme?" in pages.get(following).content
    assert not Identity.objects.exists()
    token = following.partition("token=")[2]
    assert pages.post("/account/link/", {"token": token}).status_code == 303
    assert Identity.objects.get().user.email == ADA


def test_by_page_an_address_is_asked_for(house: None, fake: OpenIdFake, inbox: Inbox) -> None:
    fake.person = Person(email=None)
    pages = Http()
    form = come_back(pages, fake, press(pages, fake))
    typed = {"registration": form.context["registration"], "email": ADA}
    assert pages.post("/register/social/", typed).status_code == 200
    assert pages.post("/verify-otp/", {"otp": inbox.newest(ADA).code})["Location"] == "/welcome/"
    assert Identity.objects.get().user.email == ADA
