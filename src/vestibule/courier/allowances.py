"""Whether a message will be sent: counted by who causes it, before a newer secret replaces an older one
(docs/decisions/0050)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vestibule.addresses.address import Address, Channel, Email, Phone
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.conf import conf
from vestibule.courier import feedback
from vestibule.courier.message_kind import Cause, MessageKind
from vestibule.courier.models import Feedback
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Throttled
from vestibule.limits import ledger, rates, rules, sign_up_mails, sms_costs
from vestibule.limits.ledger import Count
from vestibule.limits.rolling_window import Allowance
from vestibule.limits.sms_costs import Purse, SmsCap

CAPPED, BOUNCED, NO_ACCOUNT = "capped", feedback.BOUNCED, "nobody"
UNSENT_REASONS = (CAPPED, BOUNCED, NO_ACCOUNT)  # why a row is never handed to a transport

# Strangers can delay an owner's resets but not prevent them: another one goes when the last link has expired, and until
# then that link lies in the owner's mailbox, also if a stranger requested it (docs/decisions/0086).
APART = timedelta(hours=1)
_ADDRESS_CAPS = {Channel.EMAIL: rules.MAILS, Channel.SMS: rules.TEXTS}
_OWN_CAPS = {Channel.EMAIL: rules.OWN_MAILS, Channel.SMS: rules.TEXTS}
RETRIES_AFTER_BOUNCE = Allowance(windows=((1, timedelta(days=1)),))  # mails to an address that bounced


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """What becomes of a message: it is sent, `deferred` to the hourly digest, or not sent for `unsent_reason`."""

    unsent_reason: str = ""
    deferred: bool = False

    @property
    def may_replace_secret(self) -> bool:
        """Whether the flow may replace the older secret. It also acts so if nobody has the address: the client must not
        see a difference."""
        return self.unsent_reason in ("", NO_ACCOUNT)


def acquire_permit(
    client: Client, kind: MessageKind, to: Address, *, budget_key: bytes = b"", is_decoy: bool = False
) -> Permit:
    """Count one message to the address, in the caller's transaction, and say what becomes of it. A flow asks before it
    issues a secret, so that a message that is held back replaces no older secret.

    `budget_key` is the digest of a separate budget that the message spends, although strangers can cause its kind.
    `is_decoy` says that no account has the address; the same work is done.

    Raises:
        Throttled: an SMS that was requested openly would exceed the limits on SMS costs. The caller's transaction must
            not survive it.
    """
    if kind.cause is Cause.ACCOUNT_WITH_UNDO:
        return Permit(deferred=_overspends_own_budget(client, kind, to))
    back = _is_suppressed(kind, to, client.at)
    if kind.cause is Cause.ACCOUNT:
        return Permit(unsent_reason=BOUNCED) if back else Permit(deferred=_overspends_own_budget(client, kind, to))
    purse = Purse.OWN if budget_key or client.is_internal else Purse.QUIET if kind.hides_refusal else Purse.TOLD
    budget_key = budget_key or _own_budget_key(client, to)
    spaced = kind.always and isinstance(to, Email)
    if client.messages_withheld and not budget_key and not spaced:
        return Permit(unsent_reason=CAPPED)
    unsent = NO_ACCOUNT if is_decoy else BOUNCED if back else ""
    counts = _address_counts(client, to, budget_key, spaced=spaced)
    if isinstance(to, Phone):
        if purse is Purse.TOLD and sms_costs.is_breaker_open(client.at):
            return _refuse_sms(client, kind, SmsCap.BREAKER, sms_costs.BREAKER_WAIT)
        counts += sms_costs.counts_for_number(to, client.network, purse, decoy_key=to.digest if unsent else b"")
    spent = ledger.spend_all(client.at, *counts)
    if not spent.wait:
        counted = not kind.protects_account and not budget_key and not unsent
        flooded = counted and isinstance(to, Email) and sign_up_mails.count_sign_up_mail(client, to)
        return Permit(unsent_reason=CAPPED if flooded else unsent)
    if refused := sms_costs.find_refusing_cap(spent.full):
        return _refuse_sms(client, kind, *refused)
    return Permit(unsent_reason=CAPPED)


def has_room_for_message(client: Client, to: Address) -> bool:
    """Return whether one more message that strangers cause would be sent to the address. Counts nothing."""
    own = _own_budget_key(client, to)
    if not own and (client.messages_withheld or feedback.suppression_reasons(to.digest, client.at)):
        return False
    return not ledger.seconds_until_all_free(client.at, *_address_counts(client, to, own))


def _is_suppressed(kind: MessageKind, to: Address, now: datetime) -> bool:
    """Return whether nothing is sent because of earlier bounces or complaints.

    A message that protects an account ignores complaints, and is tried once a day at an address that bounced, which may
    be the only one left (docs/decisions/0060). For a message with an undo link this is not even asked.
    """
    marks = feedback.suppression_reasons(to.digest, now)
    if not kind.protects_account:
        return bool(marks)
    return Feedback.BOUNCED in marks and bool(ledger.spend("tried all the same", to.digest, now, RETRIES_AFTER_BOUNCE))


def _own_budget_key(client: Client, to: Address) -> bytes:
    """Return the separate budget of the service itself, or of a client that solved a captcha; b"" for any other
    client."""
    if client.captcha_solved:
        return conf.keys.digest("vouched", to.digest)
    return conf.keys.digest("house", to.digest) if client.is_internal else b""


def _address_counts(client: Client, to: Address, budget_key: bytes, *, spaced: bool = False) -> list[Count]:
    """Return the counts for a message to the address: of what strangers cause there, or of `budget_key` instead; and
    for mails of what one network causes there and in all. If `spaced`, one more fits APART after the last when there is
    no room."""
    counts_mails = isinstance(to, Email) and client.network and (client.captcha_solved or not budget_key)
    if budget_key:
        counts = [Count(f"own {to.channel}", budget_key, rates.cap_allowance(_OWN_CAPS[to.channel]))]
    else:
        counts = [Count(f"messages {to.channel}", to.digest, rates.cap_allowance(_ADDRESS_CAPS[to.channel]))]
    if counts_mails:
        here = conf.keys.digest("network", to.digest + client.network.encode())
        counts.append(Count("mails from", here, rates.cap_allowance(rules.MAILS_FROM_NETWORK)))
    if spaced:
        counts = [
            replace(each, allowance=_space_out(each.allowance, few=client.messages_withheld and not budget_key))
            for each in counts
        ]
    of_network = rates.cap_allowance(rules.MAILS_OF_NETWORK, relaxed=client.is_developer)
    if counts_mails and of_network.windows:  # else no request should wait for its network's row
        network = conf.keys.digest("network", client.network.encode())
        counts.append(Count("mails of", network, of_network))
    return counts


def _space_out(allowance: Allowance, *, few: bool) -> Allowance:
    return replace(allowance, windows=(*allowance.windows, *(((1, APART),) if few else ())), after=APART)


def _overspends_own_budget(client: Client, kind: MessageKind, to: Address) -> bool:
    """Count a message that the account itself causes, and return whether it must wait for the digest. Each kind with an
    undo link has its own budget, so that a flood of other messages does not delay it."""
    scope = f"own {kind.name}" if kind.cause is Cause.ACCOUNT_WITH_UNDO else f"own notices {to.channel}"
    counts = [Count(scope, to.digest, rates.cap_allowance(_OWN_CAPS[to.channel]))]
    if isinstance(to, Phone):
        counts += sms_costs.counts_for_number(to, client.network, Purse.OWN)
    return ledger.spend_all(client.at, *counts).wait > 0


def _refuse_sms(client: Client, kind: MessageKind, cap: SmsCap, wait: int) -> Permit:
    record_event(events.SMS_REFUSED, client, code=cap)
    if not kind.hides_refusal:
        raise Throttled(retry_after=wait)
    return Permit(unsent_reason=CAPPED)
