"""FED-12, FED-13: what a visit leaves behind, and what a recovery and an erasure leave of an identity."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.attacks.at_rest import everything
from tests.configured import configured
from tests.factors import enrol
from tests.interleaving import interleaved, transaction
from tests.providers import SECRET, OpenIdFake, Person
from tests.social import begin, code_in, coming_from, enter, press, sign_in
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.identities.models import Identity

ADA, TOKEN = "ada@example.com", "the access token"


@pytest.fixture
def fake() -> Iterator[OpenIdFake]:
    """An OpenID provider that is configured by its issuer."""
    made = OpenIdFake()
    with coming_from(made):
        yield made


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("way", ["visit", "page", "unproved", "down"])
def test_fed_12_no_secret_stays_readable(
    api: Api,
    fake: OpenIdFake,
    capfd: pytest.CaptureFixture[str],
    way: str,
    kept: bool,
) -> None:
    """In tables, Redis, files, logs and pages: no token of the provider, client secret, code, state or nonce."""
    fake.person, pages = Person(verified=way != "unproved"), Http()
    with configured(SOCIAL_KEEP_TOKENS=kept):
        begun = begin(api).body
        url = press(pages, fake) if way == "page" else begun["authorize_url"]
        asked = dict(parse_qsl(urlsplit(url).query))
        _, given = fake.authorize(url)
        secrets = {SECRET, TOKEN, asked["state"], asked["nonce"], given["code"] + "-"}
        if way == "down":
            fake.answers = {"/token": lambda: (500, {}, TOKEN)}
        answer = (pages if way == "page" else api.http).get("/social/acme/callback/", given)
        shown = answer.content.decode() + answer.get("Location", "")
        if way in ("visit", "unproved"):
            proof = {"social": begun["social"], **code_in(answer)}
            shown += api.post("social/confirm", proof).text
            secrets |= {*proof.values()}
        written = everything() + "".join(capfd.readouterr())
    for secret in secrets:
        assert secret not in written
    assert not [each for each in (SECRET, TOKEN, asked["nonce"]) if each in shown]


def test_fed_13_a_reset_keeps_what_is_linked_and_says_so(api: Api, fake: OpenIdFake, inbox: Inbox) -> None:
    for linked in (False, True):
        if linked:
            access = api.login(ADA).body["access"]
            assert api.send("POST", "me/identities", access, enter(api, fake, "link", access)).status == 201
        else:
            api.account(inbox, ADA)
        api.post("password/reset", {"email": ADA})
        new = {"token": inbox.newest(ADA).token, "password": PASSWORD, "password2": PASSWORD}
        assert api.post("password/reset/confirm", new).status == 204
        assert ("Provider: Acme" in inbox.newest(ADA).text) == linked
    assert Identity.objects.count() == 1
    assert sign_in(api, fake).status == 200


def test_fed_13_who_was_erased_comes_as_somebody_new(api: Api, fake: OpenIdFake) -> None:
    first = sign_in(api, fake).body["id"]
    User.objects.all().delete()
    again = sign_in(api, fake)
    assert again.status == 201
    assert again.body["id"] != first


@pytest.mark.django_db(transaction=True)
def test_fed_07_a_factor_that_was_set_up_meanwhile_guards_the_account(house: None, inbox: Inbox) -> None:
    """SOCIAL_LINKING=authoritative links nothing to an account with a second factor: also one that got it just now."""
    api, google = Api(), OpenIdFake()
    google.ID = "google"
    api.account(inbox, "ada@gmail.com")
    google.person = Person(email="ada@gmail.com")
    with coming_from(google, SOCIAL_LINKING="authoritative"):
        proof = enter(api, google)
        late, _ = interleaved(
            lambda: api.post("social/confirm", proof),
            transaction(),
            lambda: enrol(User.objects.get()),
        )
        assert late.code == "invalid_credentials"
        assert not Identity.objects.exists()
        assert sign_in(api, google).code == "account_exists"
