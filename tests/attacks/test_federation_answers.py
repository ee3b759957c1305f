"""FED-05, FED-06, FED-08, FED-10: whatever a provider answers, and whenever: the refusal is one of the contract."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.configured import configured
from tests.interleaving import interleaved, statement
from tests.providers import GitHubFake, OpenIdFake, Person
from tests.social import begin, code_in, come_back, coming_from, enter
from tests.world import Api
from vestibule.accounts.models import User
from vestibule.identities.models import Identity
from vestibule.sessions.models import Session

CLAIMS = ("iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "email", "email_verified", "name", "amr")
ODD: tuple[Any, ...] = (10**400, -(10**400), -1, 0.5, True, "", "\ud800", "x\x00", "x" * 9000, [], [[]], [{}], {})


@pytest.fixture
def fake() -> Iterator[OpenIdFake]:
    """An OpenID provider that is configured by its issuer."""
    made = OpenIdFake()
    with coming_from(made):
        yield made


@pytest.mark.parametrize("claim", CLAIMS)
def test_fed_05_no_value_of_a_claim_breaks_the_sign_in(api: Api, fake: OpenIdFake, claim: str) -> None:
    for value in ODD:
        fake.claims = {claim: value}
        token = {"id_token": fake.id_token(nonce="n-1"), "nonce": "n-1"}
        assert api.post("social/acme/token", token).status in (200, 201, 202, 400), value


@pytest.mark.parametrize("token", [*ODD, "é", "two words\n"])
def test_fed_10_no_access_token_breaks_the_sign_in(api: Api, fake: OpenIdFake, token: Any) -> None:
    begun = begin(api).body
    asked = dict(parse_qsl(urlsplit(begun["authorize_url"]).query))
    said = {"access_token": token, "id_token": fake.id_token(nonce=asked["nonce"], at_hash="x")}
    fake.answers = {"/token": lambda: (200, {}, said)}
    back = code_in(come_back(api.http, fake, begun["authorize_url"]))
    assert back["social_error"] in ("unavailable", "token_invalid")


def test_fed_10_the_number_of_a_person_at_github_is_a_subject(api: Api) -> None:
    github = GitHubFake()
    with coming_from(github):
        github.person = Person(sub=str(10**400))
        back = code_in(come_back(api.http, github, begin(api, "github").body["authorize_url"]))
        assert back == {"social_error": "unavailable"}


def test_fed_06_github_s_answer_names_github(api: Api) -> None:
    github = GitHubFake()
    with coming_from(github):
        for iss in ("https://evil.example", github.url + "/", "", github.url + "/login/oauth/x"):
            back = code_in(come_back(api.http, github, begin(api, "github").body["authorize_url"], iss=iss))
            assert back == {"social_error": "token_invalid"}
        assert "/login/oauth/access_token" not in github.requests
        for iss in (github.url, github.url + "/login/oauth"):
            back = code_in(come_back(api.http, github, begin(api, "github").body["authorize_url"], iss=iss))
            assert back.keys() == {"social_code"}


def test_fed_10_a_provider_that_was_taken_out_meanwhile(api: Api, fake: OpenIdFake) -> None:
    """An app is told of a failure in the five words of the contract alone."""
    begun = begin(api).body
    _, given = fake.authorize(begun["authorize_url"])
    with configured(SOCIAL={}):
        assert code_in(api.http.get("/social/acme/callback/", given)) == {"social_error": "invalid"}


@pytest.mark.django_db(transaction=True)
def test_fed_08_who_is_made_between_two_looks_is_entered(house: None, fake: OpenIdFake) -> None:
    """The same person in two tabs: one is made after the other found no identity, and before it looks for the address:
    nobody is told that "an account exists", which is their own and linked."""
    api = Api()
    mine, theirs = enter(api, fake), enter(api, fake)
    late, first = interleaved(
        lambda: api.post("social/confirm", mine),
        statement('FROM "vestibule_user"'),
        lambda: Api().post("social/confirm", theirs),
    )
    assert (first.status, late.status) == (201, 200)
    assert (User.objects.count(), Identity.objects.count(), Session.objects.count()) == (1, 1, 2)
