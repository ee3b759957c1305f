"""Whether a message will be sent: counted by who causes it, before a newer secret takes the place of an older one
(docs/decisions/0050)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.courier import feedback
from vestibule.courier.messages import Cause, MessageKind
from vestibule.courier.models import Channel, Feedback
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Throttled
from vestibule.limits import ledger, sign_up_mails, sms_costs
from vestibule.limits.ledger import Count
from vestibule.limits.rolling_window import Allowance
from vestibule.limits.sms_costs import Purse, SmsCap

CAPPED, BOUNCED, NO_ACCOUNT = "capped", feedback.BOUNCED, "nobody"
UNSENT_REASONS = (CAPPED, BOUNCED, NO_ACCOUNT)  # in one word, why a row is never handed to a transport

# Strangers space an owner's resets out, and keep none away: one more goes when the last link is dead, which lay in the
# owner's mailbox till then, whoever asked for it (docs/decisions/0086).
APART = timedelta(hours=1)
RETRIES_AFTER_BOUNCE = Allowance(windows=((1, timedelta(days=1)),))  # mails to an address whose mail came back


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """What becomes of a message: it is sent, or `held` for the digest of the hour, or `unsent` for that reason."""

    unsent_reason: str = ""
    deferred: bool = False

    @property
    def may_replace_secret(self) -> bool:
        """Whether the flow may put the newer secret in the place of the older. Where nobody has the address it acts as
        if: who asks must not see a difference."""
        return self.unsent_reason in ("", NO_ACCOUNT)


def acquire_permit(
    client: Client,
    kind: MessageKind,
    channel: Channel,
    *,
    to: str,
    recipient: bytes,
    budget_key: bytes = b"",
    is_decoy: bool = False,
) -> Permit:
    """Count one message to the address (`recipient` is its digest), in the caller's transaction. `own`: the digest of
    whose budget of its own it spends, though strangers can cause its kind; `muted`: nobody has the address, and the
    same work is done.

    Raises Throttled where an SMS that was asked for aloud would cost more than the house allows; the caller's
    transaction must not survive it.
    """
    if kind.cause is Cause.ACCOUNT_WITH_UNDO:
        return Permit(deferred=_overspends_own_budget(client, kind, channel, to, recipient))
    back = _is_suppressed(kind, recipient, client.at)
    if kind.cause is Cause.ACCOUNT:
        return (
            Permit(unsent_reason=BOUNCED)
            if back
            else Permit(deferred=_overspends_own_budget(client, kind, channel, to, recipient))
        )
    purse = Purse.OWN if budget_key or client.is_internal else Purse.QUIET if kind.hides_refusal else Purse.TOLD
    budget_key = budget_key or _own_budget_key(client, recipient)
    spaced = kind.always and channel is Channel.EMAIL
    if client.messages_withheld and not budget_key and not spaced:
        return Permit(unsent_reason=CAPPED)
    unsent = NO_ACCOUNT if is_decoy else BOUNCED if back else ""
    counts = _address_counts(client, channel, recipient, budget_key, spaced=spaced)
    if channel is Channel.SMS:
        if purse is Purse.TOLD and sms_costs.is_breaker_open(client.at):
            return _refuse_sms(client, kind, SmsCap.BREAKER, sms_costs.BREAKER_WAIT)
        counts += sms_costs.counts_for_number(to, client.network, purse, decoy_key=recipient if unsent else b"")
    spent = ledger.spend_all(client.at, *counts)
    if not spent.wait:
        mailed = channel is Channel.EMAIL and not kind.protects_account and not budget_key and not unsent
        return Permit(unsent_reason=CAPPED if mailed and sign_up_mails.count_sign_up_mail(client, to) else unsent)
    if refused := sms_costs.find_refusing_cap(spent.full):
        return _refuse_sms(client, kind, *refused)
    return Permit(unsent_reason=CAPPED)


def has_room_for_message(client: Client, channel: Channel, recipient: bytes) -> bool:
    """Whether one more that strangers cause would be sent to the address. Counts nothing."""
    own = _own_budget_key(client, recipient)
    if not own and (client.messages_withheld or feedback.suppression_reasons(recipient, client.at)):
        return False
    return not ledger.seconds_until_all_free(client.at, *_address_counts(client, channel, recipient, own))


def _is_suppressed(kind: MessageKind, recipient: bytes, now: datetime) -> bool:
    """Whether nothing is sent because of what came back. What guards an account does not mind a complaint, and goes
    once a day to an address that bounced: it may be the only one that is left (docs/decisions/0060). What holds a way
    back is not even asked about."""
    marks = feedback.suppression_reasons(recipient, now)
    if not kind.protects_account:
        return bool(marks)
    return Feedback.BOUNCED in marks and bool(ledger.spend("tried all the same", recipient, now, RETRIES_AFTER_BOUNCE))


def _own_budget_key(client: Client, recipient: bytes) -> bytes:
    """The house, and a client that solved a captcha, write out of budgets of their own that no other client spends."""
    if client.captcha_solved:
        return settings.KEYS.digest("vouched", recipient)
    return settings.KEYS.digest("house", recipient) if client.is_internal else b""


def _address_counts(
    client: Client, channel: Channel, recipient: bytes, budget_key: bytes, *, spaced: bool = False
) -> list[Count]:
    """What strangers cause at the address over all kinds, or `own` in place of that; and, of mails, what one network
    causes there and in all. `spaced`: once there is no room, or too many asked, one more fits APART from the last."""
    by_mail = channel is Channel.EMAIL and client.network and (client.captcha_solved or not budget_key)
    if budget_key:
        counts = [Count(f"own {channel}", budget_key, settings.OWN_MESSAGES[channel])]
    else:
        counts = [Count(f"messages {channel}", recipient, settings.MESSAGES_PER_ADDRESS[channel])]
    if by_mail:
        here = settings.KEYS.digest("network", recipient + client.network.encode())
        counts.append(Count("mails from", here, settings.MAILS_FROM_NETWORK))
    if spaced:
        counts = [
            replace(each, allowance=_is_spaced_out(each.allowance, few=client.messages_withheld and not budget_key))
            for each in counts
        ]
    if by_mail and settings.MAILS_OF_NETWORK.windows:  # else nobody waits for the row of their network
        network = settings.KEYS.digest("network", client.network.encode())
        counts.append(Count("mails of", network, settings.MAILS_OF_NETWORK))
    return counts


def _is_spaced_out(allowance: Allowance, *, few: bool) -> Allowance:
    return replace(allowance, windows=(*allowance.windows, *(((1, APART),) if few else ())), after=APART)


def _overspends_own_budget(client: Client, kind: MessageKind, channel: Channel, to: str, recipient: bytes) -> bool:
    """Count one that the account itself causes; whether it waits for the digest. Each kind with a way back has a budget
    of its own: no flood of others delays it."""
    scope = f"own {kind.name}" if kind.cause is Cause.ACCOUNT_WITH_UNDO else f"own notices {channel}"
    counts = [Count(scope, recipient, settings.OWN_MESSAGES[channel])]
    if channel is Channel.SMS:
        counts += sms_costs.counts_for_number(to, client.network, Purse.OWN)
    return ledger.spend_all(client.at, *counts).wait > 0


def _refuse_sms(client: Client, kind: MessageKind, cap: SmsCap, wait: int) -> Permit:
    record_event(events.SMS_REFUSED, client, code=cap)
    if not kind.hides_refusal:
        raise Throttled(retry_after=wait)
    return Permit(unsent_reason=CAPPED)
