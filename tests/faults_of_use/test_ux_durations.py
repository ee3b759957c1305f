"""A wait is told in words that people use, counts down, and ends (UX 5)."""

import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation

import vestibule.web.pages
from tests.browsing import alert_words
from tests.world import Api, Pages
from vestibule.web.durations import name_duration

TEMPLATES = Path(vestibule.web.pages.__file__).parent / "templates"
RAW = re.compile(r"\{\{\s*(retry_after|resend_in|code_expires_in)\s*(\|(?!countdown|duration)[^}]*)?\}\}(?!\")")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 minutes"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (121, "3 minutes"),
        (1854, "31 minutes"),
        (7199, "120 minutes"),
        (7200, "2 hours"),
        (7201, "3 hours"),
        (6 * 3600, "6 hours"),
        (172_799, "48 hours"),
        (172_800, "2 days"),
        (14 * 86_400, "14 days"),
    ],
)
def test_ux_05_a_duration_is_named_in_the_unit_that_people_use(seconds: int, words: str) -> None:
    with translation.override("en"):
        assert name_duration(seconds) == words
        shown = Template("{% load durations %}{{ s|duration }} {{ s|countdown }}").render(Context({"s": seconds}))
    assert shown == f'{words} <span role="timer" aria-live="off" data-countdown="{seconds}">{words}</span>'


def test_ux_05_no_template_shows_raw_seconds() -> None:
    """In an attribute, where a script reads it, they may stand."""
    found = [(each.name, raw[0]) for each in TEMPLATES.rglob("*.html") for raw in RAW.finditer(each.read_text())]
    assert [*TEMPLATES.rglob("*.html")]
    assert not [each for each in found if each[0] != "verify.html"]


def test_ux_05_a_locked_sign_in_says_when_to_come_back(house: None) -> None:
    pages, api = Pages(), Api()
    typed = {"name": "ada@example.com", "password": "not a password of anybody's"}
    for _ in range(30):
        refused = pages._post("/login/", typed)
        if refused.status == 429:
            break
    assert refused.status == 429
    assert re.search(r"\. Try again in \d+ (second|minute)s?\.$", alert_words(refused.text))
    assert "data-over hidden>You can try again now." in refused.text
    told = api.post("login", {"email": "ada@example.com", "password": typed["password"]})
    assert told.status == 429
    assert told.body["detail"].endswith(f"Try again in {name_duration(told.body['retry_after'])}.")
