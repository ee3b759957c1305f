"""All that is kept about me: seen, taken along, and erased."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.db.transaction import atomic

from vestibule.accounts import identifiers, lifecycle, pictures
from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.models import AuditEvent
from vestibule.audit.record import record
from vestibule.audit.retention import shortening
from vestibule.challenges.desk import challenges
from vestibule.challenges.policy import Purpose, Secret
from vestibule.challenges.results import Proof
from vestibule.courier import messages
from vestibule.courier.models import Message
from vestibule.flows import owner, recovery, roles, securing
from vestibule.flows.flow import flow
from vestibule.flows.sign_in import keys_of
from vestibule.guards import ledger
from vestibule.guards.admission import DOCUMENT, admission
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions import devices
from vestibule.sessions.models import Session

GRACE = timedelta(days=14)
PAGE = 50  # events a page


@flow("account.activity")
def activity(*, client: Client, page: int = 1) -> tuple[int, list[AuditEvent]]:
    """How many security events of whoever asks are on record, and one page of them, newest first. Raises
    Unauthenticated, Unavailable."""
    found = AuditEvent.objects.filter(user_id=securing.signed_in(client).pk).order_by("-at", "-pk")
    return found.count(), [_without_staff(each) for each in found[(page - 1) * PAGE : page * PAGE]]


@flow("account.export")
def export(*, client: Client) -> dict[str, Any]:
    """Everything that is kept about whoever asks, table by table. Raises Unauthenticated, StepUpRequired,
    Unavailable."""
    user = securing.recently_signed_in(client)
    with admission.slot(DOCUMENT):
        with atomic():
            record(events.ACCOUNT_EXPORTED, client)
        return _document(user)


def _document(user: User) -> dict[str, Any]:
    sessions = Session.objects.filter(user=user).order_by("created_at")
    return {
        "account": _fields(user, but=("password",)),
        "profile": _fields(user.profile, but=("user",)),
        "former_addresses": [_fields(each, but=("user",)) for each in user.former_addresses.all()],
        "devices": [_fields(device, but=("user", "fingerprint")) for device in devices.of(user.pk)],
        "sessions": [_session(session) for session in sessions],
        "messages": [_fields(each, but=("recipient", "sealed")) for each in _messages(user).order_by("created_at")],
        "events": [_fields(_without_staff(each), but=("subject", "by_id")) for each in _events(user).order_by("at")],
    }


@flow("account.close")
def close(*, client: Client) -> None:
    """Switch the account off, and erase it in 14 days; a link in the mail takes that back.

    Raises Unauthenticated, StepUpRequired, Invalid (nobody else is admin), Unavailable.
    """
    user = securing.recently_signed_in(client)
    with atomic():
        roles.keep_an_admin(user.pk)
        held = securing.hold(client)
        lifecycle.begin_closing(user.pk, client.at + GRACE)
        to = owner.first_proved(held)
        payload, subject = owner.sealed(held, to), challenges.subject_of(user.pk)
        issued = challenges.issue(Purpose.ACCOUNT_UNDO, subject=subject, payload=payload, now=client.at)
        owner.write(client, messages.ACCOUNT_CLOSING, to, link="account/undo", issued=issued)
        record(events.ACCOUNT_CLOSING, client)
        securing.cut_off(client, user.pk)
    securing.call_off(user.pk, user.email, user.phone_number)


@flow("account.keep")
def keep(*, client: Client, token: str) -> None:
    """The link of the mail: the account stays. Raises TokenInvalid, LinkExpired, AlreadyUsed, Locked, Unavailable."""
    seen, secret = challenges.link(Purpose.ACCOUNT_UNDO, token, client.at)
    with challenges.verify(seen, secret, now=client.at, by=Secret.LINK) as proof, atomic():
        user, _ = recovery.held(client, _addressed(proof))
        if not lifecycle.end_closing(user.pk, client.at):
            raise errors.LinkExpired(subject=proof.subject)
        record(events.ACCOUNT_KEPT, client, user_id=user.pk, challenge_id=proof.id)


def _addressed(proof: Proof) -> Proof:
    """The proof of a link, with the address that it went to. One that was sealed before links named it went to the
    address that the account has: nobody changes it while the account is closing."""
    if "address" in proof.payload:
        return proof
    user = User.objects.get(pk=UUID(proof.payload["user_id"]))
    return replace(proof, payload={**proof.payload, "address": owner.reached_at(user)})


def erase_due(now: datetime, limit: int) -> int:
    """Erase at most so many accounts whose 14 days are over; how many. Each in a transaction of its own."""
    due = list(lifecycle.closing(now).values_list("pk", flat=True)[:limit])
    return sum(_erase(user_id, now) for user_id in due)


def _erase(user_id: UUID, now: datetime) -> bool:
    """Everything that knows the person; the audit log keeps what happened, and to nobody."""
    with atomic():
        held = lifecycle.closing(now).select_for_update(of=("self",)).select_related("profile")
        user = held.filter(pk=user_id).first()
        if user is None:
            return False
        picture = user.profile.picture
        _messages(user).delete()
        with shortening():
            _events(user).update(user_id=None, subject=None, address=None, agent="", reason="")
            AuditEvent.objects.filter(by_id=user.pk).update(by_id=None, address=None, agent="")
        for key in (*_digests(user), *keys_of(user)):
            ledger.forget_all(key)
        user.sessions.all().delete()
        user.devices.all().delete()
        lifecycle.close(user.pk)
        record(events.ACCOUNT_ERASED, Client.system("worker", now))
    pictures.forget(picture)
    return True


def _session(session: Session) -> dict[str, Any]:
    return {**_fields(session, but=("user",)), "refresh_tokens": session.refresh_tokens.count()}


def _digests(user: User) -> list[bytes]:
    known = [user.email, user.phone_number, *user.former_addresses.values_list("address", flat=True)]
    found = [digest for each in known if each for digest in identifiers.digests(identifiers.address(each))]
    return [*found, *settings.KEYS.digests("person", user.pk.bytes)]


def _messages(user: User) -> Any:
    return Message.objects.filter(recipient__in=_digests(user))


def _without_staff(event: AuditEvent) -> AuditEvent:
    """The event as its person may see it: where staff did it from is the staff's own business."""
    if event.by_id:
        event.address, event.agent = None, ""
    return event


def _events(user: User) -> Any:
    return AuditEvent.objects.filter(Q(user_id=user.pk) | Q(subject__in=_digests(user)))


def _fields(row: Any, *, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """The columns of a row, but secrets and digests."""
    return {field.name: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name not in but}
