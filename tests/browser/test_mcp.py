"""The example of an MCP server, and the client of the MCP SDK: it finds vestibule by itself, registers, signs a person
in and calls a tool."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import Queue
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import jwt
import pytest
import requests
from anyio import to_thread
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from playwright.sync_api import Browser, Page

from tests.browser.people import account
from tests.browser.test_examples import EXAMPLES, create_application
from tests.browser.test_openid_clients import Callback
from tests.servers import free_port, until
from tests.service import Service
from tests.vendors import listening

PATIENCE = 60  # seconds


class Storage:
    """What a client keeps, in memory."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        """The tokens."""
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Keep them."""
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """What registration gave."""
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Keep it."""
        self.client = client_info


class Agent:
    """An MCP client in a thread of its own. Its `asked` are the addresses that it opens in a browser, and `came` those
    where the browser came back."""

    def __init__(self, mcp_url: str, callback: str) -> None:
        self.asked: Queue[str] = Queue()
        self.came: Queue[str] = Queue()
        self.storage = Storage()
        self.mcp_url = mcp_url
        self.provider = OAuthClientProvider(
            mcp_url,
            OAuthClientMetadata.model_validate({"client_name": "Robot", "redirect_uris": [callback]}),
            self.storage,
            self._open_browser,
            self._wait_for_callback,
        )

    async def list_notes(self) -> str:
        """Call the tool."""
        async with (
            httpx2.AsyncClient(auth=self.provider) as http,
            Client(streamable_http_client(self.mcp_url, http_client=http)) as client,
        ):
            result = await client.call_tool("list_notes", {})
            return str(getattr(result.content[0], "text", ""))

    async def _open_browser(self, url: str) -> None:
        self.asked.put(url)

    async def _wait_for_callback(self) -> AuthorizationCodeResult:
        url = await to_thread.run_sync(partial(self.came.get, timeout=PATIENCE))
        brought = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        return AuthorizationCodeResult(code=brought["code"], state=brought["state"], iss=brought["iss"])


@pytest.fixture(scope="module")
def mcp_url() -> str:
    """Where the example listens."""
    return f"http://127.0.0.1:{free_port()}/mcp"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, mcp_url: str) -> Iterator[Service]:
    """The service, as the README of the example wants it."""
    wanted = {
        "OAUTH_REGISTRATION": "open",
        "OAUTH_RESOURCES": mcp_url,
        "OAUTH_SCOPES": "notes.read=Read your notes",
    }
    with Service(tmp_path_factory.mktemp("mcp"), host="localhost", **wanted) as running:
        yield running


@pytest.fixture(scope="module")
def notes(service: Service, mcp_url: str) -> Iterator[None]:
    """The example."""
    environment = {"PATH": os.environ["PATH"], "OIDC_ISSUER": service.url, "MCP_URL": mcp_url}
    command = [sys.executable, str(EXAMPLES / "mcp_server" / "server.py")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as running:
        until(partial(listens, mcp_url), "the MCP server")
        yield
        running.kill()


def token_for_another(service: Service) -> str:
    """An access token with the scope, whose audience is another."""
    made = create_application(service, "A service", "--type", "service", "--scope", "notes.read")
    pair, asked = (made["client_id"], made["client_secret"]), {"grant_type": "client_credentials"}
    return str(requests.post(f"{service.url}/oauth/token", asked, auth=pair, timeout=10).json()["access_token"])


def listens(url: str) -> bool:
    """Whether something is there."""
    try:
        return requests.get(url, timeout=5).status_code == 401
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def callback() -> Iterator[str]:
    """Where the client waits for the browser."""
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


def test_an_mcp_client_signs_a_person_in_and_calls_a_tool(
    page: Page, service: Service, notes: None, mcp_url: str, callback: str
) -> None:
    agent = Agent(mcp_url, callback)
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(anyio.run, agent.list_notes)
        page.goto(agent.asked.get(timeout=PATIENCE))
        for words in ("Robot", "We do not know who made it", "Read your notes"):
            assert words in page.content()
        page.get_by_role("button", name="Allow").click()
        page.wait_for_url("**/callback?*")
        agent.came.put(page.url)
        told = calling.result(timeout=PATIENCE)
    assert agent.storage.tokens
    token = agent.storage.tokens.access_token
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] in (mcp_url, [mcp_url])
    assert told == f"{claims['sub']}: Buy milk, Call Grace"
    for other in (token[:-4], "x.y.z", token_for_another(service)):
        refused = requests.post(mcp_url, json={}, headers={"Authorization": f"Bearer {other}"}, timeout=10)
        assert refused.status_code == 401
        assert "/.well-known/oauth-protected-resource/mcp" in refused.headers["WWW-Authenticate"]
