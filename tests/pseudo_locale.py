"""A second language for tests: every sentence of ours in brackets (CLDR has `en-XA` for such)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import polib

from scripts.messages.source import find_sentences
from tests.configured import configured

LANGUAGE = "en-xa"
sentences = cache(find_sentences)  # of one source: read once a process


def bracketed(sentence: str) -> str:
    """The sentence as this language has it."""
    return f"[{sentence}]"


@contextmanager
def installed(folder: Path, *others: tuple[str, str], spelled: Callable[[str], str] = bracketed) -> Iterator[None]:
    """Write the catalogue, and let LANGUAGES have it beside English and what Django itself speaks of `others`."""
    place = folder / "en_XA" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "django.mo").write_bytes(_catalogue(spelled).to_binary())
    languages = [("en", "English"), (LANGUAGE, "Pseudo"), *(each for each in others if each[0] != "en")]
    with configured(LOCALE_PATHS=[str(folder)], LANGUAGES=languages):
        yield


def _catalogue(spelled: Callable[[str], str]) -> polib.POFile:
    """All that the source marks, spelled so."""
    catalogue = polib.POFile()
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    for sentence in sorted(sentences()):
        catalogue.append(
            polib.POEntry(
                msgid=sentence.text,
                msgid_plural=sentence.plural,
                msgctxt=sentence.context or None,
                msgstr="" if sentence.plural else spelled(sentence.text),
                msgstr_plural={
                    form: spelled(text)
                    for form, text in enumerate((sentence.text, sentence.plural) if sentence.plural else ())
                },
            )
        )
    return catalogue
