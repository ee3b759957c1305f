"""One-time codes as people type and paste them: blanks, dashes and invisible marks between the digits, and the digits
of their own script."""

import unicodedata

from vestibule.kernel import entropy

MAX_TYPED_LENGTH = 64  # characters that are looked at: a code with all that may stand between its digits

_SKIPPED = frozenset({"Zs", "Zl", "Zp", "Pd", "Cf"})  # spaces, dashes, zero-width and direction marks
_BLANKS = frozenset("\t\n\v\f\r")


def parse_code(typed: str, digits: int) -> str | None:
    """The code in the spelling that it was issued in: `digits` ASCII digits, or a long code (`kernel.entropy`); None
    where it is neither, and so no guess.

    Decimal digits of every script are folded (Unicode General_Category Nd); what is skipped follows the GOV.UK Design
    System, "Confirm a phone number": let people enter spaces, hyphens and dashes.
    """
    if len(typed) > MAX_TYPED_LENGTH:
        return None
    code = "".join(
        str(unicodedata.decimal(character, character))
        for character in typed
        if character not in _BLANKS and unicodedata.category(character) not in _SKIPPED
    )
    if len(code) == digits and code.isascii() and code.isdecimal():
        return code
    return entropy.parse_long_code(unicodedata.normalize("NFKC", code).upper())
