"""Delivery of due messages: lease, send, mark; at least once, with doubling backoff, for a day at most."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

from django.db.models import QuerySet
from django.utils import timezone
from prometheus_client import Counter

from vestibule.addresses.address import Channel
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.courier import feedback, leases, messages, rendering, replies
from vestibule.courier.allowances import UNSENT_REASONS
from vestibule.courier.envelope import unseal_content
from vestibule.courier.message_kind import MessageKind
from vestibule.courier.models import HTTP, Feedback, Message, State
from vestibule.courier.rendering import RenderedMessage
from vestibule.courier.replies import Meaning
from vestibule.courier.transports import channels
from vestibule.courier.transports.channels import MessageSender
from vestibule.kernel import entropy, spans
from vestibule.kernel.client import Client
from vestibule.kernel.sealing import Unsealable
from vestibule.storage.rows import update_row

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=5), timedelta(minutes=30)
GIVE_UP_AFTER = timedelta(days=1)
TAKEN_AT_ONCE = 25  # by one statement

REFUSES_US_PREFIX = "refuses us: "  # of `trouble`, if a transport refuses us rather than the address

GIVEN_UP = Counter("vestibule_messages_given_up", "Messages that no transport took in time.")

SENDERS: Mapping[str, MessageSender] = MappingProxyType(
    {Channel.EMAIL: channels.send_mail, Channel.SMS: channels.send_sms}
)
RENDERERS: Mapping[str, Callable[[MessageKind, Mapping[str, str | int], str], RenderedMessage]] = MappingProxyType(
    {Channel.EMAIL: rendering.render_mail, Channel.SMS: rendering.render_sms}
)

# Sends what the channel `http` carries: it gets the URL and the parameters of one message, and raises as a
# `channels.MessageSender` does.
RequestSender = Callable[[str, Mapping[str, str | int]], None]


def deliver_due_messages(now: datetime, *, batch: int = 100, send_request: RequestSender | None = None) -> int:
    """Deliver at most `batch` due messages to people, oldest first, and with `send_request` as many to programs, for
    which nobody waits. Return how many this worker took."""
    with channels.reuse_mail_connection():
        taken = _deliver_batch(now, batch)
        return taken + (_deliver_batch(now, batch, send_request) if send_request else 0)


def ended_messages(before: datetime) -> QuerySet[Message]:
    """Return the messages that were sent or abandoned before that moment."""
    return Message.objects.filter(ended_at__lt=before)


def _deliver_batch(now: datetime, batch: int, send_request: RequestSender | None = None) -> int:
    done, more = 0, True
    while more and done < batch:
        limit, until = min(TAKEN_AT_ONCE, batch - done), timezone.now() + leases.LEASE
        taken = leases.take_due_messages(now, until, limit=limit, to_programs=send_request is not None)
        begun = _deliver_taken(taken, until, send_request)
        done, more = done + begun, len(taken) == limit or begun < len(taken)
    return done


def _deliver_taken(taken: Sequence[Message], until: datetime, send_request: RequestSender | None) -> int:
    """Deliver what is leased `until` then, and return how many were begun. The others are given back, because those
    before them took too long or because one failed in a way that no reply explains."""
    sent: list[Message] = []
    begun = 0
    try:
        for message in taken:
            now = timezone.now()
            if begun and now > until - leases.LEASE + leases.HELD_FOR:
                break
            begun += 1
            if _deliver_message(message, now, send_request):
                sent.append(message)
    finally:
        if sent:
            leases.mark_sent(sent, until, timezone.now())
        if begun < len(taken):
            leases.give_back(taken[begun:], until)
    return begun


def _deliver_message(message: Message, now: datetime, send_request: RequestSender | None) -> bool:
    """Send the message or end it, and return whether it was sent and is still to be marked so."""
    if message.trouble in UNSENT_REASONS:  # no event: strangers can cause any number of these
        _update_unless_taken(message, state=State.ABANDONED, ended_at=now, sealed=None, leased_until=None)
    elif message.useless_at is not None and message.useless_at <= now:
        _abandon_with_alarm(message, now) if message.trouble else _abandon_message(message, now, "expired")
    elif now - message.created_at >= GIVE_UP_AFTER:
        _abandon_with_alarm(message, now)
    elif message.is_superseded:  # posted while a worker held this one, so that its code is void
        _abandon_message(message, now, "superseded")
    else:
        return _send_message(message, now, send_request)
    return False


def _send_message(message: Message, now: datetime, send_request: RequestSender | None) -> bool:
    try:
        to, params, trace = unseal_content(message)
    except Unsealable:
        _abandon_message(message, now, "sealed by a retired key")
        return False
    with spans.open_span(f"deliver {message.kind}", parent=trace):
        return _hand_to_transport(message, now, partial(_transmit, message, to, params, send_request))


def _transmit(message: Message, to: str, params: Mapping[str, str | int], send_request: RequestSender | None) -> None:
    if send_request and message.channel == HTTP:
        send_request(to, params)
    else:
        kind = messages.KINDS[message.kind]
        SENDERS[message.channel](message.id, to, RENDERERS[message.channel](kind, params, message.language))


def _hand_to_transport(message: Message, now: datetime, transmit: Callable[[], None]) -> bool:
    try:
        transmit()
    except Exception as error:  # noqa: BLE001 - any transport may be configured; `replies` classifies the error
        _apply_refusal(message, now, *replies.classify_error(error))
        return False
    record_event(
        events.MESSAGE_SENT,
        _worker_client(now),
        kind=message.kind,
        channel=message.channel,
        tries=message.tries,
        message=str(message.id),
    )
    return True


def _apply_refusal(message: Message, now: datetime, meaning: Meaning, code: str) -> None:
    """Do to the message what the answer of the transport means. Only an answer about the address suppresses it."""
    if meaning is Meaning.ADDRESS:
        _abandon_message(message, now, "refused")
        feedback.mark_message(_worker_client(now), message.id, Feedback.BOUNCED)
    elif meaning is Meaning.MESSAGE:
        GIVEN_UP.inc()
        _abandon_message(message, now, f"{REFUSES_US_PREFIX}{code}")
    else:
        _schedule_retry(message, now, f"{REFUSES_US_PREFIX}{code}" if meaning is Meaning.OURS else code)
    if meaning in (Meaning.MESSAGE, Meaning.OURS):
        record_event(
            events.TRANSPORT_REFUSES_US, _worker_client(now), code=code[:40], kind=message.kind, message=str(message.id)
        )


def _schedule_retry(message: Message, now: datetime, trouble: str) -> None:
    doublings = min(message.tries - 1, 16)  # some fifty tries a day; a timedelta overflows at 2^44 * 5 s
    backoff = min(FIRST_RETRY * 2**doublings, LONGEST_RETRY)
    due_at = now + backoff + timedelta(seconds=entropy.random_jitter(backoff.total_seconds() / 4))
    _update_unless_taken(message, state=State.QUEUED, due_at=due_at, trouble=trouble[:60], leased_until=None)
    record_event(events.MESSAGE_DELAYED, _worker_client(now), code=trouble, kind=message.kind, message=str(message.id))


def _abandon_with_alarm(message: Message, now: datetime) -> None:
    """Abandon a message that no transport accepted in time, and count it for the alert."""
    GIVEN_UP.inc()
    _abandon_message(message, now, message.trouble or "too old")


def _abandon_message(message: Message, now: datetime, trouble: str) -> None:
    _update_unless_taken(
        message, state=State.ABANDONED, ended_at=now, sealed=None, trouble=trouble[:60], leased_until=None
    )
    record_event(
        events.MESSAGE_ABANDONED, _worker_client(now), code=trouble[:40], kind=message.kind, message=str(message.id)
    )


def _update_unless_taken(message: Message, **to: object) -> bool:
    """Change the row, unless another worker has taken it since it was read or the lease began: each taking counts a
    try."""
    return update_row(message, "state", "tries", **to)


def _worker_client(now: datetime) -> Client:
    return Client.for_system("worker", now)
