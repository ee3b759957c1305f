"""What is tried first at the length that we ask for: the common, the repeated, the run of keys, one's own data.

Composition is nobody's business (SP 800-63B-4, 3.1.1.2); this is about what guessers begin with (ASVS 6.2.4, 6.2.11).
"""

import gzip
import re
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LIST = Path(__file__).with_name("common_passwords.txt.gz")  # where it is from: docs/decisions/0075
ENOUGH = 8  # characters that are nobody's row, run or name: fewer are guessed at once, whatever stands around them
_DRESS = 6  # characters of digits and signs around one common word that are tried with it
_LETTERS = 4  # of a name; shorter ones stand in too many words
_NO_HABIT = 64  # characters from which on nobody's habit is repeated, and no list goes
_ROWS = (
    *("1234567890" * 2, "abcdefghijklmnopqrstuvwxyz" * 2, "!@#$%^&*()_+", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"),
    *("qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "qazwsxedcrfvtgbyhnujmikolp", "zaqxswcdevfrbgtnhymjuki"),
    *("1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "a1b2c3d4e5f6g7h8i9j0", "1a2b3c4d5e6f7g8h9i0j"),
    *("йцукенгшщзхъфывапролджэячсмитьбю", "абвгдежзийклмнопрстуфхцчшщъыьэюя"),
)
_PLAIN = str.maketrans("@4310$57!", "aaeiosstl")
_RUNS = frozenset(
    row[start : start + 3] for each in _ROWS for row in (each, each[::-1]) for start in range(len(row) - 2)
)


class CommonPasswordValidator(password_validation.CommonPasswordValidator):
    """Neither in a list, nor made by a rule that every guesser has, nor of the house's own names."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError `password_too_common`."""
        folded = password.lower()
        ruled = len(folded) >= ENOUGH and (predictable(folded) or leans_on(folded, house()))
        if folded.strip() in self.passwords or ruled:
            raise ValidationError(_("This password is too common."), code="password_too_common")


class OwnDataValidator(password_validation.UserAttributeSimilarityValidator):
    """Neither like one's address, name or number, nor little more than one of them."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError `password_too_similar`."""
        super().validate(password, user)
        own = [str(getattr(user, attribute, None) or "") for attribute in (*self.user_attributes, "phone_number")]
        if leans_on(password.lower(), names(*own)):
            words = _("This password is little more than your own name, address or number.")
            raise ValidationError(words, code="password_too_similar")


def predictable(folded: str) -> bool:
    """Whether a rule makes it: a common word in digits and signs, something short again and again, runs of keys."""
    if len(folded) >= _NO_HABIT:
        return False
    word = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    dressed = len(folded) - len(word) <= _DRESS and _common(word)
    return folded in common() or dressed or _repeats(folded) or _own_characters(folded) < ENOUGH


def leans_on(folded: str, words: frozenset[str]) -> bool:
    """Whether, without these words, little is left, or nothing but what everybody uses."""
    rest = folded
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != folded and (_own_characters(rest) < ENOUGH or predictable(rest) or _common(rest))


def names(*texts: str) -> frozenset[str]:
    """The words in what belongs to somebody, and each text as it is; digits of a number."""
    parts = {part for text in texts for part in (*re.split(r"[\W_]+", text.lower()), text.lower().partition("@")[0])}
    return frozenset(part for part in parts if len(part) >= _LETTERS)


@cache
def house() -> frozenset[str]:
    """What this house is called: the product, the brand and the host."""
    labels = settings.HOST.split(".")
    return names("vestibule", settings.BRAND.name, *(labels[:-1] or labels))


@cache
def common() -> frozenset[str]:
    """The list, for passwords of twelve characters and more."""
    return frozenset(gzip.decompress(LIST.read_bytes()).decode().splitlines())


@cache
def _short() -> frozenset[str]:
    return frozenset(password_validation.CommonPasswordValidator().passwords)


def _common(word: str) -> bool:
    return any(each in _short() or each in common() for each in (word, word.translate(_PLAIN)))


def _repeats(text: str) -> bool:
    """A short piece again and again, the last time perhaps not whole; or a longer one that is guessed by itself."""
    for length in range(1, len(text) // 2 + 1):
        piece = text[:length]
        if (piece * (len(text) // length + 1)).startswith(text):
            return _typed(piece) and (length <= ENOUGH or _common(piece) or predictable(piece))
    return False


def _typed(piece: str) -> bool:
    """Of letters, digits, blanks and ASCII signs: emoji are in no guesser's rule."""
    return all(each.isascii() or each.isalnum() for each in piece)


def _own_characters(text: str) -> int:
    """How many characters are left where each run of three or more (of one row of keys, of the alphabet, of one and
    the same) counts as two."""
    own, place = 0, 0
    while place < len(text):
        end = place + 2
        while _goes_on(text[end - 2 : end + 1]):
            end += 1
        ran = end - place > 2
        own += 2 if ran else 1
        place = end if ran else place + 1
    return own


def _goes_on(three: str) -> bool:
    return len(three) == 3 and (three in _RUNS or (three[0] == three[1] == three[2] and _typed(three)))
