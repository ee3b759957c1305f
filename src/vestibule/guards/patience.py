"""The slower way past a captcha, for whoever has no JavaScript: a ticket that comes with the page, and ripens."""

from datetime import datetime, timedelta

from django.conf import settings

from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.guards import counters, once, rules
from vestibule.kernel import entropy
from vestibule.kernel.client import Client
from vestibule.kernel.errors import CaptchaInvalid, CaptchaRequired
from vestibule.kernel.sealing import Unsealable

RIPE_AFTER = timedelta(seconds=30)
LIFE = timedelta(hours=1)
_MARK = "wait."


def ticket(purpose: str, now: datetime) -> str:
    """A signed ticket for this purpose. Nothing is kept: it counts when it is shown."""
    made = int(now.timestamp()).to_bytes(8, "big")
    return _MARK + settings.KEYS.sign(f"captcha wait {purpose}", made + entropy.octets(16))


def is_ticket(given: str) -> bool:
    """Whether this is one, rather than a captcha's answer."""
    return given.startswith(_MARK)


def check(client: Client, given: str, purpose: str) -> None:
    """A ticket of ours for this purpose that is ripe, not stale, and not shown before; so many per network and in all.

    Raises CaptchaRequired with the seconds that it still needs, CaptchaInvalid, Throttled, Unavailable.
    """
    try:
        body = settings.KEYS.unsign(f"captcha wait {purpose}", given.removeprefix(_MARK))
    except Unsealable as error:
        raise CaptchaInvalid from error
    age = int(client.at.timestamp()) - int.from_bytes(body[:8], "big")
    if age < RIPE_AFTER.total_seconds():
        raise CaptchaRequired(retry_after=int(RIPE_AFTER.total_seconds()) - age)
    if age > LIFE.total_seconds():
        raise CaptchaInvalid
    counters.hit(rules.CAPTCHA_WAITED, network=client.network)
    once.use(body, client.at)
    record(events.CAPTCHA_WAITED, client, purpose=purpose)
