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

COMMON_PASSWORDS_FILE = Path(__file__).with_name("common_passwords.txt.gz")  # where it is from: docs/decisions/0075
# characters that are nobody's row, run or name: fewer are guessed at once, whatever stands around them
MIN_OWN_CHARACTERS = 8
_MAX_AFFIX_LENGTH = 6  # characters of digits and signs around one common word that are tried with it
_MIN_WORD_LENGTH = 4  # of a name; shorter ones stand in too many words
_MAX_CHECKED_LENGTH = 64  # characters from which on nobody's habit is repeated, and no list goes
_KEY_ROWS = (
    *("1234567890" * 2, "abcdefghijklmnopqrstuvwxyz" * 2, "!@#$%^&*()_+", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"),
    *("qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "qazwsxedcrfvtgbyhnujmikolp", "zaqxswcdevfrbgtnhymjuki"),
    *("1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "a1b2c3d4e5f6g7h8i9j0", "1a2b3c4d5e6f7g8h9i0j"),
    *("йцукенгшщзхъфывапролджэячсмитьбю", "абвгдежзийклмнопрстуфхцчшщъыьэюя"),
)
_LEETSPEAK = str.maketrans("@4310$57!", "aaeiosstl")
_KEY_RUNS = frozenset(
    row[start : start + 3] for each in _KEY_ROWS for row in (each, each[::-1]) for start in range(len(row) - 2)
)


class CommonPasswordValidator(password_validation.CommonPasswordValidator):
    """Neither in a list, nor made by a rule that every guesser has, nor of the house's own names."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError `password_too_common`."""
        folded = password.lower()
        ruled = len(folded) >= MIN_OWN_CHARACTERS and (
            is_predictable(folded) or is_mostly_made_of(folded, site_words())
        )
        if folded.strip() in self.passwords or ruled:
            raise ValidationError(self.get_error_message(), code="password_too_common")


class OwnDataValidator(password_validation.UserAttributeSimilarityValidator):
    """Neither like one's address, name or number, nor little more than one of them."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError `password_too_similar`."""
        super().validate(password, user)
        own = [str(getattr(user, attribute, None) or "") for attribute in (*self.user_attributes, "phone_number")]
        if is_mostly_made_of(password.lower(), extract_words(*own)):
            reason = {"reason": "password_of_own_data"}
            raise ValidationError(self.get_help_text(), code="password_too_similar", params=reason)


def is_predictable(folded: str) -> bool:
    """Whether a rule makes it: a common word in digits and signs, something short again and again, runs of keys."""
    if len(folded) >= _MAX_CHECKED_LENGTH:
        return False
    word = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    dressed = len(folded) - len(word) <= _MAX_AFFIX_LENGTH and _is_common(word)
    return (
        folded in common_passwords()
        or dressed
        or _is_repetition(folded)
        or _count_own_characters(folded) < MIN_OWN_CHARACTERS
    )


def is_mostly_made_of(folded: str, words: frozenset[str]) -> bool:
    """Whether, without these words, little is left, or nothing but what everybody uses."""
    rest = folded
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != folded and (
        _count_own_characters(rest) < MIN_OWN_CHARACTERS or is_predictable(rest) or _is_common(rest)
    )


def extract_words(*texts: str) -> frozenset[str]:
    """The words in what belongs to somebody, and each text as it is; digits of a number."""
    parts = {part for text in texts for part in (*re.split(r"[\W_]+", text.lower()), text.lower().partition("@")[0])}
    return frozenset(part for part in parts if len(part) >= _MIN_WORD_LENGTH)


@cache
def site_words() -> frozenset[str]:
    """What this house is called: the product, the brand and the host."""
    labels = settings.HOST.split(".")
    return extract_words("vestibule", settings.BRAND.name, *(labels[:-1] or labels))


@cache
def common_passwords() -> frozenset[str]:
    """The list, for passwords of twelve characters and more."""
    return frozenset(gzip.decompress(COMMON_PASSWORDS_FILE.read_bytes()).decode().splitlines())


@cache
def _django_common_passwords() -> frozenset[str]:
    return frozenset(password_validation.CommonPasswordValidator().passwords)


def _is_common(word: str) -> bool:
    return any(
        each in _django_common_passwords() or each in common_passwords() for each in (word, word.translate(_LEETSPEAK))
    )


def _is_repetition(text: str) -> bool:
    """A short piece again and again, the last time perhaps not whole; or a longer one that is guessed by itself."""
    for length in range(1, len(text) // 2 + 1):
        piece = text[:length]
        if (piece * (len(text) // length + 1)).startswith(text):
            return _is_keyboard_text(piece) and (
                length <= MIN_OWN_CHARACTERS or _is_common(piece) or is_predictable(piece)
            )
    return False


def _is_keyboard_text(piece: str) -> bool:
    """Of letters, digits, blanks and ASCII signs: emoji are in no guesser's rule."""
    return all(each.isascii() or each.isalnum() for each in piece)


def _count_own_characters(text: str) -> int:
    """How many characters are left where each run of three or more (of one row of keys, of the alphabet, of one and
    the same) counts as two."""
    own, place = 0, 0
    while place < len(text):
        end = place + 2
        while _continues_run(text[end - 2 : end + 1]):
            end += 1
        ran = end - place > 2
        own += 2 if ran else 1
        place = end if ran else place + 1
    return own


def _continues_run(triple: str) -> bool:
    return len(triple) == 3 and (
        triple in _KEY_RUNS or (triple[0] == triple[1] == triple[2] and _is_keyboard_text(triple))
    )
