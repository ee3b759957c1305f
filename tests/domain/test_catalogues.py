"""Each language says all that the source says, and loses nothing of it."""

import gettext
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polib
import pytest
from django.conf import settings

from scripts.messages import catalogue
from scripts.messages.source import Sentence
from tests import pseudo_locale
from tests.fresh import fresh_settings

STARTED = sorted(path.parts[-3] for path in catalogue.FOLDER.glob("*/LC_MESSAGES/django.po"))
OFFERED = [language for language in STARTED if catalogue.mo_path(language).exists()]


@pytest.fixture(scope="module")
def sentences() -> dict[Sentence, set[str]]:
    return pseudo_locale.sentences()


def test_a_sentence_is_one_entry(sentences: dict[Sentence, set[str]]) -> None:
    """One that counts has its plural wherever it is said."""
    said = Counter((each.context, each.text) for each in sentences)
    assert not [each for each, times in said.items() if times > 1]
    assert not [each for each in sentences if not each.text.strip()]


@pytest.mark.parametrize("language", STARTED)
def test_a_catalogue_has_what_the_source_says_and_nothing_else(
    language: str, sentences: dict[Sentence, set[str]]
) -> None:
    """Mended by `make messages`."""
    entries = catalogue.read_catalogue(language)
    has = {catalogue.sentence_of(entry) for entry in entries}
    assert {"lacks": sentences.keys() - has, "too many": has - sentences.keys()} == {"lacks": set(), "too many": set()}
    assert str(entries) == str(catalogue.merge(language, sentences))


@pytest.mark.parametrize("language", OFFERED)
def test_a_language_that_is_offered_has_every_sentence_whole(language: str) -> None:
    written = catalogue.read_catalogue(language)
    assert not [*catalogue.find_mistakes(written)]
    assert catalogue.mo_path(language).read_bytes() == written.to_binary(), "run: make messages"


def test_what_is_offered_has_a_catalogue(tmp_path: Path) -> None:
    with fresh_settings(tmp_path) as its:
        offered = {code for code, _ in its.LANGUAGES}
    assert offered == {"en", *(language.lower().replace("_", "-") for language in OFFERED)}
    assert settings.LANGUAGE_CODE == "en"


LOSSES: list[tuple[str, str, str | list[str]]] = [
    ("Hello %(name)s.", "", "Hallo."),
    ("Hello %(name)s.", "", "Hallo %(Name)s."),
    ("Hello %(name)s.", "", "Hallo %(name)s %(name)s."),
    ("Hello %(name)s.", "", "Hallo %(name)s: 100 %."),
    ('Read <a href="%(url)s">it</a>.', "", "Lies <a href='%(url)s'>es</a>."),
    ("Read <strong>it</strong>.", "", "Lies es."),
    ("Read {it}.", "", "Lies {es}."),
    ("Read it.", "", " Lies es."),
    ("Read it.", "", ""),
    ("%(n)d key", "%(n)d keys", ["%(n)d Schlüssel"]),
    ("%(n)d key", "%(n)d keys", ["%(n)d Schlüssel", "Schlüssel"]),
    ("%(n)d key", "%(n)d keys", ["%(n)d Schlüssel", ""]),
]


@pytest.mark.parametrize(("text", "plural", "said"), LOSSES)
def test_what_a_translation_loses_is_found(text: str, plural: str, said: str | list[str]) -> None:
    entry = polib.POEntry(msgid=text, msgid_plural=plural)
    entry.msgstr, entry.msgstr_plural = ("", dict(enumerate(said))) if isinstance(said, list) else (said, {})
    written = catalogue.merge("de", [])
    written.append(entry)
    assert [*catalogue.find_mistakes(written)]


def test_a_form_for_one_number_may_say_it_in_words() -> None:
    entry = polib.POEntry(msgid="%(n)d key", msgid_plural="%(n)d keys")
    entry.msgstr_plural = {0: "ein Schlüssel", 1: "%(n)d Schlüssel"}
    written = catalogue.merge("de", [])
    written.append(entry)
    assert not [*catalogue.find_mistakes(written)]


# Numbers in the order of the forms that say them (Unicode CLDR, Language Plural Rules).
COUNTED = {
    "ar": ([0], [1], [2], [3, 10, 103], [11, 99, 111], [100, 101, 102]),
    "pl": ([1], [2, 4, 22, 104], [0, 5, 12, 21, 112]),
    "ja": ([0, 1, 2, 100],),
    "fr": ([0, 1], [2, 100]),
    "de": ([1], [0, 2, 100]),
}


@pytest.mark.parametrize(("language", "forms"), COUNTED.items(), ids=COUNTED)
def test_a_number_has_the_form_that_its_language_gives_it(language: str, forms: Sequence[list[int]]) -> None:
    rule = catalogue.PLURAL_FORMS[language]
    assert rule.startswith(f"nplurals={len(forms)};")
    choose = gettext.c2py(rule.partition("plural=")[2].rstrip(";"))
    assert [[choose(number) for number in numbers] for numbers in forms] == [
        [form] * len(numbers) for form, numbers in enumerate(forms)
    ]
