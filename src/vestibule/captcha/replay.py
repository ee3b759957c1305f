"""Single use of captcha answers, over all processes."""

from datetime import datetime, timedelta
from hashlib import sha256

from vestibule.kernel.errors import CaptchaInvalid
from vestibule.limits import ledger
from vestibule.limits.rolling_window import Allowance

ONE_USE = Allowance(windows=((1, timedelta(days=1)),))  # longer than any answer lives


def consume_answer(answer: bytes, now: datetime) -> None:
    """Accept this answer the first time only.

    It is recorded in the database on every stack: a Redis that loses data would allow a replay, and without a database
    no answer is accepted.

    Raises:
        CaptchaInvalid: the answer was used before.
        OperationalError: the database cannot be reached.
    """
    if ledger.spend("captcha", sha256(answer).digest(), now, ONE_USE):
        raise CaptchaInvalid
