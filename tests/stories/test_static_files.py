"""UX-15: every static file that a page names is kept for a year under a name of its content, and is sent compressed."""

import gzip
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.safestring import mark_safe

from tests import gallery
from tests.configured import configured
from tests.desk import PageDesk, account, given
from tests.world import Api, Http, Inbox
from vestibule.service.static_files import _loaded, find_file
from vestibule.web.pages.gallery.registry import GROUPS, list_states

NAMED = re.compile(r"""["'(](/static/[^"')\s]+)""")
DIGESTED = re.compile(r"\.[0-9a-f]{12}(\.\w+)$")
COMPRESSIBLE = (".css", ".js", ".svg")
SMALL = 400  # bytes, of which gzip may make more
STYLESHEET = "vestibule/pages/house.css"


def named_by(text: str, path: str) -> set[str]:
    """The static files that a page or a style sheet names."""
    found = set(NAMED.findall(text))
    if path.endswith(".css"):
        said = re.findall(r"url\(\s*['\"]?([^'\")]+)", text)
        found |= {urljoin(path, each) for each in said if not each.startswith(("data:", "#"))}
    return found


@pytest.fixture
def admin(house: None, inbox: Inbox) -> Http:
    """An admin's browser."""
    account(Api(), inbox, "root@example.com")
    given("root@example.com", "admin")
    return PageDesk("root@example.com").http


def every_page() -> list[str]:
    """One state of each page, the API's documentation, and the admin."""
    states = {
        state.path: f"{gallery.ROOT}{group}/{name}/" for group in GROUPS for name, state in list_states(group).items()
    }
    tables = ("", "accounts/user/", "courier/message/", "audit/auditevent/", "applications/application/", "export/")
    return [*states.values(), "/api/docs", "/login/", *(f"/admin/{each}" for each in tables)]


def test_ux15_every_static_file_that_a_page_names_is_kept_and_compressed(admin: Http) -> None:
    pages = every_page()
    waiting = {url for path in pages for url in named_by(admin.get(path).content.decode(), path)}
    seen: set[str] = set()
    while waiting:
        url = waiting.pop()
        seen.add(url)
        plain = admin.get(url)
        assert plain.status_code == 200, url
        assert DIGESTED.search(url), url
        assert plain["Cache-Control"] == "public, max-age=31536000, immutable", url
        assert "Content-Encoding" not in plain
        if url.endswith(COMPRESSIBLE) and len(plain.content) > SMALL:
            assert_compressed(admin, url, plain.content)
        if url.endswith(".css"):
            waiting |= named_by(plain.content.decode(), url) - seen
        else:
            assert (
                plain.content == Path(str(finders.find(DIGESTED.sub(r"\1", url).removeprefix("/static/")))).read_bytes()
            )
    assert len(seen) > 20
    assert {url.rpartition(".")[2] for url in seen} >= {"css", "js", "svg", "woff2"}


def assert_compressed(http: Http, url: str, content: bytes) -> None:
    """Smaller, and the same."""
    packed = http.get(url, headers={"Accept-Encoding": "gzip, deflate, br"})
    assert packed["Content-Encoding"] == "gzip", url
    assert packed["Vary"] == http.get(url)["Vary"] == "Accept-Encoding"
    assert len(packed.content) < len(content)
    assert gzip.decompress(packed.content) == content
    assert packed["ETag"] != http.get(url)["ETag"]


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip ; q=1.0", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, br", False),
        ("xgzip", False),
    ],
)
def test_ux15_it_is_compressed_for_who_takes_it(accepted: str, packed: bool) -> None:
    answer = Http().get(static(STYLESHEET), headers={"Accept-Encoding": accepted})
    assert ("Content-Encoding" in answer) == packed


def test_a_file_is_read_once_and_what_is_none_is_not_remembered(tmp_path: Path) -> None:
    """The name and the content are of one moment, whatever is done to the file; and strangers fill no memory."""
    (tmp_path / "x.css").write_text("a{}")
    with configured(STATICFILES_DIRS=[("brand", tmp_path)]):
        url = static(mark_safe("brand/x.css"))  # as a template has it
        (tmp_path / "x.css").write_text("b{}")
        assert (Http().get(url).content, static("brand/x.css")) == (b"a{}", url)
        assert Http().get("/static/no-such.css").status_code == 404
        assert "no-such.css" not in _loaded
    with configured(STATICFILES_DIRS=[("brand", tmp_path)], DEBUG=True):
        assert static("brand/x.css") != url


def test_a_browser_that_has_it_is_told_so() -> None:
    http, url = Http(), static(STYLESHEET)
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        tag = http.get(url, headers=headers)["ETag"]
        again = http.get(url, headers={**headers, "If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again["Cache-Control"] == "public, max-age=31536000, immutable"
    assert http.head(url).status_code == 200
    assert http.post(url).status_code == 405


def test_a_name_of_another_release_is_answered_and_not_kept() -> None:
    """While machines are replaced one by one, a page of the one may ask the other."""
    other = DIGESTED.sub(r".000000000000\1", static(STYLESHEET))
    answer = Http().get(other)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    plain = Http().get(f"/static/{STYLESHEET}")
    assert (plain.status_code, plain["Cache-Control"]) == (200, "public, max-age=60")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "no-such.css",
            "../pyproject.toml",
            "..%2fsettings.py",
            "vestibule/pages/../pages/house.css",
            "vestibule/pages",
        ),
        *(
            "vestibule//pages/house.css",
            "/etc/passwd",
            "brand/logo.svg",
            "house.css%00",
            ".000000000000.css",
            "",
            "vestibule/pages",
        ),
        *("drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js",),
        *("drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js.map",),
    ],
)
def test_what_is_no_static_file_is_not_found(path: str) -> None:
    assert Http().get(f"/static/{path}").status_code == 404
    assert static("no-such.css") == "/static/no-such.css"


@pytest.mark.parametrize("name", [".env", ".git/config", "..data/logo.svg", "..2026_11_26/logo.svg", "logo.svg~"])
def test_hidden_files_in_the_folder_of_the_operator_are_not_served(tmp_path: Path, name: str) -> None:
    for each in ("logo.svg", name):
        (tmp_path / each).parent.mkdir(exist_ok=True)
        (tmp_path / each).write_text("x")
    with configured(STATICFILES_DIRS=[("brand", tmp_path)]):
        assert Http().get("/static/brand/logo.svg").status_code == 200
        assert Http().get(f"/static/brand/{name}").status_code == 404


def test_a_style_sheet_of_the_operator_may_hold_anything(tmp_path: Path) -> None:
    said = (
        b"@import 'self.css'; a { background: url(self.css) url('x.png') url(data:image/png;base64,AA) url(#a); } \xff"
    )
    (tmp_path / "self.css").write_bytes(said)
    (tmp_path / "x.png").write_bytes(b"not really")
    with configured(STATICFILES_DIRS=[("brand", tmp_path)]):
        file = find_file("brand/self.css")
        assert file
        assert file.body.content == said.replace(b"x.png", static("brand/x.png").rpartition("/")[2].encode())


def test_ux15_the_colours_of_the_brand_are_kept_until_they_change() -> None:
    found = []
    for colour in ("#ff6b00", "#ffd400"):
        with configured(BRAND_COLOR=colour):
            [url] = re.findall(r'"(/house\.css\?v=\w+)"', Http().get("/login/").content.decode())
            answer = Http().get(url)
            assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
            assert colour in answer.content.decode()
            assert "immutable" not in Http().get("/house.css?v=another")["Cache-Control"]
            found.append(url)
    assert found[0] != found[1]


def test_ux15_the_documentation_of_the_api_is_sent_compressed(house: None) -> None:
    http = Http()
    for accept in ("application/json", "application/yaml"):
        plain = http.get("/api/schema", headers={"Accept": accept})
        packed = http.get("/api/schema", headers={"Accept": accept, "Accept-Encoding": "gzip"})
        assert packed["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.content) == plain.content
        assert len(packed.content) < len(plain.content) / 8
    page = http.get("/api/docs").content.decode()
    assert "standalone" not in page
    sent = [http.get(url, headers={"Accept-Encoding": "gzip"}) for url in NAMED.findall(page)]
    assert sum(len(each.content) for each in sent) < 550_000
