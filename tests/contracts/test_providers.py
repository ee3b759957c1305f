"""Every row of the table of providers by one suite: fakes that hold us to what the providers document, and a real
OpenID provider."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from tests.configured import configured
from tests.federation import NONCE, STATE, VERIFIER, VISIT, come_back, configured_provider, sign_in
from tests.providers import CLIENT_ID, FAKES, GitHubFake, MicrosoftFake, OpenIdFake, Person, providing
from tests.real_provider import RealProvider
from vestibule.addresses.address import Email
from vestibule.identities import protocol
from vestibule.identities.answers import Callback, ProviderAnswer, ProviderRefused
from vestibule.identities.provider_http import ProviderConnection
from vestibule.identities.providers import FACTS, Provider, find_provider
from vestibule.kernel import cached
from vestibule.kernel.errors import TokenInvalid, Unavailable

ADA = Person()


@pytest.fixture(params=list(FAKES))
def fake(request: pytest.FixtureRequest) -> OpenIdFake:
    """One of each row, and one that is configured by its issuer alone."""
    made = FAKES[request.param]()
    made.ID = request.param
    return made


@pytest.fixture
def provider(fake: OpenIdFake) -> Iterator[Provider]:
    """It, configured."""
    with configured_provider(fake.ID, fake) as found:
        yield found


def fetch(provider: Provider, brought: Callback, **visit: str) -> ProviderAnswer:
    """Who it is."""
    return protocol.fetch_answer(ProviderConnection(provider), brought, now=timezone.now(), **visit)


def test_every_row_is_tried() -> None:
    assert {*FACTS, "acme"} == set(FAKES)


def test_a_request_of_a_code(fake: OpenIdFake, provider: Provider) -> None:
    asked = urlsplit(protocol.authorization_url(provider, state=STATE, **VISIT))
    said = {name: values for name, values in parse_qs(asked.query).items() if name != "code_challenge"}
    assert f"{asked.scheme}://{asked.netloc}" == fake.url == protocol.authorization_origin(provider)
    assert {name: values[0] for name, values in said.items()} == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"http://testserver/social/{fake.ID}/callback/",
        "scope": " ".join(provider.facts.scopes),
        "state": STATE,
        "code_challenge_method": "S256",
        **({"nonce": NONCE} if provider.has_id_tokens else {}),
        **({"response_mode": "form_post"} if fake.ID == "apple" else {}),
    }


def test_who_signs_in_is_the_pair(fake: OpenIdFake, provider: Provider) -> None:
    found = sign_in(fake, provider)
    issuer = fake.issuer.replace("{tenantid}", MicrosoftFake.TENANT)
    assert (found.provider, found.issuer, found.subject, found.name) == (fake.ID, issuer, ADA.sub, ADA.name)
    assert (found.email, found.label) == (Email("ada@example.com"), "ada@example.com")
    fake.person = replace(ADA, email="new@example.com", name="Somebody")
    again = sign_in(fake, provider)
    assert (again.issuer, again.subject) == (found.issuer, found.subject)
    fake.person = replace(ADA, sub="2")
    assert sign_in(fake, provider).subject == "2"


@pytest.mark.parametrize("word", [None, False, "true", "True", 1, [True]])
def test_fed_03_only_json_true_proves_an_address(fake: OpenIdFake, provider: Provider, word: Any) -> None:
    claim = provider.facts.proof_claim
    fake.person = replace(ADA, verified=word, more={} if claim in ("email_verified", "verified") else {claim: word})
    assert not sign_in(fake, provider).email_is_proved
    fake.person = replace(ADA, more={claim: True})
    assert sign_in(fake, provider).email_is_proved


def test_a_person_without_an_address(fake: OpenIdFake, provider: Provider) -> None:
    for email in (None, "", "no address", "a@b@c", "ada@example.com\r\nBcc: eve@example.com"):
        fake.person = replace(ADA, email=email, more={"xms_edov": True})
        found = sign_in(fake, provider)
        assert (found.email, found.email_is_proved, found.is_authoritative) == (None, False, False)
        assert found.label == ADA.name


AUTHORITATIVE = {
    ("google", "ada@gmail.com", ""): True,
    ("google", "ada@example.com", "example.com"): True,
    ("google", "ada@example.com", "other.example"): False,
    ("google", "ada@example.com", ""): False,
    ("google", "ada@gmail.com.example.com", ""): False,
    ("apple", "x1@privaterelay.appleid.com", ""): True,
    ("apple", "ada@icloud.com", ""): False,
    ("microsoft", "ada@outlook.com", ""): False,
    ("microsoft", "ada@example.com", "example.com"): False,
    ("github", "ada@gmail.com", ""): False,
    ("acme", "ada@gmail.com", "gmail.com"): False,
}


@pytest.mark.parametrize(("id", "email", "hosted"), AUTHORITATIVE)
def test_fed_01_whose_word_is_authoritative_for_an_address(id: str, email: str, hosted: str) -> None:
    fake = FAKES[id]()
    fake.person = replace(ADA, email=email, more={"xms_edov": True, **({"hd": hosted} if hosted else {})})
    with configured_provider(id, fake) as provider:
        found = sign_in(fake, provider)
        assert found.email_is_proved
        assert found.is_authoritative is AUTHORITATIVE[id, email, hosted]
        fake.person = replace(fake.person, verified=False, more={})
        assert not sign_in(fake, provider).is_authoritative


def test_fed_04_a_code_is_sent_once_and_with_its_verifier(fake: OpenIdFake, provider: Provider) -> None:
    brought = come_back(fake, provider)
    fetch(provider, brought, **VISIT)
    with pytest.raises(TokenInvalid):
        fetch(provider, brought, **VISIT)
    stolen = come_back(fake, provider)
    with pytest.raises(TokenInvalid):
        fetch(provider, stolen, nonce=NONCE, code_verifier="of another browser")


def test_what_a_browser_may_bring_back(provider: Provider) -> None:
    for given, refused in (
        ({"error": "access_denied"}, ProviderRefused),
        ({"error": "server_error"}, Unavailable),
        ({"error": "temporarily_unavailable"}, Unavailable),
        ({"error": "invalid_scope"}, TokenInvalid),
        ({"error": "access_denied", "code": "code"}, ProviderRefused),
        ({}, TokenInvalid),
        ({"code": ""}, TokenInvalid),
        ({"code": "c" * 5000}, TokenInvalid),
    ):
        with pytest.raises(refused):
            protocol.read_callback(ProviderConnection(provider), given)
    assert protocol.read_callback(ProviderConnection(provider), {"code": "c"}).code == "c"


@pytest.mark.parametrize("user", ["", "{", "null", "[]", '{"name": 1}', '{"name": {}}', "[" * 100_000])
def test_a_name_that_is_none_is_passed_over(user: str) -> None:
    with configured_provider("apple", FAKES["apple"]()) as provider:
        assert protocol.read_callback(ProviderConnection(provider), {"code": "c", "user": user}) == Callback("c", "")


def test_fed_06_whoever_answers_says_who_it_is(fake: OpenIdFake, provider: Provider) -> None:
    if provider.has_id_tokens:
        own = fake.issuer.replace("{tenantid}", MicrosoftFake.TENANT)
        assert protocol.read_callback(ProviderConnection(provider), {"code": "c", "iss": own}).code == "c"
        for other in ("https://evil.example", own + "/", "", own.upper(), own.replace(MicrosoftFake.TENANT, "x")):
            if other != own:
                with pytest.raises(TokenInvalid):
                    protocol.read_callback(ProviderConnection(provider), {"code": "c", "iss": other})
                with pytest.raises(TokenInvalid):
                    protocol.read_callback(ProviderConnection(provider), {"error": "access_denied", "iss": other})
        fake.document = {**fake.document, "authorization_response_iss_parameter_supported": True}
        cached.reset_all()
        with pytest.raises(TokenInvalid):
            protocol.read_callback(ProviderConnection(provider), {"code": "c"})


def test_fed_10_a_provider_that_fails_is_unavailable(fake: OpenIdFake, provider: Provider) -> None:
    brought = come_back(fake, provider)
    places = ["/token", "/api/user", "/api/user/emails"] if fake.ID == "github" else ["/token", "/keys"]
    places += ["/userinfo"] if fake.ID in ("google", "acme", "microsoft") else []
    redirect = (302, {"Location": "http://127.0.0.1:1/"}, {"access_token": "x", "keys": []})
    answers: list[Any] = [(500, {}, {}), (429, {}, {}), redirect, (200, {}, "<html>"), (200, {}, "[" * 100_000)]
    answers += [(200, {}, "x" * 300_000), (200, {}, b"\xff\xfe"), (200, {}, "null")]
    for place in places:
        for answer in answers:
            fake.answers = {place: lambda answer=answer: answer}  # type: ignore[misc]
            cached.reset_all()
            with pytest.raises((Unavailable, TokenInvalid)) as refused:
                fetch(provider, brought, **VISIT)
            assert isinstance(refused.value, Unavailable), (place, answer)
            fake.answers = {}
            brought = come_back(fake, provider)


def test_a_client_that_is_refused_is_our_mistake_and_no_person_s(fake: OpenIdFake) -> None:
    with (
        providing(fake),
        configured(SOCIAL={fake.ID: {**fake.settings(), "client_secret": "wrong", "key_id": "wrong"}}),
    ):
        provider = find_provider(fake.ID)
        brought = come_back(fake, provider)
        with pytest.raises(Unavailable):
            fetch(provider, brought, **VISIT)


def test_fed_02_github_s_handle_and_other_addresses_say_nothing() -> None:
    fake = GitHubFake()
    with configured_provider("github", fake) as provider:
        for emails, found in (
            ([], None),
            ({"message": "no"}, None),
            ([{"email": "eve@example.com", "primary": False, "verified": True}], None),
            ([{"email": "eve@example.com", "primary": "true", "verified": True}, 1, None], None),
        ):
            fake.emails = emails  # type: ignore[assignment]
            assert sign_in(fake, provider).email == found
        fake.answers["/api/user/emails"] = lambda: (404, {}, {"message": "Not Found"})
        assert sign_in(fake, provider).email is None
        for number in (None, "1", True, 0, -1, 1.5, [1]):
            fake.answers["/api/user"] = lambda number=number: (200, {}, {"id": number, "login": "ada"})  # type: ignore[misc]
            with pytest.raises(Unavailable):
                sign_in(fake, provider)


def test_a_provider_s_word_on_several_factors_counts_where_that_is_set() -> None:
    fake = OpenIdFake()
    for trusted, said, counts in (
        ("", {"amr": ["mfa"]}, False),
        ("mfa, urn:silver", {"amr": ["pwd", "mfa"]}, True),
        ("mfa,urn:silver", {"acr": "urn:silver"}, True),
        ("mfa", {"amr": ["pwd"]}, False),
        ("mfa", {"amr": "mfa"}, False),
        ("mfa", {"amr": [["mfa"], None], "acr": 1}, False),
    ):
        fake.claims = said
        with configured_provider("acme", fake, trusted_amr=trusted) as provider:
            assert sign_in(fake, provider).is_multi_factor is counts, said


def test_fed_12_tokens_are_handed_on_only_where_they_are_kept() -> None:
    fake = OpenIdFake()
    with configured_provider("acme", fake) as provider:
        assert sign_in(fake, provider).tokens == {}
        with configured(SOCIAL_KEEP_TOKENS=True):
            found = sign_in(fake, provider)
            assert found.tokens.keys() == {"access_token", "id_token"}
            assert "the access token" not in repr(found)
        assert "secret" not in repr(provider)


@pytest.fixture(scope="module")
def real() -> Iterator[RealProvider]:
    """The real one."""
    made = RealProvider()
    yield made
    made.stop()


def test_the_whole_way_through_a_real_provider(real: RealProvider) -> None:
    with configured(SOCIAL={"real": real.settings()}):
        provider = find_provider("real")
        for person in (ADA, replace(ADA, sub="bob", email="bob@example.com", verified=False)):
            real.know(person)
            url = protocol.authorization_url(provider, state=STATE, **VISIT)
            brought = protocol.read_callback(ProviderConnection(provider), real.authorize(url, person))
            found = fetch(provider, brought, **VISIT)
            assert (found.issuer, found.subject, found.name) == (real.issuer, person.sub, person.name)
            assert (str(found.email), found.email_is_proved) == (person.email, person.verified)
            with pytest.raises(TokenInvalid):
                fetch(provider, brought, **VISIT)
            other = protocol.read_callback(ProviderConnection(provider), real.authorize(url, person))
            with pytest.raises(TokenInvalid):
                fetch(provider, other, nonce="another", code_verifier=VERIFIER)
        with pytest.raises(ProviderRefused):
            protocol.read_callback(ProviderConnection(provider), real.authorize(url, ADA, agrees=False))
