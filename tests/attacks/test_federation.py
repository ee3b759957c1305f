"""FED-*: what others could make of the sign-in through another provider. Its ID tokens are attacked in
`test_federation_id_tokens.py`."""

from collections.abc import Callable, Iterator
from threading import Barrier, Thread
from time import time

import pytest
from django.db import connections
from django.utils import timezone
from time_machine import travel

from tests.configured import configured
from tests.factors import enrol
from tests.providers import OpenIdFake, Person
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


def nothing_made() -> bool:
    """Whether nobody has come in."""
    return not (User.objects.exists() or Identity.objects.exists() or Session.objects.exists())


@pytest.mark.parametrize("verified", [True, False, "true", None])
def test_fed_01_an_address_alone_finds_no_account(
    api: Api, fake: OpenIdFake, inbox: Inbox, verified: bool | str | None
) -> None:
    api.account(inbox, ADA)
    fake.person = Person(verified=verified)
    told = sign_in(api, fake)
    assert (told.status, told.code) == ((409, "account_exists") if verified is True else (202, ""))
    assert "access" not in told.body
    assert (Identity.objects.count(), Session.objects.count()) == (0, 1)


def test_fed_01_authoritative_needs_a_provider_that_is(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    with configured(SOCIAL_LINKING="authoritative"):
        assert sign_in(api, fake).code == "account_exists"


def test_fed_01_authoritative_links_what_no_second_factor_guards(api: Api, inbox: Inbox) -> None:
    google = OpenIdFake()
    google.ID = "google"
    for address in ("ada@gmail.com", "bob@gmail.com"):
        api.account(inbox, address)
    enrol(User.objects.get(email="bob@gmail.com"))
    with coming_from(google, SOCIAL_LINKING="authoritative"):
        google.person = Person(email="ada@gmail.com")
        assert sign_in(api, google).status == 200
        google.person = Person(sub="2", email="bob@gmail.com")
        assert sign_in(api, google).code == "account_exists"
    assert "Another way to sign in" in inbox.newest("ada@gmail.com").subject


def test_fed_02_the_subject_decides_and_addresses_change_nothing(api: Api, fake: OpenIdFake) -> None:
    made = sign_in(api, fake).body["id"]
    fake.person = Person(email="changed@example.com")
    assert sign_in(api, fake).body["user"]["id"] == made
    assert User.objects.get().email == ADA
    fake.person = Person(sub="another")
    assert sign_in(api, fake).code == "account_exists"


@pytest.mark.parametrize("state", ["", "x", "x" * 43, "é" * 43, "-" * 2000])
def test_fed_04_a_state_that_is_none(house: None, fake: OpenIdFake, state: str) -> None:
    answer = Http().get("/social/acme/callback/", {"state": state, "code": "c"})
    assert (answer.status_code, answer.has_header("Location")) == (400, False)


def test_fed_04_a_state_works_once_at_its_own_provider(api: Api, fake: OpenIdFake) -> None:
    other = OpenIdFake()
    other.ID = "other"
    with coming_from(fake, other):
        begun = begin(api).body
        _, given = fake.authorize(begun["authorize_url"])
        assert api.http.get("/social/other/callback/", given).status_code == 400
        assert "/token" not in other.requests
        assert api.http.get("/social/acme/callback/", given).status_code == 303
        assert api.http.get("/social/acme/callback/", given).status_code == 400
    assert fake.requests.count("/token") == 1


def test_fed_04_another_browser_is_not_signed_in(house: None, fake: OpenIdFake) -> None:
    """Login CSRF: whoever opens the callback of a thief's visit stays a stranger; the thief's browser still may."""
    thief, victim = Http(), Http()
    _, given = fake.authorize(press(thief, fake))
    for browser in (victim, Http()):
        answer = browser.get("/social/acme/callback/", given)
        assert (answer.status_code, answer.has_header("Location")) == (400, False)
    press(victim, fake)
    assert victim.get("/social/acme/callback/", given).status_code == 400
    assert nothing_made()
    assert thief.get("/social/acme/callback/", given).status_code == 303


def test_fed_04_two_tabs_end_both(house: None, fake: OpenIdFake) -> None:
    pages = Http()
    first, second = press(pages, fake), press(pages, fake)
    for url in (first, second):
        assert come_back(pages, fake, url).status_code == 303
    assert Identity.objects.count() == 1


def test_fed_04_a_form_of_another_site_comes_again_by_get(house: None, fake: OpenIdFake) -> None:
    pages = Http()
    _, given = fake.authorize(press(pages, fake))
    posted = Http(enforce_csrf_checks=True).post("/social/acme/callback/", given)
    assert posted.status_code == 303
    assert pages.get(posted["Location"])["Location"] == "/welcome/"


def test_fed_04_the_handle_of_another_visit_and_of_another_intent(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    access = api.account(inbox, "bob@example.com")
    mine = enter(api, fake)
    other, link = begin(api).body["social"], enter(api, fake, "link", access)
    for body in ({**mine, "social": other}, {**mine, "social": link["social"]}, link):
        assert api.post("social/confirm", body).code == "token_invalid"
    assert api.send("POST", "me/identities", access, mine).code == "token_invalid"
    assert api.post("social/confirm", mine).status == 201
    assert api.post("social/confirm", mine).code == "token_used"


def test_fed_04_a_code_lives_a_minute_and_a_visit_ten(api: Api, fake: OpenIdFake) -> None:
    with travel(timezone.now(), tick=False) as clock:
        proof, begun = enter(api, fake), begin(api).body
        clock.shift(61)
        late = api.post("social/confirm", proof)
        assert (late.status, late.code) == (410, "token_expired")
        clock.shift(600)
        back = code_in(come_back(api.http, fake, begun["authorize_url"]))
    assert back == {"social_error": "token_expired"}
    assert nothing_made()


def test_fed_06_another_issuer_in_the_answer(api: Api, fake: OpenIdFake) -> None:
    begun = begin(api).body
    back = code_in(come_back(api.http, fake, begun["authorize_url"], iss="https://evil.example"))
    assert back == {"social_error": "token_invalid"}
    assert "/token" not in fake.requests


def test_fed_07_a_link_needs_a_recent_sign_in_of_its_own_account(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    other = api.account(inbox, "bob@example.com")
    link = {"link": sign_in(api, fake).body["link"]}
    foreign = api.send("POST", "me/identities", other, link)
    assert (foreign.status, foreign.code) == (403, "permission_denied")
    with travel(timezone.now(), tick=False) as clock:
        access = api.login(ADA).body["access"]
        clock.shift(599)
        link = {"link": sign_in(api, fake).body["link"]}
        clock.shift(2)
        late = api.send("POST", "me/identities", access, link)
        assert late.code in ("reauthentication_required", "token_expired")
    enrol(User.objects.get(email=ADA))
    half = api.login(ADA).body
    assert "access" not in half
    assert not Identity.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_fed_08_of_many_at_once_one_account_is_made(house: None, fake: OpenIdFake) -> None:
    """Of 32 callbacks of one visit one goes on; of 8 visits of one person all find one account."""
    api = Api()
    begun = begin(api).body
    _, given = fake.authorize(begun["authorize_url"])
    visits = [enter(api, fake) for _ in range(8)]
    statuses = at_once(32, lambda _: Api().http.get("/social/acme/callback/", given).status_code)
    assert sorted(statuses).count(303) == 1
    assert set(statuses) == {303, 400}
    entered = at_once(8, lambda n: Api().post("social/confirm", visits[n]).status)
    assert sorted(entered) == [200] * 7 + [201]
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)


def at_once(count: int, act: Callable[[int], int]) -> list[int]:
    """The answers of that many that start together."""
    barrier, found = Barrier(count), list[int]()

    def run(n: int) -> None:
        barrier.wait()
        try:
            found.append(act(n))
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com@evil.example/",
        "https://evil.example/",
        "//app.example.com/",
        "https://app.example.com.evil.example/",
        "https://app.example.com:444/",
        "http://app.example.com/",
        "https://APP.example.com/",
        "https://app.example.com\\@evil.example",
        "https://app.example.com/#f",
        "javascript:alert(1)",
        "/back",
    ],
)
def test_fed_09_only_an_allowed_address_is_returned_to(api: Api, fake: OpenIdFake, url: str) -> None:
    refused = api.post("social/acme/start", {"return_to": url})
    assert (refused.status, refused.code) == (400, "invalid")
    assert fake.requests == []


def test_fed_10_a_provider_that_is_down_leaves_nothing(api: Api, fake: OpenIdFake) -> None:
    begun = begin(api).body
    for place in ("/token", "/keys"):
        fake.answers = {place: lambda: (500, {}, "")}
        back = come_back(api.http, fake, begun["authorize_url"])
        if place == "/token":
            assert code_in(back) == {"social_error": "unavailable"}
        begun = begin(api).body
    assert nothing_made()


def test_fed_10_a_provider_that_lies_in_its_document_is_503(api: Api) -> None:
    liar = OpenIdFake()
    liar.document = {"issuer": "https://evil.example"}
    with coming_from(liar):
        refused = begin(api)
    assert (refused.status, refused.code) == (503, "unavailable")


def test_fed_11_a_native_token_works_once_for_its_nonce_and_audience(api: Api, fake: OpenIdFake) -> None:
    now = int(time())
    token = fake.id_token(nonce="n-1")
    for body in (
        {"id_token": token, "nonce": "n-2"},
        {"id_token": fake.id_token(nonce="n-1", aud="another"), "nonce": "n-1"},
        {"id_token": fake.id_token(), "nonce": "n-1"},
        {"id_token": fake.id_token(nonce="n-1", exp=now - 60), "nonce": "n-1"},
    ):
        refused = api.post("social/acme/token", body)
        assert (refused.status, refused.code) == (400, "token_invalid")
    assert api.post("social/acme/token", {"id_token": token, "nonce": ""}).code == "invalid"
    assert nothing_made()
    assert api.post("social/acme/token", {"id_token": token, "nonce": "n-1"}).status == 201
    assert api.post("social/acme/token", {"id_token": token, "nonce": "n-1"}).code == "token_invalid"


def test_fed_13_the_last_way_in_stays(api: Api, fake: OpenIdFake) -> None:
    access = sign_in(api, fake).body["access"]
    path = f"me/identities/{Identity.objects.get().pk}"
    with configured(MAGIC_LINK=False):
        kept = api.send("DELETE", path, access)
        assert (kept.status, kept.code) == (409, "last_way_in")
        changed = {"password": PASSWORD, "password2": PASSWORD}
        assert api.send("POST", "password/change", access, changed).status == 204
        assert api.send("DELETE", path, access).status == 204
    assert api.send("GET", "me", access).code == "session_revoked"


def test_fed_13_what_it_has_begun_to_open_stays_shut(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    linked = api.send("POST", "me/identities", access, enter(api, fake, "link", access)).body
    code = enter(api, fake)
    assert api.send("DELETE", f"me/identities/{linked['id']}", access).status == 204
    assert api.post("social/confirm", code).code == "token_invalid"
