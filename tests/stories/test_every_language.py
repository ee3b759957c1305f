"""Each language that is offered, as its readers meet it: pages, the API, mails and texts."""

import re
from datetime import datetime
from itertools import permutations

import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, override

from scripts.messages.source import Sentence
from tests import pseudo_locale
from tests.stories.test_two_languages import account, at_once, page, problem
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.courier import delivery, messages, rendering

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
RIGHT_TO_LEFT = {"ar"}
ADA, EVE = "ada@example.com", "eve@example.com"
MOMENT = "2026-03-01T12:00:05.000001+00:00"

each_language = pytest.mark.parametrize("language", LANGUAGES)


def say(sentence: str, language: str) -> str:
    """The sentence in that language."""
    with override(language):
        return gettext(sentence)


@pytest.fixture(scope="module")
def sentences() -> dict[Sentence, set[str]]:
    return pseudo_locale.sentences()


@each_language
@pytest.mark.parametrize("path", ["/login/", "/register/", "/password/reset/", "/no-such-page/"])
def test_a_page_is_in_its_language_from_its_side(
    house: None, sentences: dict[Sentence, set[str]], language: str, path: str
) -> None:
    shown = Http().get(path, headers={"Accept-Language": language})
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    text = shown.content.decode()
    assert shown["Content-Language"] == language
    assert f'<html lang="{language}" dir="{direction}">' in text
    said = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", "\n", text, flags=re.DOTALL)
    lines = {" ".join(line.split()) for line in said.splitlines()}
    english = {each.text for each in sentences if " " in each.text and say(each.text, language) != each.text}
    assert not (lines & english), sorted(lines & english)


@each_language
def test_the_api_speaks_it(language: str, api: Api) -> None:
    said = Api().post("login", {"email": ADA, "password": "nobody's"}, **{"Accept-Language": language})
    assert said.body["detail"] == say("Wrong email or password.", language) != "Wrong email or password."
    wrong = Api().post("register/start", {"email": "none", "password": 5}, **{"Accept-Language": language}).body
    [found] = wrong["errors"]["password"]
    assert found == say("Not a valid string.", language) != "Not a valid string."


@each_language
def test_a_mail_and_a_text_are_in_the_language_of_whom_they_are_for(language: str) -> None:
    kind, params = messages.KINDS["password_changed"], {"at": MOMENT, "address": "192.0.2.1", "link": "https://l"}
    with override("en"):
        mail, text = rendering.render_mail(kind, params, language), rendering.render_sms(kind, params, language)
    heading = say("Your password was changed", language)
    assert heading in mail.subject
    assert heading in text.text
    assert f'<html lang="{language}"' in mail.html
    assert ('dir="rtl"' in mail.html) is (language in RIGHT_TO_LEFT)
    with override(language):
        written = date_format(datetime.fromisoformat(MOMENT), "DATETIME_FORMAT")
    assert " ".join(written.split()) in " ".join(mail.text.split())
    assert "March" not in mail.text


@each_language
def test_a_count_has_the_form_of_its_number(language: str) -> None:
    with override(language):
        said = {n: ngettext("%(count)d minute", "%(count)d minutes", n) % {"count": n} for n in range(200)}
    assert all(str(number) in words or number < 3 for number, words in said.items())
    forms = {re.sub(r"\d+", "", words) for words in said.values()}
    assert len(forms) >= {"ja": 1, "zh-hans": 1, "pl": 3, "ar": 3}.get(language, 1)


@pytest.mark.parametrize(("one", "other"), [pair for pair in permutations(("de", "ar"), 2) if {*pair} <= {*LANGUAGES}])
def test_two_of_them_at_once_do_not_mix(inbox: Inbox, house: None, one: str, other: str) -> None:
    account(inbox, ADA, one)
    account(inbox, EVE, other)
    for address in (ADA, EVE):
        Api().post("password/reset", {"email": address})
    said, shown, _, more = at_once(
        lambda: problem(one),
        lambda: page(other),
        lambda: delivery.deliver_due_messages(timezone.now()),
        lambda: problem(other),
    )
    words = "Wrong email or password."
    assert (said, more) == (say(words, one), say(words, other))
    assert (say(words, other) in shown, say(words, one) in shown) == (True, False)
    for address, language in ((ADA, one), (EVE, other)):
        mail = inbox.newest(address)
        assert mail.subject.startswith(say("%(code)s is your password reset code", language) % {"code": mail.code})
    assert Api().login(ADA, PASSWORD).status == 200
