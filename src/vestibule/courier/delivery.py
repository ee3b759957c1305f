"""Deliver what is due: lease, send, mark; at least once, with doubling backoff, for a day at most."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from django.db.models import Q, QuerySet
from django.utils import timezone
from prometheus_client import Counter

from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.courier import channels, feedback, messages, replies
from vestibule.courier.allowances import UNSENT
from vestibule.courier.channels import Sender
from vestibule.courier.envelope import unsealed
from vestibule.courier.models import Channel, Feedback, Message, State
from vestibule.courier.replies import Meaning
from vestibule.database.prepared import Prepared
from vestibule.database.rows import change
from vestibule.kernel import entropy, spans
from vestibule.kernel.client import Client
from vestibule.kernel.sealing import Unsealable

LEASE = timedelta(seconds=60)  # longer than a transport's timeout, so that two workers never hold one message
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=5), timedelta(minutes=30)
GIVE_UP_AFTER = timedelta(days=1)

REFUSES_US = "refuses us: "  # how a message's trouble begins where it is ours

GIVEN_UP = Counter("vestibule_messages_given_up", "Messages that no transport took in time.")

SENDERS: Mapping[str, Sender] = MappingProxyType({Channel.EMAIL: channels.send_mail, Channel.SMS: channels.send_sms})

_NEWER = Prepared(Message.objects.only("id"), "topic", "created_at__gt")


def due(now: datetime) -> Q:
    """Queued and due, or held by a worker whose lease ran out."""
    return Q(state=State.QUEUED, due_at__lte=now) | Q(state=State.SENDING, leased_until__lte=now)


def drain(now: datetime, *, batch: int = 100) -> int:
    """Deliver at most `batch` messages that are due, oldest first; how many were taken in hand."""
    waiting = list(Message.objects.filter(due(now)).order_by("due_at")[:batch])
    with channels.line_kept():
        return sum(_deliver(message, timezone.now()) for message in waiting)


def ended(before: datetime) -> QuerySet[Message]:
    """The messages that were sent or abandoned before that moment."""
    return Message.objects.filter(ended_at__lt=before)


def _deliver(message: Message, now: datetime) -> bool:
    if not _move(message, state=State.SENDING, leased_until=now + LEASE, tries=message.tries + 1):
        return False  # another worker has it
    if message.trouble in UNSENT:  # no event, and no row of one: strangers cause these
        _move(message, state=State.ABANDONED, ended_at=now, sealed=None, leased_until=None)
    elif message.useless_at is not None and message.useless_at <= now:
        _give_up(message, now) if message.trouble else _abandon(message, now, "expired")
    elif now - message.created_at >= GIVE_UP_AFTER:
        _give_up(message, now)
    elif message.tries > 1 and _superseded(message):
        _abandon(message, now, "superseded")
    else:
        _send(message, now)
    return True


def _superseded(message: Message) -> bool:
    """Whether a newer message of the topic was posted while a worker had this one: the code in it is dead. One that was
    never tried was queued until now, and whoever posts a newer one abandons what is queued."""
    return message.topic is not None and _NEWER.first(message.topic, message.created_at) is not None


def _send(message: Message, now: datetime) -> None:
    try:
        to, params, trace = unsealed(message)
    except Unsealable:
        _abandon(message, now, "sealed by a retired key")
        return
    with spans.span(f"deliver {message.kind}", parent=trace):
        _hand_over(message, now, to, params)


def _hand_over(message: Message, now: datetime, to: str, params: Mapping[str, str | int]) -> None:
    kind = messages.KINDS[message.kind]
    render = messages.sms if message.channel == Channel.SMS else messages.mail
    try:
        SENDERS[message.channel](message.id, to, render(kind, params))
    except Exception as error:  # noqa: BLE001 - whatever a transport raises, the table says what it means
        _refused(message, now, *replies.of_error(error))
        return
    _move(message, state=State.SENT, ended_at=now, sealed=None, trouble="", leased_until=None)
    record(
        events.MESSAGE_SENT,
        _worker(now),
        kind=message.kind,
        channel=message.channel,
        tries=message.tries,
        message=str(message.id),
    )


def _refused(message: Message, now: datetime, meaning: Meaning, code: str) -> None:
    """What the answer of a transport does to the message. Only one that speaks of the address silences it."""
    if meaning is Meaning.ADDRESS:
        _abandon(message, now, "refused")
        feedback.tell(_worker(now), message.id, Feedback.BOUNCED)
    elif meaning is Meaning.MESSAGE:
        GIVEN_UP.inc()
        _abandon(message, now, f"{REFUSES_US}{code}")
    else:
        _put_back(message, now, f"{REFUSES_US}{code}" if meaning is Meaning.OURS else code)
    if meaning in (Meaning.MESSAGE, Meaning.OURS):
        record(events.TRANSPORT_REFUSES_US, _worker(now), code=code[:40], kind=message.kind, message=str(message.id))


def _put_back(message: Message, now: datetime, trouble: str) -> None:
    doublings = min(message.tries - 1, 16)  # a day holds some fifty tries, and a timedelta no 2^44 times five seconds
    backoff = min(FIRST_RETRY * 2**doublings, LONGEST_RETRY)
    due_at = now + backoff + timedelta(seconds=entropy.jitter(backoff.total_seconds() / 4))
    _move(message, state=State.QUEUED, due_at=due_at, trouble=trouble[:60], leased_until=None)
    record(events.MESSAGE_DELAYED, _worker(now), code=trouble, kind=message.kind, message=str(message.id))


def _give_up(message: Message, now: datetime) -> None:
    """No transport took it in time: somebody has to look."""
    GIVEN_UP.inc()
    _abandon(message, now, message.trouble or "too old")


def _abandon(message: Message, now: datetime, trouble: str) -> None:
    _move(message, state=State.ABANDONED, ended_at=now, sealed=None, trouble=trouble[:60], leased_until=None)
    record(events.MESSAGE_ABANDONED, _worker(now), code=trouble[:40], kind=message.kind, message=str(message.id))


def _move(message: Message, **to: object) -> bool:
    """Change the row, unless another worker has taken it since we read it or our lease began: each taking is a try."""
    return change(message, "state", "tries", **to)


def _worker(now: datetime) -> Client:
    return Client.system("worker", now)
