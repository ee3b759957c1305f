"""Whether a message will be sent: counted by who causes it, before a newer secret takes the place of an older one
(docs/decisions/0050)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.courier import feedback
from vestibule.courier.messages import Cause, Kind
from vestibule.courier.models import Channel, Feedback
from vestibule.guards import flood, ledger, texting
from vestibule.guards.allowance import Allowance
from vestibule.guards.ledger import Count
from vestibule.guards.texting import Cap, Purse
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Throttled

CAPPED, BOUNCED, NOBODY = "capped", feedback.BOUNCED, "nobody"
UNSENT = (CAPPED, BOUNCED, NOBODY)  # in one word, why a row is never handed to a transport

# Strangers space an owner's resets out, and keep none away: one more goes when the last link is dead, which lay in the
# owner's mailbox till then, whoever asked for it (docs/decisions/0086).
APART = timedelta(hours=1)
TRIED_ALL_THE_SAME = Allowance(windows=((1, timedelta(days=1)),))  # mails to an address whose mail came back


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """What becomes of a message: it is sent, or `held` for the digest of the hour, or `unsent` for that reason."""

    unsent: str = ""
    held: bool = False

    @property
    def changes(self) -> bool:
        """Whether the flow may put the newer secret in the place of the older. Where nobody has the address it acts as
        if: who asks must not see a difference."""
        return self.unsent in ("", NOBODY)


def ask(
    client: Client,
    kind: Kind,
    channel: Channel,
    *,
    to: str,
    recipient: bytes,
    own: bytes = b"",
    muted: bool = False,
) -> Permit:
    """Count one message to the address (`recipient` is its digest), in the caller's transaction. `own`: the digest of
    whose budget of its own it spends, though strangers can cause its kind; `muted`: nobody has the address, and the
    same work is done.

    Raises Throttled where an SMS that was asked for aloud would cost more than the house allows; the caller's
    transaction must not survive it.
    """
    if kind.cause is Cause.WAY_BACK:
        return Permit(held=_held(client, kind, channel, to, recipient))
    back = _silent(kind, recipient, client.at)
    if kind.cause is Cause.ACCOUNT:
        return Permit(unsent=BOUNCED) if back else Permit(held=_held(client, kind, channel, to, recipient))
    purse = Purse.OWN if own or client.of_house else Purse.QUIET if kind.quiet else Purse.TOLD
    own = own or _own(client, recipient)
    spaced = kind.always and channel is Channel.EMAIL
    if client.quiet and not own and not spaced:
        return Permit(unsent=CAPPED)
    unsent = NOBODY if muted else BOUNCED if back else ""
    counts = _of_address(client, channel, recipient, own, spaced=spaced)
    if channel is Channel.SMS:
        if purse is Purse.TOLD and texting.closed(client.at):
            return _refused(client, kind, Cap.BREAKER, texting.CLOSED_FOR)
        counts += texting.counts(to, client.network, purse, free=recipient if unsent else b"")
    spent = ledger.spend_all(client.at, *counts)
    if not spent.wait:
        mailed = channel is Channel.EMAIL and not kind.guards and not own and not unsent
        return Permit(unsent=CAPPED if mailed and flood.flooded(client, to) else unsent)
    if refused := texting.refused(spent.full):
        return _refused(client, kind, *refused)
    return Permit(unsent=CAPPED)


def room(client: Client, channel: Channel, recipient: bytes) -> bool:
    """Whether one more that strangers cause would be sent to the address. Counts nothing."""
    own = _own(client, recipient)
    if not own and (client.quiet or feedback.silent(recipient, client.at)):
        return False
    return not ledger.waits(client.at, *_of_address(client, channel, recipient, own))


def _silent(kind: Kind, recipient: bytes, now: datetime) -> bool:
    """Whether nothing is sent because of what came back. What guards an account does not mind a complaint, and goes
    once a day to an address that bounced: it may be the only one that is left (docs/decisions/0060). What holds a way
    back is not even asked about."""
    marks = feedback.silent(recipient, now)
    if not kind.guards:
        return bool(marks)
    return Feedback.BOUNCED in marks and bool(ledger.spend("tried all the same", recipient, now, TRIED_ALL_THE_SAME))


def _own(client: Client, recipient: bytes) -> bytes:
    """The house, and a client that solved a captcha, write out of budgets of their own that no other client spends."""
    if client.vouched:
        return settings.KEYS.digest("vouched", recipient)
    return settings.KEYS.digest("house", recipient) if client.of_house else b""


def _of_address(client: Client, channel: Channel, recipient: bytes, own: bytes, *, spaced: bool = False) -> list[Count]:
    """What strangers cause at the address over all kinds, or `own` in place of that; and, of mails, what one network
    causes there and in all. `spaced`: once there is no room, or too many asked, one more fits APART from the last."""
    by_mail = channel is Channel.EMAIL and client.network and (client.vouched or not own)
    if own:
        counts = [Count(f"own {channel}", own, settings.OWN_MESSAGES[channel])]
    else:
        counts = [Count(f"messages {channel}", recipient, settings.MESSAGES_PER_ADDRESS[channel])]
    if by_mail:
        here = settings.KEYS.digest("network", recipient + client.network.encode())
        counts.append(Count("mails from", here, settings.MAILS_FROM_NETWORK))
    if spaced:
        counts = [replace(each, allowance=_spaced(each.allowance, few=client.quiet and not own)) for each in counts]
    if by_mail and settings.MAILS_OF_NETWORK.windows:  # else nobody waits for the row of their network
        network = settings.KEYS.digest("network", client.network.encode())
        counts.append(Count("mails of", network, settings.MAILS_OF_NETWORK))
    return counts


def _spaced(allowance: Allowance, *, few: bool) -> Allowance:
    return replace(allowance, windows=(*allowance.windows, *(((1, APART),) if few else ())), after=APART)


def _held(client: Client, kind: Kind, channel: Channel, to: str, recipient: bytes) -> bool:
    """Count one that the account itself causes; whether it waits for the digest. Each kind with a way back has a budget
    of its own: no flood of others delays it."""
    scope = f"own {kind.name}" if kind.cause is Cause.WAY_BACK else f"own notices {channel}"
    counts = [Count(scope, recipient, settings.OWN_MESSAGES[channel])]
    if channel is Channel.SMS:
        counts += texting.counts(to, client.network, Purse.OWN)
    return ledger.spend_all(client.at, *counts).wait > 0


def _refused(client: Client, kind: Kind, cap: Cap, wait: int) -> Permit:
    record(events.SMS_REFUSED, client, code=cap)
    if not kind.quiet:
        raise Throttled(retry_after=wait)
    return Permit(unsent=CAPPED)
