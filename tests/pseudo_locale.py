"""A second language for tests: every sentence of ours in brackets (CLDR has `en-XA` for such)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polib

from scripts.messages.source import find_sentences
from tests.configured import configured

LANGUAGE = "en-xa"


@contextmanager
def installed(folder: Path, *others: tuple[str, str]) -> Iterator[None]:
    """Write the catalogue, and let LANGUAGES have it beside English and what Django itself speaks of `others`."""
    place = folder / "en_XA" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "django.mo").write_bytes(_catalogue().to_binary())
    languages = [("en", "English"), (LANGUAGE, "Pseudo"), *others]
    with configured(LOCALE_PATHS=[str(folder)], LANGUAGES=languages):
        yield


def bracketed(sentence: str) -> str:
    """The sentence as this language has it."""
    return f"[{sentence}]"


def _catalogue() -> polib.POFile:
    """All that the source marks."""
    catalogue = polib.POFile()
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    for sentence in sorted(find_sentences()):
        catalogue.append(
            polib.POEntry(
                msgid=sentence.text,
                msgid_plural=sentence.plural,
                msgctxt=sentence.context or None,
                msgstr="" if sentence.plural else bracketed(sentence.text),
                msgstr_plural={
                    form: bracketed(text)
                    for form, text in enumerate((sentence.text, sentence.plural) if sentence.plural else ())
                },
            )
        )
    return catalogue
