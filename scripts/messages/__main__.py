"""`make messages`: bring every catalogue in step with the source, and compile what is complete.

For translators: `--missing de` writes what is not translated as JSON, `--fill de words.json` takes it back, and
`--check de` says what is wrong with a catalogue (docs/languages.md).
"""

import argparse
import json
import sys
from pathlib import Path

import polib

from scripts.messages import catalogue, source

# An entry of the JSON is named by its sentence, and by its context before it, if it has one, as in a .mo file.
CONTEXT_END = "\x04"


def main() -> int:
    """Do what is asked; the status is 1 if a catalogue has mistakes that were asked for."""
    read = argparse.ArgumentParser(prog="python -m scripts.messages", description=__doc__)
    read.add_argument("languages", nargs="*", default=[*catalogue.PLURAL_FORMS], help="folders, like de or pt_BR")
    read.add_argument("--missing", metavar="LANGUAGE", help="write what is not translated, as JSON")
    read.add_argument("--fill", nargs=2, metavar=("LANGUAGE", "FILE"), help="take translations from JSON")
    read.add_argument("--check", metavar="LANGUAGE", help="say what is wrong with a catalogue")
    asked = read.parse_args()
    if asked.missing:
        return show_missing(asked.missing)
    if asked.fill:
        return fill(asked.fill[0], Path(asked.fill[1]))
    if asked.check:
        return check(asked.check)
    sentences = source.find_sentences()
    for language in asked.languages:
        written = catalogue.merge(language, sentences)
        compiled = catalogue.write(language, written)
        missing = sum(not all(catalogue.translations(entry)) for entry in written)
        say(f"{language}: {len(written)} sentences, {missing} missing{'' if compiled else ', not offered'}")
    return 0


def show_missing(language: str) -> int:
    """Write a JSON object: of each sentence without translation its empty translation, or a list of its plural forms;
    before it, under the key `#` and the sentence, the plural and the files that say it."""
    said = source.find_sentences()
    missing: dict[str, object] = {}
    for entry in catalogue.merge(language, said):
        if not all(catalogue.translations(entry)):
            places = said[catalogue.sentence_of(entry)]
            plural = f"{entry.msgid_plural} — " if entry.msgid_plural else ""
            missing[f"# {_key(entry)}"] = f"{plural}{', '.join(sorted(places))}"
            missing[_key(entry)] = catalogue.translations(entry) if entry.msgid_plural else entry.msgstr
    say(json.dumps(missing, ensure_ascii=False, indent=1))
    return 0


def fill(language: str, path: Path) -> int:
    """Take translations from a JSON object as `show_missing` writes one; keys with `#` are passed over. What no entry
    has is told."""
    given = {key: text for key, text in json.loads(path.read_text()).items() if not key.startswith("# ")}
    written = catalogue.merge(language, source.find_sentences())
    for entry in written:
        text = given.pop(_key(entry), None)
        if isinstance(text, list) and entry.msgid_plural:
            entry.msgstr_plural = dict(enumerate(text))
        elif isinstance(text, str) and not entry.msgid_plural:
            entry.msgstr = text
        elif text is not None:
            say(f"a list where there is a plural, else a text: {entry.msgid!r}")
    for key in given:
        say(f"no such sentence: {key!r}")
    catalogue.write(language, written)
    return check(language)


def check(language: str) -> int:
    """Say each mistake of a catalogue."""
    mistakes = [*catalogue.find_mistakes(catalogue.read_catalogue(language))]
    for mistake in mistakes:
        say(mistake)
    say(f"{language}: {len(mistakes)} mistakes")
    return 1 if mistakes else 0


def say(text: str) -> None:
    """Write a line for whoever asked."""
    sys.stdout.write(f"{text}\n")


def _key(entry: polib.POEntry) -> str:
    return f"{entry.msgctxt}{CONTEXT_END}{entry.msgid}" if entry.msgctxt else entry.msgid


if __name__ == "__main__":
    sys.exit(main())
