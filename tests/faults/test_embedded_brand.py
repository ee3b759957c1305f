"""UX-13: the worked example of docs/branding.md, as an operator would have it; and what happens where it is broken."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import polib
import pytest

from tests.architecture.test_docs import DOCS
from tests.service import Service

FILES = dict(
    re.findall(r"^`([\w/.-]+)`:\n\n```\w*\n(.*?)^```", (DOCS / "branding.md").read_text(), re.MULTILINE | re.DOTALL)
)
SETTINGS = dict(
    re.findall(
        r'^(\w+)="?([^"\n]+)"?$', (DOCS / "branding.md").read_text().split("```sh\n")[1].split("```")[0], re.MULTILINE
    )
)
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" fill="#f60"/></svg>'


def write_example(folder: Path) -> Path:
    """The folder of the example, with its catalogue compiled."""
    for name, text in {
        **FILES,
        "static/logo.svg": LOGO,
        "static/logo-dark.svg": LOGO,
        "static/favicon.svg": LOGO,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if path.suffix == ".po":
            polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the operator."""
    return write_example(tmp_path_factory.mktemp("acme"))


@pytest.fixture(scope="module")
def service(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with that folder. Its logo is in the folder, its other settings are those of the example."""
    its = {name: value for name, value in SETTINGS.items() if not name.startswith("BRAND_LOGO")}
    with Service(tmp_path_factory.mktemp("var"), BRAND_DIR=str(folder), **its) as running:
        yield running


def fetch(service: Service, path: str) -> str:
    """The text of a page or file."""
    with urlopen(service.url + path) as answer:
        return str(answer.read().decode())


def test_ux13_a_page_is_theirs(service: Service) -> None:
    page = fetch(service, "/register/")
    assert "<title>Create your account · Acme</title>" in page
    assert re.search(
        r'<source srcset="/static/brand/logo-dark[\w.]*\.svg" media="\(prefers-color-scheme: dark\)">', page
    )
    assert re.search(r'<img src="/static/brand/logo[\w.]*\.svg" alt="Acme">', page)
    assert re.search(r'<link rel="icon" href="/static/brand/favicon[\w.]*\.svg">', page)
    assert "<p>Parcels since 1920</p>" in page
    assert "How we treat your data</a>" in page
    assert all(text in page for name, text in SETTINGS.items() if not name.startswith(("BRAND_LOGO", "BRAND_COLOR")))
    assert 'the <a href="https://acme.example/terms">terms</a>' in page
    for url in re.findall(r'(?:href|src|srcset)="(/static/brand/[^"]+)"', page):
        assert fetch(service, url)
    [css] = re.findall(r'href="(/static/brand/brand[\w.]*\.css)"', page)
    assert fetch(service, css) == FILES["static/brand.css"]
    assert page.index("house.") < page.index("/house.css?v=") < page.index(css)


def test_ux13_a_mail_is_theirs(service: Service) -> None:
    service.post("/api/auth/register/start", {"email": "ada@acme.example", "password": "correct horse battery staple"})
    service.code_for("ada@acme.example")
    _, mailbox = service.get("/dev/mailbox/?to=ada@acme.example")
    html = fetch(service, f"/dev/mailbox/{mailbox['messages'][0]['id']}/html")
    assert "Your parcels, Acme" in html
    assert re.search(rf'src="{service.url}/static/brand/logo[\w.]*\.svg"', html)
    assert html.count("<html") == 1


def test_ux13_what_is_broken_stops_the_start(service: Service, folder: Path) -> None:
    assert service.told("django", "check").returncode == 0
    for value, id in ((folder / "nowhere", "E045"), (folder / "static/brand.css", "E045"), (broken(folder), "E046")):
        refused = service.told("serve", BRAND_DIR=str(value))
        assert refused.returncode == 1
        assert f"vestibule.{id}" in refused.stderr
        assert str(value) in refused.stderr


def broken(folder: Path) -> Path:
    """A folder beside it with one template that has no end."""
    other = folder.with_name("broken")
    (other / "templates/vestibule/pages").mkdir(parents=True)
    (other / "templates/vestibule/pages/login.html").write_text("{% block main %}")
    return other
