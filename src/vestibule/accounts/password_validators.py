"""Validators against the passwords that attackers try first: common ones, repetitions, keyboard runs, personal data.

There are no composition rules (SP 800-63B-4, 3.1.1.2). This covers ASVS 6.2.4 and 6.2.11.
"""

import gzip
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from vestibule.addresses.address import Email
from vestibule.conf import conf

COMMON_PASSWORDS_FILE = Path(__file__).with_name("common_passwords.txt.gz")  # its source: docs/decisions/0075
# Characters that belong to no keyboard run, repetition or known word. With fewer, a password is guessed at once.
MIN_OWN_CHARACTERS = 8
_MAX_AFFIX_LENGTH = 6  # digits and signs around a common word that attackers try with it
_MIN_WORD_LENGTH = 4  # characters; shorter names occur inside too many words
_MAX_CHECKED_LENGTH = 64  # characters; neither lists nor habits reach longer passwords
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
    """Refuse passwords from a list of common ones, passwords that a well-known rule makes, and the names of this
    service."""

    def __init__(self) -> None:
        """Read no list. Each is read once in a process (`load_lists`)."""

    def validate(self, password: str, user: Any = None) -> None:
        """Check the password.

        Raises:
            ValidationError: `password_too_common`.
        """
        folded = password.lower()
        ruled = len(folded) >= MIN_OWN_CHARACTERS and (
            is_predictable(folded) or is_mostly_made_of(folded, site_words())
        )
        if folded.strip() in _django_common_passwords() or ruled:
            raise ValidationError(self.get_error_message(), code="password_too_common")


class OwnDataValidator(password_validation.UserAttributeSimilarityValidator):
    """Refuse passwords that resemble, or are little more than, the person's own address, name or number."""

    def validate(self, password: str, user: Any = None) -> None:
        """Check the password.

        Raises:
            ValidationError: `password_too_similar`.
        """
        super().validate(password, user)
        own = [str(getattr(user, attribute, None) or "") for attribute in (*self.user_attributes, "phone_number")]
        own.append(Email(str(getattr(user, "email", None) or "")).local_part)
        if is_mostly_made_of(password.lower(), extract_words(*own)):
            reason = {"reason": "password_of_own_data"}
            raise ValidationError(self.get_help_text(), code="password_too_similar", params=reason)


def load_lists() -> None:
    """Read the lists of common passwords. A server does so before it forks: threads that all get a new password at once
    would each read 2 MB, and their memory stays with the process."""
    common_passwords()
    _django_common_passwords()


def is_predictable(folded: str) -> bool:
    """Return whether a well-known rule makes this password: a common word between digits and signs, a repetition,
    keyboard runs."""
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
    """Return whether little remains without these words, or only something predictable."""
    rest = folded
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != folded and (
        _count_own_characters(rest) < MIN_OWN_CHARACTERS or is_predictable(rest) or _is_common(rest)
    )


def extract_words(*texts: str) -> frozenset[str]:
    """Return the words in these texts, in lower case, and the part of each text before an @."""
    parts = {part for text in texts for part in (*re.split(r"[\W_]+", text.lower()), text.lower())}
    return frozenset(part for part in parts if len(part) >= _MIN_WORD_LENGTH)


def site_words() -> frozenset[str]:
    """Return the words of this service's own name: product, brand and host."""
    return _words_of_site(conf.host, conf.brand_name)


@lru_cache(maxsize=8)
def _words_of_site(host: str, brand_name: str) -> frozenset[str]:
    labels = host.split(".")
    return extract_words("vestibule", brand_name, *(labels[:-1] or labels))


@cache
def common_passwords() -> frozenset[str]:
    """Return the list of common passwords of twelve characters and more."""
    return frozenset(gzip.decompress(COMMON_PASSWORDS_FILE.read_bytes()).decode().splitlines())


@cache
def _django_common_passwords() -> frozenset[str]:
    return frozenset(password_validation.CommonPasswordValidator().passwords)


def _is_common(word: str) -> bool:
    return any(
        each in _django_common_passwords() or each in common_passwords() for each in (word, word.translate(_LEETSPEAK))
    )


def _is_repetition(text: str) -> bool:
    """Return whether a predictable piece is repeated, the last time perhaps in part."""
    for length in range(1, len(text) // 2 + 1):
        piece = text[:length]
        if (piece * (len(text) // length + 1)).startswith(text):
            return _is_keyboard_text(piece) and (
                length <= MIN_OWN_CHARACTERS or _is_common(piece) or is_predictable(piece)
            )
    return False


def _is_keyboard_text(piece: str) -> bool:
    """Return whether the text holds only letters, digits, blanks and ASCII signs. No attacker's rule repeats emoji."""
    return all(each.isascii() or each.isalnum() for each in piece)


def _count_own_characters(text: str) -> int:
    """Count the characters, where each run of three or more (a keyboard row, the alphabet, one character repeated)
    counts as two."""
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
