"""The catalogue of one language: a .po file, which translators write, and a .mo file, which Django reads.

A .po file is written so that two people rarely meet in it: sorted by sentence, without dates and places.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import polib

from scripts.messages.source import SOURCE, Sentence

# Where they stand: with the model of the account, which no installation is without (docs/decisions/0172).
FOLDER = SOURCE / "accounts" / "locale"
_ONE_FORM = "nplurals=1; plural=0;"
_ONE_AND_MANY = "nplurals=2; plural=(n != 1);"
_UP_TO_ONE_AND_MANY = "nplurals=2; plural=(n > 1);"
# The plural forms of each language (Unicode CLDR, Language Plural Rules), by the name of its folder.
PLURAL_FORMS: Mapping[str, str] = {
    "ar": "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5;",
    "de": _ONE_AND_MANY,
    "es": _ONE_AND_MANY,
    "fr": _UP_TO_ONE_AND_MANY,
    "hi": _UP_TO_ONE_AND_MANY,
    "it": _ONE_AND_MANY,
    "ja": _ONE_FORM,
    "nl": _ONE_AND_MANY,
    "pl": "nplurals=3; plural=n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2;",
    "pt_BR": _UP_TO_ONE_AND_MANY,
    "tr": _ONE_AND_MANY,
    "zh_Hans": _ONE_FORM,
}
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|\{[\w:]*\}")
_TAG = re.compile(r"</?[a-z][^<>]*>")


def po_path(language: str) -> Path:
    """Return the file that translators write."""
    return FOLDER / language / "LC_MESSAGES" / "django.po"


def mo_path(language: str) -> Path:
    """Return the file that Django reads."""
    return po_path(language).with_suffix(".mo")


def read_catalogue(language: str) -> polib.POFile:
    """Return the catalogue of this language; an empty one, if there is no file."""
    path = po_path(language)
    return polib.pofile(str(path), wrapwidth=100) if path.exists() else polib.POFile(wrapwidth=100)


def merge(language: str, sentences: Iterable[Sentence]) -> polib.POFile:
    """Return the catalogue with these sentences and no others. What was translated stays."""
    before = {sentence_of(entry): entry for entry in read_catalogue(language)}
    merged = polib.POFile(wrapwidth=100)
    merged.metadata = {
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURAL_FORMS[language],
    }
    forms = _count_forms(merged)
    for sentence in sorted(sentences):
        known = before.get(sentence)
        entry = polib.POEntry(
            msgid=sentence.text,
            msgstr="" if sentence.plural or not known else known.msgstr,
            msgid_plural=sentence.plural,
            msgstr_plural={
                form: known.msgstr_plural.get(form, "") if known else ""
                for form in range(forms if sentence.plural else 0)
            },
            msgctxt=sentence.context or None,
            flags=["python-format"] if "%(" in sentence.text else [],
        )
        merged.append(entry)
    return merged


def write(language: str, catalogue: polib.POFile) -> bool:
    """Write the catalogue, and compile it once it has no mistake, or if it was compiled before. Return whether it is
    compiled: the language is offered then."""
    po_path(language).parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(po_path(language)))
    is_compiled = mo_path(language).exists() or not any(find_mistakes(catalogue))
    if is_compiled:
        mo_path(language).write_bytes(catalogue.to_binary())
    return is_compiled


def translations(entry: polib.POEntry) -> list[str]:
    """Return what an entry says, in each of its forms."""
    return [entry.msgstr_plural[form] for form in sorted(entry.msgstr_plural)] if entry.msgid_plural else [entry.msgstr]


def sentence_of(entry: polib.POEntry) -> Sentence:
    """Return the sentence that an entry translates."""
    return Sentence(entry.msgid, entry.msgid_plural, entry.msgctxt or "")


def find_mistakes(catalogue: polib.POFile) -> Iterator[str]:
    """Yield each mistake of a catalogue: what is not translated, and what a translation lost."""
    for entry in catalogue:
        said = translations(entry)
        if not all(said):
            yield f"{entry.msgid!r} is not translated"
            continue
        if entry.fuzzy or entry.obsolete:
            yield f"{entry.msgid!r} is fuzzy or obsolete"
        if entry.msgid_plural and len(said) != _count_forms(catalogue):
            yield f"{entry.msgid!r} has {len(said)} forms, and not {_count_forms(catalogue)}"
        for form, text in enumerate(said, 1):
            yield from (
                f"{entry.msgid!r}: {wrong}: {text!r}" for wrong in _find_losses(entry, text, is_last=form == len(said))
            )


def _find_losses(entry: polib.POEntry, text: str, *, is_last: bool) -> Iterator[str]:
    original = entry.msgid_plural or entry.msgid
    wanted, has = Counter(_PLACEHOLDER.findall(original)), Counter(_PLACEHOLDER.findall(text))
    # A form for one number may say it in words, as Arabic does for one and two; the last form is for many numbers.
    may_lack = 0 if is_last else 1
    if has - wanted or (wanted - has).total() > may_lack:
        yield f"other placeholders than {sorted(wanted)}"
    if _PLACEHOLDER.sub("", text).count("%") != _PLACEHOLDER.sub("", original).count("%"):
        yield "a % too many or too few"
    if Counter(_TAG.findall(original)) != Counter(_TAG.findall(text)):
        yield "other tags"
    if _edges(text) != _edges(original):
        yield "begins or ends with other white space"


def _count_forms(catalogue: polib.POFile) -> int:
    return int(re.findall(r"nplurals=(\d)", catalogue.metadata["Plural-Forms"])[0])


def _edges(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
