"""Rules for human text: which characters are allowed, which are removed, and how text is truncated.

Free text is refused only for characters that no person types and that harm a reader. Names are refused for hidden
characters, too. Labels that an operating system or browser sends are cleaned and never refused (Unicode TR 36, 2.5 and
3.5; TR 39).
"""

import re
import unicodedata

ZWNJ, ZWJ = "\u200c", "\u200d"
_JOINERS = frozenset({ZWNJ, ZWJ})
_VARIATIONS = frozenset("\u180b\u180c\u180d\u180f") | {
    chr(each) for each in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
_TAGS = frozenset(map(chr, range(0xE0000, 0xE0080)))
_FLAG_SEQUENCE = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,16}\U000e007f")  # UTS 51, ED-14a
# Invisible letters and symbols: fillers of Hangul and Khmer, the grapheme joiner, the empty Braille pattern.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")
_OVERRIDES = frozenset("\u202d\u202e")
_OPENED_BY = {"\u202c": "\u202a\u202b", "\u2069": "\u2066\u2067\u2068"}  # the end of an embedding, of an isolate
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKS = frozenset("\u200e\u200f\u061c")  # direction marks: needed in mixed text, harmless in a label
_LINE_BREAK = re.compile("\r\n|[\r\u2028\u2029]")
_VIRAMA = 9  # canonical combining class; RFC 5892, A.1 and A.2
_MAX_CLUSTER_LENGTH = 32  # code points that a truncation may step back


def strip_invisible(typed: str) -> str:
    """Remove blanks and invisible marks at both ends, which often come along with copied text."""
    start, end = 0, len(typed)
    while start < end and _is_strippable(typed, start):
        start += 1
    while end > start and _is_strippable(typed, end - 1):
        end -= 1
    return typed[start:end]


def is_name(text: str) -> bool:
    """Return whether a trimmed line may be a name: no controls, line breaks or noncharacters, and no invisible
    characters but joiners and variation selectors that a script or an emoji needs."""
    shown = _FLAG_SEQUENCE.sub("", text)
    return not any(_is_forbidden(each) or _is_invisible(shown, place) for place, each in enumerate(shown))


def normalise_prose(typed: str) -> str:
    """Return free text with line feeds as line breaks (HTML forms send CR LF: WHATWG HTML, 4.10.22.7), blanks for tabs,
    and trimmed."""
    return _LINE_BREAK.sub("\n", typed).replace("\t", " ").strip()


def is_prose(text: str) -> bool:
    """Return whether free text is acceptable: no controls or noncharacters, no hidden tags, no direction override, and
    no embedding or isolate left open."""
    shown = _FLAG_SEQUENCE.sub("", text)
    if any(each != "\n" and (_is_forbidden(each) or each in _TAGS) for each in shown):
        return False
    return all(map(_closes_its_directions, shown.split("\n")))


def clean_label(typed: str, max_length: int) -> str:
    """Return a label of a device, browser or client, cleaned and truncated to `max_length` code points between two
    characters."""
    if typed.isascii() and typed.isprintable():  # as nearly all are: nothing in it is invisible or belongs together
        return typed.strip()[:max_length].strip()
    spaced = "".join(" " if unicodedata.category(each) in ("Zl", "Zp") or each in "\t\n\r" else each for each in typed)
    clean = "".join(
        each
        for place, each in enumerate(spaced)
        if each in _MARKS
        or not (_is_forbidden(each) or each in _DIRECTIONS or _is_invisible(spaced, place, joined=False))
    )
    return _truncate_between_clusters(strip_invisible(clean), max_length)


def _is_forbidden(character: str) -> bool:
    """Return whether this is a control, surrogate, separator or noncharacter. An unassigned character above the Basic
    Multilingual Plane is allowed: it may be an emoji or ideograph newer than this Python."""
    category = unicodedata.category(character)
    if category == "Cn":
        return character <= "\uffff" or ord(character) & 0xFFFE == 0xFFFE
    return category in ("Cc", "Cs", "Zl", "Zp")


def _is_invisible(text: str, position: int, *, joined: bool = True) -> bool:
    """Return whether the character is invisible. Joiners and variation selectors are not where they have an effect."""
    character = text[position]
    if character in _JOINERS:
        return joined and not _is_joining(text, position)
    if character in _VARIATIONS:
        return joined and (position == 0 or unicodedata.category(text[position - 1])[0] not in "LMNPS")
    return unicodedata.category(character) == "Cf" or character in _BLANK_LETTERS


def _is_joining(text: str, position: int) -> bool:
    """Return whether a joiner stands after a virama (RFC 5892, A.1 and A.2), or between two letters, digits or
    emoji."""
    before = text[position - 1] if position else " "
    after = text[position + 1] if position + 1 < len(text) else " "
    if unicodedata.combining(before) == _VIRAMA:
        return True
    return unicodedata.category(before)[0] in "LMNS" and unicodedata.category(after)[0] in "LMNS"


def _is_strippable(text: str, position: int) -> bool:
    character = text[position]
    if character.isspace():
        return True
    if character in _TAGS or unicodedata.category(character) != "Cf":
        return False
    return not (character in _JOINERS and position and unicodedata.combining(text[position - 1]) == _VIRAMA)


def _closes_its_directions(line: str) -> bool:
    opened: list[str] = []
    for character in line:
        if character in _OVERRIDES:
            return False
        if character in _OPENED_BY:
            if not opened or opened.pop() not in _OPENED_BY[character]:
                return False
        elif character in _DIRECTIONS:
            opened.append(character)
    return not opened


def _truncate_between_clusters(text: str, max_length: int) -> str:
    """Truncate to `max_length` code points without splitting the last character (UTS 29, extended grapheme clusters, as
    far as marks, joiners, modifiers and flags go)."""
    if len(text) <= max_length:
        return text
    end = max_length
    while end > max(1, max_length - _MAX_CLUSTER_LENGTH) and _extends_cluster(text, end):
        end -= 1
    return strip_invisible(text[: max_length if _extends_cluster(text, end) else end])


def _extends_cluster(text: str, position: int) -> bool:
    character = text[position]
    if unicodedata.category(character)[0] == "M" or character in _JOINERS or character in _TAGS:
        return True
    if "\U0001f3fb" <= character <= "\U0001f3ff" or text[position - 1] == ZWJ:
        return True
    before = re.search("[\U0001f1e6-\U0001f1ff]*$", text[max(0, position - _MAX_CLUSTER_LENGTH) : position])
    return "\U0001f1e6" <= character <= "\U0001f1ff" and before is not None and len(before[0]) % 2 == 1
