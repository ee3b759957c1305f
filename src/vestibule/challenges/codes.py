"""Parsing of one-time codes as people type and paste them: with spaces, dashes and invisible marks between the digits,
and in the digits of their own script."""

import unicodedata

from vestibule.kernel import entropy

MAX_TYPED_LENGTH = 64  # characters; longer input is not parsed

_SKIPPED = frozenset({"Zs", "Zl", "Zp", "Pd", "Cf"})  # spaces, dashes, zero-width and direction marks
_BLANKS = frozenset("\t\n\v\f\r")
# What letters of a user code are mistaken for; none of it is in their alphabet. 0 and O stay out: they may be D or Q.
_LOOK_ALIKES = str.maketrans("8526U", "BSZGV")


def parse_code(typed: str, digits: int) -> str | None:
    """Return the code in the form in which it was issued: `digits` ASCII digits, or a long code (`kernel.entropy`).
    Return None if the text has neither form; such a text is no guess.

    Decimal digits of every script are folded to ASCII (Unicode General_Category Nd). Spaces, dashes and invisible marks
    are skipped, as the GOV.UK Design System asks ("Confirm a phone number": let people enter spaces, hyphens and
    dashes).
    """
    if len(typed) > MAX_TYPED_LENGTH:
        return None
    code = _skip_marks(typed)
    if len(code) == digits and code.isascii() and code.isdecimal():
        return code
    return entropy.parse_long_code(unicodedata.normalize("NFKC", code).upper())


def parse_user_code(typed: str) -> str | None:
    """Return the user code of a device in the form in which it was issued; None if the text is none, and no guess. Case
    and everything but the letters counts for nothing (RFC 8628, 6.1), and what looks like a letter of the alphabet is
    taken for it."""
    if len(typed) > MAX_TYPED_LENGTH:
        return None
    code = unicodedata.normalize("NFKC", _skip_marks(typed)).upper().translate(_LOOK_ALIKES)
    return code if len(code) == entropy.USER_CODE_LENGTH and set(code) <= set(entropy.USER_CODE_ALPHABET) else None


def _skip_marks(typed: str) -> str:
    return "".join(
        str(unicodedata.decimal(character, character))
        for character in typed
        if character not in _BLANKS and unicodedata.category(character) not in _SKIPPED
    )
