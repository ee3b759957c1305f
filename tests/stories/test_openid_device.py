"""A person signs in on a device that shows a code, by a browser elsewhere (RFC 8628)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from time_machine import Traveller, travel

from tests.browsing import Browser
from tests.configured import configured
from tests.devices import ALPHABET, DEVICE_CODE, Device, answer_device, create_device_application, type_code
from tests.oauth import RelyingParty, create_application, go_on, place, text_of
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import Role, User
from vestibule.applications.models import Grant
from vestibule.audit.models import AuditEvent
from vestibule.conf import conf
from vestibule.sessions.models import Session

ADA = "ada@example.com"
POLL = timedelta(seconds=5)


@pytest.fixture
def clock(house: None) -> Iterator[Traveller]:
    """A clock that the test moves."""
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def person(clock: Traveller, api: Api, inbox: Inbox) -> User:
    """Ada, signed in nowhere."""
    api.account(inbox, ADA)
    Session.objects.all().delete()
    return User.objects.get(email=ADA)


@pytest.fixture
def browser(person: User) -> Browser:
    """Her browser, signed in."""
    return log_in(Browser().open("/login/"))


@pytest.fixture
def party(house: None) -> RelyingParty:
    """The application of her television set."""
    return create_device_application()


@pytest.fixture
def device(party: RelyingParty) -> Device:
    """The set, which shows a code."""
    return Device(party).ask()


def log_in(browser: Browser) -> Browser:
    return browser.submit("/login/", name=ADA, password=PASSWORD)


def test_a_device_is_told_what_to_show(device: Device) -> None:
    page = f"{conf.base_url}/device/"
    assert device.told == {
        "device_code": device.told["device_code"],
        "user_code": device.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={device.user_code}",
        "expires_in": 600,
        "interval": 5,
    }
    assert len(device.user_code) == 9
    assert device.user_code[4] == "-"
    assert set(device.user_code) - {"-"} <= ALPHABET


def test_a_terminal_signs_in_while_its_person_uses_a_browser(
    clock: Traveller, person: User, device: Device, party: RelyingParty
) -> None:
    assert device.refused() == "authorization_pending"
    browser = go_on(Browser().open(f"/device/?user_code={device.user_code}"))
    assert place(browser) == "/login/"
    go_on(log_in(browser))
    assert place(browser) == "/device/"
    assert browser.forms[-1].fields["user_code"] == device.user_code
    clock.shift(POLL)
    assert device.refused() == "authorization_pending"  # to open the page lets nobody in
    browser.submit("/device/")
    assert all(word in browser.text for word in ("The Set", ADA, "See your email address", device.user_code))
    assert "only if you began this yourself" in browser.text
    assert [form.action for form in browser.forms] == ["/device/"]
    clock.shift(POLL)
    assert device.refused() == "authorization_pending"
    browser.submit("/device/", answer="allow")
    assert "Your device is connected" in browser.text
    clock.shift(POLL)
    tokens = device.poll().json()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert party.userinfo(tokens["access_token"]).json()["email"] == ADA
    keys = jwt.PyJWKSet.from_dict(Http().get("/.well-known/jwks.json").json())
    key = keys[jwt.get_unverified_header(tokens["id_token"])["kid"]]
    claims: dict[str, Any] = jwt.decode(
        tokens["id_token"],
        key.key,
        algorithms=["ES256"],
        audience="tv",
        issuer=conf.base_url,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (claims["sub"], claims["acr"], claims["amr"]) == (str(person.pk), "aal1", ["pwd"])
    assert claims["sid"] == str(Grant.objects.get().sid)


def test_a_device_stays_signed_in(clock: Traveller, browser: Browser, party: RelyingParty) -> None:
    device = Device(party, scope="openid offline_access").ask()
    answer_device(browser, device.user_code)
    tokens = device.poll().json()
    assert party.refresh(tokens["refresh_token"]).status_code == 200


def test_a_program_without_a_secret(browser: Browser) -> None:
    """A terminal program is public: it says its `client_id` only."""
    create_device_application("cli", type="native", token_endpoint_auth_method="none")
    cli = RelyingParty("cli")
    asked = cli.post("/oauth/device", {}, client_id="cli", scope="openid").json()
    answer_device(browser, asked["user_code"])
    sent = {"client_id": "cli", "grant_type": DEVICE_CODE, "device_code": asked["device_code"]}
    assert cli.post("/oauth/token", {}, **sent).status_code == 200


def test_a_first_party_is_asked_for_every_time(browser: Browser) -> None:
    own = create_device_application("own", is_first_party=True)
    for _ in range(2):
        device = Device(own).ask()
        assert device.refused() == "authorization_pending"
        assert "Sign in to The Set on a device?" in type_code(browser, device.user_code).text


def test_who_cancels_lets_nobody_in(device: Device, browser: Browser, person: User) -> None:
    told = answer_device(browser, device.user_code, "cancel")
    assert "was not let in" in told.text
    assert device.refused() == "access_denied"
    assert not Grant.objects.exists()
    assert AuditEvent.objects.filter(name="application.denied", user_id=person.pk).count() == 1


def test_who_owes_a_second_factor_sets_it_up_first(device: Device, browser: Browser) -> None:
    with configured(MFA_REQUIRED_ROLES=(Role.USER,)):
        browser.open(f"/device/?user_code={device.user_code}")
    assert browser.went_to.startswith("/account/security/?next=%2Fdevice%2F%3Fuser_code")


def test_the_page_shows_no_text_of_a_link(browser: Browser) -> None:
    assert "Evil" not in browser.open("/device/?user_code=Evil-Text").text.partition("<footer>")[0]
    assert text_of(browser.answer).count("Type the code") == 1


def test_the_documents_name_the_endpoint(house: None) -> None:
    told = Http().get("/.well-known/openid-configuration").json()
    assert told["device_authorization_endpoint"] == f"{conf.base_url}/oauth/device"
    assert DEVICE_CODE in told["grant_types_supported"]


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"scope": "admin"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"client_secret": "x"}, "invalid_request"),
    ],
)
def test_what_a_device_may_not_ask_for(party: RelyingParty, sent: dict[str, str], error: str) -> None:
    assert party.post("/oauth/device", None, **sent).json()["error"] == error
    assert RelyingParty("tv", secret="wrong").post("/oauth/device", scope="openid").json()["error"] == "invalid_client"


def test_an_application_without_devices_has_none(house: None) -> None:
    create_application("shop")
    assert RelyingParty("shop").post("/oauth/device", scope="openid").json()["error"] == "unauthorized_client"
