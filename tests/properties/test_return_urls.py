"""Where a browser may be sent back to: an allowed origin, letter for letter, and nothing that is read as another."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.configured import configured
from vestibule.conf import conf
from vestibule.kernel.return_urls import add_to_query, is_return_url

ORIGINS = frozenset({"https://app.example.com", "http://localhost:3000", "https://[2001:db8::1]:8443"})
GOOD = (
    "https://app.example.com",
    "https://app.example.com/",
    "https://app.example.com/welcome?next=/a&b=c",
    "https://app.example.com?next=https://other.example.com//x",
    "http://localhost:3000/callback/",
    "https://[2001:db8::1]:8443/x",
)
BAD = (
    *("", "/", "/welcome", "//app.example.com", "//evil.example", "app.example.com", "https:app.example.com"),
    *("https:/app.example.com/", "https:///app.example.com/", "https://app.example.com//evil.example"),
    *("http://app.example.com/", "https://app.example.com:443/", "https://app.example.com:8443/"),
    *("https://app.example.com:/", "http://localhost/", "http://localhost:3001/"),
    *("HTTPS://app.example.com/", "https://APP.example.com/", "https://app.example.com./"),
    *("https://app.example.com.evil.example/", "https://evil.example/app.example.com", "https://evilapp.example.com/"),
    *("https://x.app.example.com/", "https://example.com/", "https://com/"),
    *("https://app.example.com@evil.example/", "https://user@app.example.com/", "https://a:b@app.example.com/"),
    *(
        "https://evil.example\\@app.example.com/",
        "https://app.example.com\\@evil.example/",
        "https:\\\\app.example.com/",
    ),
    *("https://app.example.com/\\evil.example", "https://app.example.com\\.evil.example/"),
    *(
        "https://app.example.com%2eevil.example/",
        "https://app.example.com%00.evil.example/",
        "https://app%2eexample.com/",
    ),
    *(
        "https://app.example.com/#x",
        "https://app.example.com#@evil.example/",
        "https://evil.example/#https://app.example.com",
    ),
    *(
        " https://app.example.com/",
        "https://app.example.com/ ",
        "https://app.example.com/a b",
        "https://app.example.com\t/",
    ),
    *(
        "https://app.example.com/\r\nLocation: https://evil.example/",
        "https://app.example.com/\n",
        "\x00https://app.example.com/",
    ),
    *("java\nscript:alert(1)", "javascript:alert(1)", "javascript://app.example.com/%0aalert(1)", "data:text/html,x"),
    *("ftp://app.example.com/", "blob:https://app.example.com/", "file:///etc/passwd", "about:blank"),
    *(
        "https://аpp.example.com/",
        "https://app。example.com/",
        "https://app.example.com/ü",
        "https://app.example.com／x",
    ),
    *("https://app.example.com;evil.example/", "https://app.example.com,evil.example/", "https://*/"),
    f"https://app.example.com/{'a' * 2048}",
)


@pytest.mark.parametrize("url", GOOD)
def test_fed_09_an_allowed_origin_with_any_path_and_query(url: str) -> None:
    assert is_return_url(url, ORIGINS)


@pytest.mark.parametrize("url", BAD)
def test_fed_09_what_is_no_address_of_an_allowed_origin(url: str) -> None:
    assert not is_return_url(url, ORIGINS)


@given(st.text(alphabet=st.sampled_from("aA:/\\@?#.%[]\t\n\x00 -;&=e\u3002\uff0f") | st.characters(), max_size=40))
@example("")
@example("@evil.example")
def test_fed_09_whatever_follows_an_origin_the_host_stays(rest: str) -> None:
    """Every URL that is accepted is read by a parser of URLs, and with the slashes turned as browsers do, as one of the
    allowed origin; and what is added to its query arrives."""
    for origin in ORIGINS:
        url = origin + rest
        if is_return_url(url, ORIGINS):
            for read in (url, url.replace("\\", "/")):
                parts = urlsplit(read)
                assert f"{parts.scheme}://{parts.netloc}" == origin
            assert url.isascii()
            assert url.isprintable()
            sent = add_to_query(url, social_code="a&b=#c")
            assert parse_qs(urlsplit(sent).query)["social_code"] == ["a&b=#c"]
            assert sent.startswith(url)


@given(st.text(max_size=60))
def test_fed_09_no_text_is_an_address_but_by_an_allowed_origin(url: str) -> None:
    assert is_return_url(url, ORIGINS) is (url in GOOD)
    assert not is_return_url(url, frozenset())


def test_the_origins_are_those_of_the_settings() -> None:
    with configured(FRONTEND_URL="https://App.example.com:443/app", RETURN_URLS=["http://localhost:3000"]):
        assert conf.return_origins == {"https://app.example.com", "http://localhost:3000"}
    with configured(FRONTEND_URL="", RETURN_URLS=[]):
        assert conf.return_origins == set()
