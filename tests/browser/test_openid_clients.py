"""Libraries of the field sign a person in, refresh, introspect and revoke, against the running service."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import jwt
import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session as Authlib
from playwright.sync_api import Browser, Page
from requests_oauthlib import OAuth2Session as RequestsOauthlib

from tests.browser.people import account
from tests.browser.test_examples import create_application
from tests.service import Service
from tests.vendors import listening

SCOPE = "openid email offline_access"


class Callback(BaseHTTPRequestHandler):
    """Where the browser comes back."""

    def do_GET(self) -> None:
        """A page."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, on this machine alone."""
    with Service(tmp_path_factory.mktemp("clients"), host="localhost") as running:
        yield running


@pytest.fixture(scope="module")
def callback() -> Iterator[str]:
    """An address of the applications."""
    with listening(Callback) as url:
        yield f"{url}/callback"


@pytest.fixture
def page(browser: Browser, service: Service, person: str) -> Iterator[Page]:
    """The browser of a person who has an account."""
    context = browser.new_context()
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(f"{service.url}/register/")
    account(page, service, person)
    yield page
    context.close()


@pytest.fixture
def metadata(service: Service) -> dict[str, Any]:
    """What a library reads first."""
    found: dict[str, Any] = requests.get(f"{service.url}/.well-known/openid-configuration", timeout=10).json()
    assert found["issuer"] == service.url
    return found


def agree(page: Page, url: str) -> str:
    """Go there, allow it, and return where the browser came back."""
    page.goto(url)
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url("**/callback?code=*")
    return page.url


def email_in(id_token: str, metadata: dict[str, Any], client_id: str) -> str:
    """The subject of the ID token, verified with the published keys."""
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(id_token).key
    claims = jwt.decode(id_token, key, ["ES256", "RS256"], audience=client_id, issuer=metadata["issuer"])
    return str(claims["sub"])


def test_authlib(page: Page, service: Service, callback: str, metadata: dict[str, Any], person: str) -> None:
    made = create_application(service, "By Authlib", "--type", "web", "--redirect-uri", callback)
    session = Authlib(
        made["client_id"],
        made["client_secret"],
        scope=SCOPE,
        redirect_uri=callback,
        code_challenge_method="S256",
    )
    verifier = generate_token(48)
    url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    back = agree(page, url)
    token = session.fetch_token(
        metadata["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state
    )
    assert email_in(token["id_token"], metadata, made["client_id"])
    assert session.get(metadata["userinfo_endpoint"]).json()["email"] == person
    fresh = session.refresh_token(metadata["token_endpoint"], token["refresh_token"])
    assert fresh["refresh_token"] != token["refresh_token"]
    told = session.introspect_token(metadata["introspection_endpoint"], fresh["access_token"])
    assert told.json()["active"] is True
    assert session.revoke_token(metadata["revocation_endpoint"], fresh["refresh_token"]).status_code == 200
    assert session.get(metadata["userinfo_endpoint"]).status_code == 401


def test_requests_oauthlib(
    page: Page,
    service: Service,
    callback: str,
    metadata: dict[str, Any],
    person: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # on this machine alone
    rsa = ["--id-token-signed-response-alg", "RS256"]
    made = create_application(service, "By requests-oauthlib", "--type", "web", "--redirect-uri", callback, *rsa)
    session = RequestsOauthlib(made["client_id"], redirect_uri=callback, scope=SCOPE.split(), pkce="S256")
    url, _ = session.authorization_url(metadata["authorization_endpoint"])
    token = session.fetch_token(
        metadata["token_endpoint"],
        authorization_response=agree(page, url),
        client_secret=made["client_secret"],
        include_client_id=True,
    )
    assert email_in(token["id_token"], metadata, made["client_id"])
    assert session.get(metadata["userinfo_endpoint"]).json()["email"] == person
    pair = (made["client_id"], made["client_secret"])
    assert session.refresh_token(metadata["token_endpoint"], auth=pair)["access_token"] != token["access_token"]
