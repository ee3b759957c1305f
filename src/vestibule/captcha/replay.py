"""What counts once: an answer to a captcha that was shown before is none, whichever process saw it first."""

from datetime import datetime, timedelta
from hashlib import sha256

from vestibule.kernel.errors import CaptchaInvalid
from vestibule.limits import ledger
from vestibule.limits.rolling_window import Allowance

ONE_USE = Allowance(windows=((1, timedelta(days=1)),))  # longer than any answer lives


def consume_answer(answer: bytes, now: datetime) -> None:
    """The first to show this proof goes on. Kept in the database, on every stack: a Redis that forgets gives nothing
    back, and where nobody can say, nobody goes on. Raises CaptchaInvalid for all later ones, and OperationalError."""
    if ledger.spend("captcha", sha256(answer).digest(), now, ONE_USE):
        raise CaptchaInvalid
