"""Limits on the mails that strangers cause by signing up: to one domain, and in all.

Beyond them sign-ups are answered as usual but not mailed, until the hour has room again. Messages that protect an
account (a reset, a notice) are sent anyway, and so are those that a client with a solved captcha causes
(docs/decisions/0084).
"""

from vestibule.addresses.address import Email
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.conf import conf
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Throttled
from vestibule.limits import alarms, rate_counters
from vestibule.limits.rules import SIGN_UP_MAIL
from vestibule.storage.database import atomic


def count_sign_up_mail(client: Client, email: Email) -> bool:
    """Count one mail to the address, and return whether its domain, or all together, used up this hour's share.

    Raises:
        Unavailable: Redis cannot be reached.
    """
    domain = conf.keys.digest("domain", email.domain.encode()).hex()
    try:
        rate_counters.count_request(SIGN_UP_MAIL, network=domain)
    except Throttled:
        with atomic():
            if alarms.claim_alarm(events.MAIL_FLOODED, client.at):
                record_event(events.MAIL_FLOODED, client)
        return True
    return False
