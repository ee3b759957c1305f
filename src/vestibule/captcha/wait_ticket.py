"""The alternative to a captcha for browsers without JavaScript: a ticket that comes with the page and is valid after a
wait."""

from datetime import datetime, timedelta

from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.captcha import replay
from vestibule.conf import conf
from vestibule.kernel import entropy
from vestibule.kernel.client import Client
from vestibule.kernel.errors import CaptchaInvalid, CaptchaRequired
from vestibule.kernel.sealing import Unsealable
from vestibule.limits import rate_counters, rules

VALID_AFTER = timedelta(seconds=30)
TICKET_LIFETIME = timedelta(hours=1)
_TICKET_PREFIX = "wait."


def issue_ticket(purpose: str, now: datetime) -> str:
    """Return a signed ticket for this purpose. Nothing is stored until it is used."""
    made = int(now.timestamp()).to_bytes(8, "big")
    return _TICKET_PREFIX + conf.keys.sign(f"captcha wait {purpose}", made + entropy.random_bytes(16))


def is_ticket(answer: str) -> bool:
    """Return whether this is a ticket rather than a captcha's answer."""
    return answer.startswith(_TICKET_PREFIX)


def check_ticket(client: Client, ticket: str, purpose: str) -> None:
    """Check that this is a ticket of ours for this purpose, old enough, not too old and not used before, and count it
    against the rates per network and overall.

    Raises:
        CaptchaRequired: the ticket is too young; it carries the seconds to wait.
        CaptchaInvalid: the ticket is not ours, too old, or was used before.
        Throttled: too many clients of this network, or in all, waited instead of solving.
        Unavailable: Redis cannot be reached.
    """
    try:
        body = conf.keys.unsign(f"captcha wait {purpose}", ticket.removeprefix(_TICKET_PREFIX))
    except Unsealable as error:
        raise CaptchaInvalid from error
    age = int(client.at.timestamp()) - int.from_bytes(body[:8], "big")
    if age < VALID_AFTER.total_seconds():
        raise CaptchaRequired(retry_after=int(VALID_AFTER.total_seconds()) - age)
    if age > TICKET_LIFETIME.total_seconds():
        raise CaptchaInvalid
    rate_counters.count_request(rules.CAPTCHA_WAITED, network=client.network, relaxed=client.is_developer)
    replay.consume_answer(body, client.at)
    record_event(events.CAPTCHA_WAITED, client, purpose=purpose)
