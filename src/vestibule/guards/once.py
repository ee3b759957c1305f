"""What counts once: an answer to a captcha that was shown before is none, whichever process saw it first."""

from datetime import datetime, timedelta
from hashlib import sha256

from vestibule.guards import ledger
from vestibule.guards.allowance import Allowance
from vestibule.kernel.errors import CaptchaInvalid

ONCE = Allowance(windows=((1, timedelta(days=1)),))  # longer than any answer lives


def use(proof: bytes, now: datetime) -> None:
    """The first to show this proof goes on. Kept in the database, on every stack: a Redis that forgets gives nothing
    back, and where nobody can say, nobody goes on. Raises CaptchaInvalid for all later ones, and OperationalError."""
    if ledger.spend("captcha", sha256(proof).digest(), now, ONCE):
        raise CaptchaInvalid
