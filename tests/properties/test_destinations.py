"""Where the pages lead: an address of an allowed origin, or a page of ours that may be one; whatever a request says."""

from collections.abc import Sequence
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from django.test import RequestFactory
from hypothesis import example, given
from hypothesis import strategies as st

from tests.configured import configured
from tests.properties.test_return_urls import BAD
from vestibule.web.destination import NEXT, RETURN_TO, Destination, read_destination

APP = "https://app.example.com"
OURS = ("/admin/", "/account/link/")
BASE = "https://house.example"
PATHS = (
    *("/admin", "/adminx/", "/account/", "/account/linkx/", "/account/link", "//admin/", "///admin/", "/%61dmin/"),
    *(
        "/\\evil.example/admin/",
        "/admin/../account/",
        "/admin/%2e%2e/logout/",
        "/admin/.%2E/x",
        "/admin/.",
        "/admin/./",
    ),
    *("/admin/#x", "/admin/\\..\\logout/", "/admin/ x", "/admin/\tx", "/admin/\r\nX: y", "/admin/\x00", "/admin/ü"),
    *(
        "admin/",
        "./admin/",
        " /admin/",
        "/admin/ ",
        "/Admin/",
        "/admin/" + "x" * 4096,
        "",
        "/",
        "?",
        "javascript:/admin/",
    ),
)
PIECES = ("/", "//", "\\", "@", ":", "?", "#", "%2f", "%5c", "%2e%2e", "..", ".", "evil.example", "https:", "\t")
URLS = st.builds(
    lambda start, rest: start + "".join(rest),
    st.sampled_from((*OURS, f"{APP}/", APP, "")),
    st.lists(
        st.sampled_from((*PIECES, *OURS, APP)) | st.characters(exclude_categories=["Cs"]), max_size=6
    ),  # surrogates are no text: nobody can send them,
)


def read(*query: tuple[str, str], posted: Sequence[tuple[str, str]] = ()) -> Destination | None:
    """What a request that says this leads to."""
    path = f"/login/?{urlencode(query)}"
    sent = urlencode(posted)
    factory, form = RequestFactory(), "application/x-www-form-urlencoded"
    with configured(RETURN_URLS=(APP,), FRONTEND_URL=""):
        return read_destination(factory.post(path, sent, content_type=form) if posted else factory.get(path))


def as_browsers_do(url: str) -> str:
    """Where a browser on our pages goes: backslashes are slashes, tabs and line ends are nothing (WHATWG URL, 4.4)."""
    return urljoin(BASE, url.replace("\\", "/").translate(dict.fromkeys(map(ord, "\t\r\n"))))


@pytest.mark.parametrize("field", [RETURN_TO, NEXT])
@pytest.mark.parametrize("url", BAD)
def test_web_04_no_other_address(field: str, url: str) -> None:
    assert read((field, url)) is None
    assert read(("x", "y"), posted=[(field, url)]) is None


@pytest.mark.parametrize("path", PATHS)
def test_web_04_no_other_page_of_ours(path: str) -> None:
    assert read((NEXT, path)) is None


@given(url=URLS, field=st.sampled_from((RETURN_TO, NEXT)))
@example(url="/admin/%252e%252e/logout/", field=NEXT)
@example(url=f"{APP}/%252f%252fevil.example", field=RETURN_TO)
@example(url=f"{APP}/?next=//evil.example", field=NEXT)
def test_web_04_whatever_is_said_leads_there_or_nowhere(url: str, field: str) -> None:
    found = read((field, url))
    if found is None:
        return
    assert found.url == url  # as it was said: nothing is repaired
    assert url.isascii()
    assert url.isprintable()
    gone = urlsplit(as_browsers_do(url))
    if found.field == NEXT:
        assert f"{gone.scheme}://{gone.netloc}" == BASE
        assert gone.path.startswith(OURS)
        assert (found.name, found.form_origin) in (("", ""), ("app.example.com", APP))
    else:
        assert f"{gone.scheme}://{gone.netloc}" == APP
        assert (found.name, found.form_origin) == ("app.example.com", APP)


@given(url=URLS.filter(lambda url: url.startswith("/")))
@example(url="/admin/")
def test_web_04_a_page_of_ours_is_no_address_to_return_to(url: str) -> None:
    assert read((RETURN_TO, url)) is None


def test_web_04_what_is_said_twice_is_not_said() -> None:
    """A proxy or a filter before us may have looked at the other one."""
    good, evil = f"{APP}/", "https://evil.example/"
    assert read((RETURN_TO, good)) == Destination(url=good, name="app.example.com", form_origin=APP)
    for one, other in ((good, evil), (evil, good), (good, good)):
        assert read((RETURN_TO, one), (RETURN_TO, other)) is None
        assert read((NEXT, one), (NEXT, other)) is None
        assert read(("x", "y"), posted=[(RETURN_TO, one), (RETURN_TO, other)]) is None


def test_web_04_what_leads_in_circles_is_read_once() -> None:
    """And a stranger's nesting costs nothing."""
    deep = "/account/link/?next=" * 200 + f"{APP}/"
    found = read((NEXT, deep))
    assert found == Destination(url=deep)
    assert read((NEXT, f"/account/link/?token=x&next={APP}/")) == Destination(
        url=f"/account/link/?token=x&next={APP}/", name="app.example.com", form_origin=APP
    )


def test_the_form_comes_before_the_query_and_the_application_before_us() -> None:
    first, second = f"{APP}/1", f"{APP}/2"
    said = [(RETURN_TO, second)]
    assert getattr(read(*said, posted=[(RETURN_TO, first)]), "url", "") == first
    assert getattr(read(*said, posted=[(NEXT, "/admin/")]), "url", "") == "/admin/"
    assert getattr(read(*said, posted=[(NEXT, "/elsewhere/")]), "url", "") == second
    assert getattr(read((NEXT, "/admin/"), *said), "url", "") == second
