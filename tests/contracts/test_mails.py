"""What every kind of mail looks like to whom it reaches: two parts that say the same, a preview, buttons, a code."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path

import pytest
from django.urls import reverse

from tests.configured import configured
from vestibule.conf import conf
from vestibule.courier import links, messages, rendering
from vestibule.courier.message_kind import Cause, MessageKind
from vestibule.courier.messages import KINDS
from vestibule.kernel.linked_pages import LINKED_PAGES
from vestibule.web.pages.gallery.messages import message_params

pytestmark = pytest.mark.usefixtures("house")
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)

HREF, PREHEADER = re.compile(r'href="(http[^"]+)"'), re.compile(r'<div style="display:none[^>]*>(.*?)</div>', re.DOTALL)
BUTTON = re.compile(r'<a href="([^"]+)"[^>]*>([^<]+)</a></td>')
URL = re.compile(r"https?://\S+")
APP, HOME = "https://app.example.com", "http://localhost:9999"
# Words that ask the reader for an act, beside those that say to type the code.
ASKS = re.compile(r"use the link|sign in (again|or)|choos|undo|confirm|check in|create a|keep|add .* again", re.I)


def mail(kind: MessageKind, **more: str | int) -> rendering.RenderedMessage:
    """A mail of this kind with what its flow gives it."""
    return rendering.render_mail(kind, {**message_params(kind), **more})


def body_of(html: str) -> str:
    """What is shown of the HTML, without tags and the preview."""
    return unescape(re.sub(r"<[^>]+>", " ", PREHEADER.sub("", html[html.index("<body") :])))


def words(text: str) -> list[str]:
    return URL.sub(" ", text).split()


@every_kind
def test_ux_07_both_parts_say_the_same_and_link_to_the_same(kind: MessageKind) -> None:
    found = mail(kind)
    assert [conf.brand.name, *words(found.text)] == words(body_of(found.html))
    assert sorted(set(URL.findall(found.text))) == sorted({unescape(each) for each in HREF.findall(found.html)})


@every_kind
def test_ux_07_nothing_is_unfilled_and_a_text_is_easy_to_read(kind: MessageKind) -> None:
    found, sms = mail(kind), rendering.render_sms(kind, message_params(kind))
    for part in (found.subject, found.text, found.html, sms.text):
        assert not re.search(r"\{\{|\{%|%\(|\bNone\b", part), part
    for part in (found.subject, found.text, sms.text):
        assert not re.search(r"&(#\w+|\w+);|<\w", part), part
    lines = found.text.splitlines()
    assert not [line for line in lines if len(line) > 76 and not URL.fullmatch(line)]
    assert not [line for line in lines if URL.search(line) and not URL.fullmatch(line)]
    assert "\n\n\n" not in found.text


@every_kind
def test_ux_07_an_inbox_shows_more_than_the_subject(kind: MessageKind) -> None:
    found = mail(kind)
    [preview] = PREHEADER.findall(found.html)
    shown = " ".join(unescape(preview).replace("\u2007", " ").replace("\u034f", " ").split())
    assert shown == str(kind.preview or kind.says)
    assert shown not in (found.subject, str(kind.subject), "")


@every_kind
def test_ux_07_what_a_mail_asks_for_has_a_button(kind: MessageKind) -> None:
    found = mail(kind)
    buttons = BUTTON.findall(found.html)
    asks = ASKS.search(" ".join(map(str, (kind.says, kind.preview, kind.then))))
    assert bool(buttons) == bool(kind.actions)
    assert buttons or kind.code_subject or not asks
    for url, label in buttons:
        assert f"{unescape(label)}\n{unescape(url)}\n" in found.text


def test_ux_07_a_security_mail_without_a_link_of_its_own_leads_to_a_new_password() -> None:
    """A reset tells the owner of the new password, and its link is used."""
    params: Mapping[str, str | int] = {**message_params(messages.PASSWORD_CHANGED), "link": ""}
    found = rendering.render_mail(messages.PASSWORD_CHANGED, params)
    assert BUTTON.findall(found.html) == [(links.page_url("password_reset"), "Choose a new password")]


def test_ux_07_who_has_an_account_gets_two_buttons() -> None:
    for settings, start in (({"FRONTEND_URL": ""}, conf.base_url), ({"FRONTEND_URL": APP}, APP)):
        with configured(**settings):
            found = mail(messages.ALREADY_REGISTERED)
            pages = [links.page_url("login"), links.page_url("password_reset")]
        assert [url for url, _ in BUTTON.findall(found.html)] == pages
        assert all(url.startswith(start) for url in URL.findall(found.text) + HREF.findall(found.html))


def _every_page() -> Iterator[tuple[str, str]]:
    for page in LINKED_PAGES:
        yield page, reverse(f"vestibule_pages:{page}").strip("/")


def test_ux_14_a_link_opens_the_front_end_only_where_it_has_the_page() -> None:
    with configured(FRONTEND_URL=APP, FRONTEND_PAGES=("verify_email",), BASE_URL=HOME):
        for page, path in _every_page():
            ours = f"{HOME}/{path}/?token=t"
            assert links.page_url(page, "t") == (f"{APP}/{path}?token=t" if page == "verify_email" else ours)  # type: ignore[arg-type]


def test_ux_14_every_page_that_a_message_links_to_is_in_the_settings_document() -> None:
    text = Path("docs/settings.md").read_text()
    rows = re.findall(r"^\| .* \| `(\w+)` \| `/([\w/-]+)(?:\?token=…)?` \|", text, re.MULTILINE)
    assert rows == list(_every_page())


@every_kind
def test_ux_20_a_code_that_is_typed_stands_in_the_subject(kind: MessageKind) -> None:
    """And a kind that has none shows none, whatever it is given."""
    found = mail(kind, code="04204242", minutes=10)
    assert found.subject.startswith("04204242 is your ") == bool(kind.code_subject)
    assert ("04204242" in found.text + found.html) == bool(kind.code_subject)
    assert found.subject.count(conf.brand.name) == 1


def test_ux_20_a_mail_in_arabic_is_mirrored_and_its_code_is_not() -> None:
    with configured(LANGUAGES=[("en", "English"), ("ar", "Arabic")]):
        found = rendering.render_mail(messages.VERIFY_ADDRESS, message_params(messages.VERIFY_ADDRESS), "ar")
    assert '<html lang="ar" dir="rtl">' in found.html
    assert '<div class="v-ground v-text" lang="ar" dir="rtl"' in found.html  # where a mail program drops <html>
    assert re.search(r'<p class="v-code" dir="ltr"[^>]*>\d+</p>', found.html)
    assert not re.search(r"(left|right):|text-align:(left|right)", found.html)


def test_ux_07_a_link_of_a_secret_is_its_own_and_no_page() -> None:
    """The first action of what has a way back, or a link that proves, is the link of the message."""
    for kind in KINDS.values():
        if kind.cause is Cause.ACCOUNT_WITH_UNDO:
            assert kind.actions[0].page is None, kind.name
