"""The brand on pages and in mails: its colours, and what cannot be meant."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polib
import pytest
from django.core.checks import ERROR
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.html import escape
from structlog.testing import capture_logs

from tests.configured import configured
from tests.fresh import fresh_settings
from tests.world import Http
from vestibule.conf import conf
from vestibule.courier.messages import KINDS
from vestibule.courier.rendering import render_mail
from vestibule.kernel.colours import contrast_ratio
from vestibule.service.checks import check_brand_folder
from vestibule.service.doctor.brand import check_brand_color
from vestibule.service.doctor.brand import check_brand_folder as examine_brand_folder
from vestibule.service.doctor.check import DoctorRun, Level

COLOURS = ("#ffd400", "#ff6b00", "#ffffff", "#000000", "#3455d1")


def served_properties() -> dict[str, str]:
    """What `/house.css` says."""
    return dict(re.findall(r"--([\w-]+):(#\w+)", Http().get("/house.css").content.decode()))


@pytest.mark.parametrize("colour", COLOURS)
def test_ux13_text_on_the_accent_and_the_accent_as_text_can_be_read(colour: str) -> None:
    with configured(BRAND_COLOR=colour):
        its = served_properties()
    assert its["accent"] == colour
    assert contrast_ratio(its["on-accent"], colour) >= 4.5
    assert contrast_ratio(its["accent-on-light"], "#ffffff") >= 4.5
    assert contrast_ratio(its["accent-on-light"], "#f6f7f9") >= 4.5
    assert contrast_ratio(its["accent-on-dark"], "#1b1e25") >= 4.5
    assert contrast_ratio(its["accent-on-dark"], "#121419") >= 4.5


@pytest.mark.parametrize(("written", "is_"), [("rebeccapurple", "#663399"), ("#FD0", "#ffdd00"), ("Red", "#ff0000")])
def test_a_colour_may_be_named(tmp_path: Path, written: str, is_: str) -> None:
    with fresh_settings(tmp_path, BRAND_COLOR=written) as its:
        assert its.VESTIBULE["BRAND_COLOR"] == is_


@pytest.mark.parametrize("written", ["blurple", "transparent", "currentcolor", "#12", "red;}", "hsl(0,0%,0%)"])
def test_what_is_no_colour_stops_the_start(tmp_path: Path, written: str) -> None:
    with pytest.raises(SystemExit, match=r"vestibule\.E037"), fresh_settings(tmp_path, BRAND_COLOR=written):
        pass


@pytest.mark.parametrize("given", ["blurple", "red", "#12", "red;}"])
def test_a_project_gives_a_colour_in_digits(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="no colour"), configured(BRAND_COLOR=given):
        assert conf.brand_color


LINKS = {
    "BRAND_TERMS_URL": "https://acme.example/terms?a=1&b=2",
    "BRAND_PRIVACY_URL": "https://acme.example/privacy/",
    "BRAND_IMPRINT_URL": "https://acme.example/imprint",
    "BRAND_FOOTER_TEXT": "Acme & Sons <Springfield>",
}


def test_ux13_links_and_words_at_the_foot_of_every_page() -> None:
    with configured(**LINKS):
        for path in ("/register/", "/login/", "/password/reset/", "/problems/throttled", "/no-such-page"):
            page = Http().get(path, headers={"Accept": "text/html"}).content.decode()
            assert all(escape(text) in page for text in LINKS.values()), path
    assert "<footer>" in page
    assert not any(word in Http().get("/login/").content.decode() for word in ("Terms", "Privacy", "Imprint"))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"BRAND_TERMS_URL", "BRAND_PRIVACY_URL"},
            'By continuing you agree to the <a href="https://acme.example/terms?a=1&amp;b=2">terms</a> and the <a'
            ' href="https://acme.example/privacy/">privacy policy</a>.',
        ),
        ({"BRAND_TERMS_URL"}, 'agree to the <a href="https://acme.example/terms?a=1&amp;b=2">terms</a>.'),
        ({"BRAND_PRIVACY_URL"}, 'agree to the <a href="https://acme.example/privacy/">privacy policy</a>.'),
        (set(), ""),
    ],
)
def test_ux13_the_sign_up_says_what_people_agree_to(given: set[str], sentence: str) -> None:
    with configured(**{name: LINKS[name] for name in given}):
        page = Http().get("/register/").content.decode()
        by_provider = Http().get("/dev/gallery/sign-up/social-email/").content.decode()
    assert sentence in page
    assert sentence in by_provider
    assert ("By continuing" in page) == ("By continuing" in by_provider) == bool(given)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("BRAND_TERMS_URL", "javascript:alert(1)"),
        ("BRAND_TERMS_URL", "/terms"),
        ("BRAND_LOGO_URL", "javascript:alert(1)"),
        ("BRAND_LOGO_URL", "//cdn.example/logo.png"),
        ("BRAND_FAVICON_URL", "data:image/png;base64,AAAA"),
        ("BRAND_LOGO_DARK_URL", "ftp://cdn.example/logo.png"),
    ],
)
def test_what_leads_nowhere_is_refused(tmp_path: Path, name: str, wrong: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=name), configured(**{name: wrong}):
        assert conf.brand_color
    with pytest.raises(SystemExit, match=r"vestibule\.E036"), fresh_settings(tmp_path, **{name: wrong}):
        pass


def test_ux19_a_title_says_that_something_is_wrong_and_the_brand_once(house: None) -> None:
    http = Http()
    answers = (http.get("/login/"), http.post("/login/", {"name": "nobody", "password": "x"}))
    titles = [re.findall("<title>(.*?)</title>", each.content.decode()) for each in answers]
    assert titles == [["Sign in · Vestibule"], ["Error · Sign in · Vestibule"]]


def test_ux13_the_policy_names_the_origin_of_a_logo_and_no_other(tmp_path: Path) -> None:
    images = {
        "BRAND_LOGO_URL": "https://cdn.acme.example/a/logo.png?v=1",
        "BRAND_FAVICON_URL": "http://localhost:9/i.ico",
    }
    with fresh_settings(tmp_path, **images) as its:
        policy = its.CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"]
    assert policy == ["'self'", "data:", "https://cdn.acme.example", "http://localhost:9"]


@contextmanager
def operator_templates(folder: Path) -> Iterator[None]:
    """The templates, texts and files of an operator's folder, as service/settings/brand.py puts them before ours."""
    with fresh_settings(folder, BRAND_DIR=str(folder)) as its:
        names = ("BRAND_DIR", "TEMPLATES", "LOCALE_PATHS", "STATICFILES_DIRS")
        changed = {name: getattr(its, name) for name in names}
    with configured(**changed):
        yield


def write(folder: Path, name: str, text: str) -> Path:
    """A file of the operator's."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


FAILING = {
    "a tag that is none": "{% no_such_tag %}",
    "a page that is none": '{% extends "vestibule/pages/layout.html" %}{% block main %}{% url "no" %}{% endblock %}',
    "an include that is none": '{% include "no-such.html" %}',
    "a parent that is none": '{% extends "no-such.html" %}',
    "no end": "{% block main %}",
}


@pytest.mark.parametrize("text", FAILING.values(), ids=FAILING.keys())
def test_ux13_a_template_that_fails_costs_nobody_a_page(tmp_path: Path, text: str) -> None:
    """Ours is shown instead, whatever was changed after the start."""
    write(tmp_path, "templates/vestibule/pages/login.html", text)
    with operator_templates(tmp_path), capture_logs() as logs:
        answer = Http().get("/login/")
    assert answer.status_code == 200
    assert "Sign in</h1>" in answer.content.decode()
    assert [each["template"] for each in logs if each["event"] == "brand.template_failed"] == [
        "vestibule/pages/login.html"
    ]


def test_ux13_the_log_of_a_template_that_fails_holds_nothing_of_the_person(tmp_path: Path) -> None:
    """The exceptions of Django's templates repeat the whole context."""
    kind = KINDS["registration_code"]
    write(tmp_path, "templates/vestibule/courier/mail.html", "{{ code|add:nothing.here }}")
    with operator_templates(tmp_path), capture_logs() as logs:
        mail = render_mail(kind, {"code": "483920", "minutes": 10, "at": "2026-01-01T00:00:00"})
    assert "483920" in mail.html
    assert [(each["event"], each["error"]) for each in logs] == [("brand.template_failed", "VariableDoesNotExist")]
    assert "483920" not in repr(logs)


def test_ux13_a_layout_that_fails_costs_nobody_a_page_or_a_mail(tmp_path: Path) -> None:
    write(tmp_path, "templates/vestibule/pages/layout.html", "{% block %}")
    write(tmp_path, "templates/vestibule/courier/mail.html", '{% extends "vestibule/courier/mail.html" %}{% oops %}')
    (tmp_path / "templates/vestibule/pages/register.html").mkdir()
    with operator_templates(tmp_path):
        pages = [Http().get(path) for path in ("/login/", "/register/", "/admin/login/", "/no-such-page")]
        mail = render_mail(KINDS["registration_code"], {"code": "123456", "minutes": 10, "at": "2026-01-01T00:00:00"})
    assert {page.status_code for page in pages} <= {200, 303, 404}
    assert "123456" in mail.html


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("templates/vestibule/pages/login.html", "{% block main %}"),
        ("templates/vestibule/courier/mail.html", "{{ brand.name"[:-6] + "{% if %}"),
        ("templates/vestibule/pages/part.html", "{% load nothing %}"),
        ("locale/en/LC_MESSAGES/django.mo", "no catalogue"),
    ],
)
def test_ux13_what_is_broken_in_the_folder_is_said_before_anybody_meets_it(
    tmp_path: Path, name: str, text: str
) -> None:
    path = write(tmp_path, name, text)
    with operator_templates(tmp_path):
        [problem] = check_brand_folder()
        told = [
            each.message for each in examine_brand_folder(DoctorRun(at=timezone.now())) if each.level == Level.ERROR
        ]
    assert (problem.id, problem.level) == ("vestibule.E046", ERROR)
    assert str(path) in problem.msg
    assert [str(path) in each for each in told] == [True]


def test_ux13_a_text_that_asks_for_what_is_not_there_is_said(tmp_path: Path) -> None:
    catalogue = polib.POFile()
    catalogue.append(polib.POEntry(msgid="Continue to %(name)s", msgstr="On to %(nom)s"))
    path = write(tmp_path, "locale/en/LC_MESSAGES/django.mo", "")
    catalogue.save_as_mofile(str(path))
    with operator_templates(tmp_path):
        [problem] = check_brand_folder()
    assert "nom" in problem.msg


def test_ux13_a_text_that_is_not_compiled_is_said(tmp_path: Path) -> None:
    write(tmp_path, "locale/en/LC_MESSAGES/django.po", 'msgid "Help"\nmsgstr "Ask us"\n')
    with operator_templates(tmp_path):
        [doubt] = check_brand_folder()
    assert (doubt.id, "msgfmt" in str(doubt.hint)) == ("vestibule.W008", True)


@pytest.mark.parametrize(("colour", "told"), [("#ffd400", "1.43:1"), ("#ff6b00", "2.86:1"), ("#ffffff", "black")])
def test_ux13_the_doctor_says_what_was_made_of_the_colour(colour: str, told: str) -> None:
    with configured(BRAND_COLOR=colour):
        [found] = check_brand_color(DoctorRun(at=timezone.now()))
    assert told in found.message
    assert "darkened to" in found.message
