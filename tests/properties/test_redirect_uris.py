"""OID-03, OID-09: which addresses an application may register, and which of them a request names: an address that is
read as another is neither."""

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.configured import configured
from tests.properties.test_return_urls import BAD as BAD_WITHOUT_NATIVE
from vestibule.applications.models import ApplicationType
from vestibule.applications.redirect_uris import (
    is_allowed_uri,
    is_backchannel_uri,
    is_https_uri,
    is_registered,
    is_resource,
)

NATIVE, WEB = ApplicationType.NATIVE, ApplicationType.WEB
GOOD = (
    "https://shop.example/back",
    "https://shop.example",
    "https://shop.example:8443/back?tenant=1&x=%2F",
    "https://[2001:db8::1]/back",
    "http://localhost:3000/back",
    "http://127.0.0.1/back",
    "http://[::1]:1/",
)
APP = ("com.example.app:/back", "com.example.app://back/here", "com.example.app:back")
# Of other people's tests: what is well formed, and only of another origin there.
FOREIGN_ONLY = {each for each in BAD_WITHOUT_NATIVE if is_https_uri(each)} | {
    "http://localhost/",
    "http://localhost:3001/",
}
BAD = (
    *(each for each in BAD_WITHOUT_NATIVE if each not in FOREIGN_ONLY),
    *("http://shop.example/back", "http://localhost.evil.example/", "http://127.0.0.1.evil.example/"),
    *("http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://127.0.0.01/", "http://0.0.0.0/"),
    *("http://LOCALHOST/", "http://localhost./", "http://foo.localhost/", "http://[::ffff:127.0.0.1]/"),
    *("https://shop.example:0x50/", "https://shop.example:65536/", "https://shop.example:/"),
    *("https://user@shop.example/", "https://shop.example/#", "https:///back", "https:shop.example", "https://"),
    *("javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:https://x", "about:blank"),
    *("intent://x#Intent;end", "myapp://back", "custom:/back", "view-source:https://shop.example"),
)
PIECES = st.sampled_from(
    ["https", "http", "://", ":", "/", "@", "#", "?", "\\", ".", "localhost", "127.0.0.1", "[::1]"]
)
ADDRESS = st.lists(PIECES | st.text(st.characters(), max_size=4), max_size=10).map("".join)


@pytest.mark.parametrize("uri", GOOD)
def test_oid_09_what_may_be_registered(uri: str) -> None:
    assert all(is_allowed_uri(uri, each) for each in ApplicationType)


@pytest.mark.parametrize("uri", APP)
def test_oid_09_a_scheme_of_its_own_is_for_native_applications(uri: str) -> None:
    assert [each for each in ApplicationType if is_allowed_uri(uri, each)] == [NATIVE]


@pytest.mark.parametrize("uri", BAD)
def test_oid_09_what_may_not(uri: str) -> None:
    assert not any(is_allowed_uri(uri, each) for each in ApplicationType)
    assert not is_https_uri(uri)
    assert not is_backchannel_uri(uri)


@given(ADDRESS)
@example("https://shop.example\\@evil.example/")
@example("http://localhost@evil.example/")
@example("https://shop.example/\u2028")
def test_oid_09_whatever_is_allowed_is_read_by_everybody_alike(uri: str) -> None:
    for kind in ApplicationType:
        if is_allowed_uri(uri, kind):
            parts = urlsplit(uri)
            assert uri.isascii()
            assert uri.isprintable()
            assert not set(uri) & set(" \\#\t\r\n")
            assert parts.scheme == "https" or kind == NATIVE or parts.hostname in ("localhost", "127.0.0.1", "::1")
            if parts.scheme in ("https", "http"):
                assert parts.hostname
                assert parts.username is parts.password is None
                assert uri.startswith(f"{parts.scheme}://{parts.netloc}")
            else:
                assert "." in parts.scheme


@given(st.sampled_from([*GOOD, *APP]), st.integers(0, 40), st.text(st.characters(min_codepoint=32), max_size=2))
def test_oid_03_an_address_is_compared_byte_for_byte(uri: str, at: int, other: str) -> None:
    """With something in the place of one character, or more of them."""
    changed = uri[:at] + other + uri[at + 1 :]
    for kind in ApplicationType:
        assert is_registered(uri, GOOD + APP, kind)
        if changed not in GOOD + APP and is_registered(changed, GOOD + APP, kind):
            before, after = urlsplit(uri), urlsplit(changed)
            assert kind == NATIVE
            assert after.scheme == "http"
            assert changed.removeprefix(f"http://{after.netloc}") == uri.removeprefix(f"http://{before.netloc}")
            assert after.hostname == before.hostname


@given(st.integers(1, 65535))
def test_oid_03_of_a_loopback_address_the_port_is_free(port: int) -> None:
    for host in ("localhost", "127.0.0.1", "[::1]"):
        registered, asked = [f"http://{host}/back"], f"http://{host}:{port}/back"
        assert is_registered(asked, registered, NATIVE)
        assert is_registered(asked, registered, WEB) is False
        assert not is_registered(f"https://{host}:{port}/back", registered, NATIVE)
        assert not is_registered(f"http://{host}:{port}/other", registered, NATIVE)
        for more in ("#", "#x", "?", "/", "?x=1"):
            assert not is_registered(f"http://{host}:{port}/back{more}", registered, NATIVE)


def test_oid_10_the_back_channel_is_on_loopback_where_we_are() -> None:
    for base_url, on_loopback in (("http://localhost:8000", True), ("https://auth.example.com", False)):
        with configured(BASE_URL=base_url):
            assert is_backchannel_uri("https://shop.example/logout")
            assert is_backchannel_uri("http://127.0.0.1:9000/logout") is on_loopback
            assert not is_backchannel_uri("http://shop.example/logout")
            assert not is_backchannel_uri("com.example.app:/logout")


def test_oid_07_no_application_asks_for_tokens_of_ours() -> None:
    with configured(BASE_URL="https://auth.example.com", JWT_AUDIENCE="https://api.example.com/v1"):
        for ours in ("https://auth.example.com", "https://auth.example.com/", "https://api.example.com/v1"):
            assert not is_resource(ours)
        for other in ("https://auth.example.com/mcp", "https://api.example.com", "http://orders.internal:8080/"):
            assert is_resource(other)
        for none in ("urn:api", "orders", "https://orders.example#v1", ""):
            assert not is_resource(none)
