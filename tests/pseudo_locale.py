"""A second language for tests: every sentence of ours in brackets (CLDR has `en-XA` for such)."""

import ast
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.architecture.source import calls
from tests.configured import configured

LANGUAGE = "en-xa"
MARKERS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}


@contextmanager
def installed(folder: Path, *others: tuple[str, str]) -> Iterator[None]:
    """Write the catalogue, and let LANGUAGES have it beside English and what Django itself speaks of `others`."""
    place = folder / "en_XA" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "django.mo").write_bytes(_catalogue())
    languages = [("en", "English"), (LANGUAGE, "Pseudo"), *others]
    with configured(LOCALE_PATHS=[str(folder)], LANGUAGES=languages):
        yield


def bracketed(sentence: str) -> str:
    """The sentence as this language has it."""
    return f"[{sentence}]"


def _catalogue() -> bytes:
    """All that the source marks, as GNU gettext keeps it ("The Format of GNU MO Files")."""
    texts = {"": "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"}
    for call in calls():
        if call.callee in MARKERS:
            forms = [str(ast.literal_eval(each)) for each in call.node.args if isinstance(each, ast.Constant)][:2]
            texts["\0".join(forms)] = "\0".join(map(bracketed, forms))
    sources, translations = [key.encode() for key in sorted(texts)], [texts[key].encode() for key in sorted(texts)]
    tables, data = b"", b""
    for text in (*sources, *translations):
        tables += struct.pack("<II", len(text), 28 + 16 * len(texts) + len(data))
        data += text + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(texts), 28, 28 + 8 * len(texts), 0, 0)
    return head + tables + data
