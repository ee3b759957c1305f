"""One request's language is not the next one's; it is one of ours, whatever is asked for."""

import json
import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.test import RequestFactory
from django.utils import translation
from rest_framework import serializers

from tests import pseudo_locale
from tests.configured import configured
from tests.world import Api, Http
from vestibule.courier import messages, rendering
from vestibule.courier.message_kind import MessageKind
from vestibule.web.language import choose_language
from vestibule.web.pages.gallery.messages import message_params

XA = pseudo_locale.LANGUAGE
OTHERS = [("de", "German"), ("fr", "French"), ("sv", "Swedish"), ("da", "Danish")]  # the last two are not ours


@pytest.fixture(scope="module", autouse=True)
def _languages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pseudo_locale.installed(tmp_path_factory.mktemp("locale"), *OTHERS):
        yield


@pytest.mark.parametrize("languages", [("sv", "en"), ("en", "sv"), ("da", "sv")])
def test_a_message_is_in_the_language_of_its_request(api: Api, languages: tuple[str, str]) -> None:
    """The messages of DRF's validators are written when they are first read."""
    written = {"en": "Ensure this field has no more than", "sv": "Se till att detta", "da": "Tjek at dette felt"}
    for language in languages:
        body = {"email": "a@b.example", "password": "x" * 5000}
        reply = api.post("register/start", body, **{"Accept-Language": language})
        [message] = reply.body["errors"]["password"]
        assert message.startswith(written[language]), (language, message)
    assert serializers.CharField().error_messages["blank"]


@pytest.mark.parametrize("typed", ["no address", "a@b", "ä@example.com"])
def test_what_a_flow_refuses_is_said_in_the_language_of_its_request(api: Api, typed: str) -> None:
    for language, said in (
        (XA, pseudo_locale.bracketed),
        ("en", str),
        ("xx, es;q=0.5", str),
        (f"{XA};q=0.4", pseudo_locale.bracketed),
    ):
        reply = api.post("register/start", {"email": typed, "password": "a"}, **{"Accept-Language": language})
        assert reply.body["title"] == said("Validation failed")
        assert reply.body["detail"] == said("2 fields need attention.")
        assert reply.body["errors"]["email"] == [said("Enter a valid email address.")]
        assert said("Use at least 12 characters.") in reply.body["errors"]["password"]


@pytest.mark.parametrize(
    ("path", "headers", "chosen"),
    [
        ("/login/", {}, "en"),
        ("/login/", {"Accept-Language": "de-AT, en;q=0.5"}, "de"),
        ("/login/", {"Accept-Language": "de;q=0.2, fr;q=0.9"}, "fr"),
        ("/login/?ui_locales=xx+fr-CA+de", {"Accept-Language": "de"}, "fr"),
        ("/login/?ui_locales=fr", {"Cookie": "language=de", "Accept-Language": "en"}, "de"),
        ("/login/", {"Cookie": "language=xx", "Accept-Language": "fr"}, "fr"),
        ("/login/", {"Accept-Language": "ja, zh-Hant, *"}, "en"),
        ("/api/auth/login", {"Cookie": "language=de", "Accept-Language": "fr"}, "fr"),
        ("/api/auth/login?ui_locales=fr", {"Cookie": "language=de"}, "en"),
        ("/api/auth/login", {"Accept-Language": f"{XA}, de"}, XA),
        ("/login/", {"Cookie": "visit_language=fr; language=de"}, "de"),
        ("/login/?ui_locales=xx", {"Cookie": "visit_language=fr"}, "en"),
        ("/login/", {"Cookie": "visit_language=fr", "Accept-Language": "de"}, "fr"),
        ("/api/auth/login", {"Cookie": "visit_language=fr"}, "en"),
        ("/admin/", {"Cookie": "visit_language=fr; language=de", "Accept-Language": XA}, "en"),
    ],
)
def test_the_language_is_the_first_that_we_have(path: str, headers: dict[str, str], chosen: str) -> None:
    assert choose_language(RequestFactory().get(path, headers=headers)) == chosen


HOSTILE = [
    "x" * 10_000,
    "en-" * 3000,
    "de\x00",
    "../../etc/passwd",
    "{0.__class__}",
    "%(n)s",
    "ü",
    "-",
    ";q=",
    ",,,",
    "*",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_language_that_is_none_is_ignored(house: None, hostile: str) -> None:
    http = Http(raise_request_exception=False)
    for path in ("/login/", "/api/auth/config"):
        for headers in (
            {"Accept-Language": hostile},
            {"Cookie": f"language={hostile}"},
            {"Cookie": f"visit_language={hostile}"},
        ):
            assert http.get(path, headers=headers).status_code == 200
        assert http.get(path, {"ui_locales": hostile}).status_code == 200
        assert http.get(path, {"ui_locales": f"{hostile} " * 200}).status_code == 200


def test_a_page_says_its_language_and_the_thread_forgets_it(house: None) -> None:
    with translation.override("fr"):
        page = Http().get("/no-such-page/", headers={"Accept-Language": XA}).content.decode()
        assert translation.get_language() == "fr"
    assert f'<html lang="{XA}"' in page
    assert pseudo_locale.bracketed("There is nothing here.") in page


PARAMS: dict[str, str | int] = {
    "at": "2026-03-01T12:00:05.000001+00:00",
    "address": "192.0.2.1",
    "link": "https://l",
    "hours": 6,
}


@pytest.mark.parametrize("kind", messages.KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_of_message_speaks_the_language_it_is_given(kind: MessageKind) -> None:
    """Whatever the thread speaks: the subject, by mail and by SMS, and what a digest lists."""
    held = json.dumps({"password_changed": {"times": 2, "links": [], "at": PARAMS["at"], "address": ""}})
    params = {
        **PARAMS,
        "code": "042042",
        "minutes": 10,
        "hours": 6,
        **({"held": held} if kind.name == "digest" else {}),
    }
    for spoken, language, said in (("en", XA, pseudo_locale.bracketed), (XA, "en", str)):
        with translation.override(spoken):
            mail, sms = rendering.render_mail(kind, params, language), rendering.render_sms(kind, params, language)
            assert translation.get_language() == spoken
        brand = {"brand": "Vestibule", "code": "042042"}
        subject = said(str(kind.code_subject or kind.subject)) % brand
        assert mail.subject in (f"{subject} · Vestibule", subject)
        assert sms.subject == said(str(kind.subject)) % brand
        assert f'<html lang="{language}" dir="ltr">' in mail.html
        assert not kind.says or said(str(kind.says)) in " ".join(mail.text.split())
        assert "on March 1, 2026, noon UTC" in mail.text
        if "held" in params:
            assert f"{said('Your password was changed')}: 2 times, last on March 1, 2026, noon UTC." in mail.text


_SAID = re.compile(r"\[[^\[\]]*\]")  # what a sentence of this language is, with none in it


@pytest.mark.parametrize("kind", messages.KINDS.values(), ids=lambda kind: kind.name)
def test_no_word_of_a_message_is_unmarked(kind: MessageKind) -> None:
    params = {**message_params(kind), "at": "then"}  # as an older version wrote it
    with configured(SUPPORT_EMAIL="help@example.com", BRAND_TERMS_URL="https://l/", BRAND_IMPRINT_URL="https://l/"):
        mail, sms = rendering.render_mail(kind, params, XA), rendering.render_sms(kind, params, XA)
    html = re.sub(r"<style>.*?</style>|<[^>]+>", " ", unescape(mail.html), flags=re.DOTALL)
    for part in (mail.subject, mail.text, html, sms.text):
        left = re.sub(r"https?://[^\s\]]+|\S*@\S+|Vestibule|#?\d{6}", " ", part)
        while _SAID.search(left):
            left = _SAID.sub(" ", left)
        assert not re.search(r"[^\W\d_]{2,}", left), left
