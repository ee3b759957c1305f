"""The data kept about a person: its event log, its export, and the closing and erasure of the account."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from vestibule.accounts import address_history, directory, lifecycle, pictures
from vestibule.accounts.models import User
from vestibule.applications.directory import name_applications
from vestibule.applications.holdings import delete_application_rows, list_application_rows
from vestibule.audit import events
from vestibule.audit.models import AuditEvent
from vestibule.audit.record import record_event
from vestibule.audit.retention import allow_shortening
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import WayBackPayload
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.challenges.results import Proof
from vestibule.conf import conf
from vestibule.courier import messages
from vestibule.courier.models import Message
from vestibule.factors.holdings import SECRET_COLUMNS, delete_factors, list_factor_rows
from vestibule.flows import notices, step_up
from vestibule.flows.flow import flow
from vestibule.flows.recovery import account_recovery
from vestibule.flows.sign_in.by_password import password_count_keys
from vestibule.flows.staff import roles
from vestibule.identities import links
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.limits import ledger
from vestibule.limits.admission import DOCUMENT, admission
from vestibule.sessions import devices
from vestibule.sessions.models import Session
from vestibule.storage.database import atomic

CLOSING_GRACE = timedelta(days=14)
EVENTS_PER_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityEvents:
    """A page of the security events of an account, newest first, and how many there are on all pages. `names` holds
    the names of the applications that they concern, by client id, of those that are still registered."""

    count: int
    events: list[AuditEvent]
    names: Mapping[str, str]


@flow("account.activity")
def list_security_events(*, client: Client, page: int = 1) -> SecurityEvents:
    """Return a page of the security events of the client's account.

    Raises:
        Unauthenticated: the client is not signed in.
        Unavailable: the database cannot be reached.
    """
    found = AuditEvent.objects.filter(user_id=step_up.require_user(client).pk).order_by("-at", "-pk")
    shown = [_hide_staff_origin(each) for each in found[(page - 1) * EVENTS_PER_PAGE : page * EVENTS_PER_PAGE]]
    names = name_applications({each.application for each in shown if each.application})
    return SecurityEvents(count=found.count(), events=shown, names=names)


@flow("account.export")
def export_personal_data(*, client: Client) -> dict[str, object]:
    """Return everything that is kept about the client's account, by table.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent.
        Unavailable: the database cannot be reached, or too many documents are being made.
    """
    user = step_up.require_recent_user(client)
    with admission.hold_slot(DOCUMENT):
        with atomic():
            record_event(events.ACCOUNT_EXPORTED, client)
        return _collect_personal_data(user)


def _collect_personal_data(user: User) -> dict[str, object]:
    sessions = Session.objects.filter(user=user).order_by("created_at")
    digests = _person_digests(user)
    return {
        "account": _export_columns(user, excluded=("password", "sign_up_id")),
        "profile": _export_columns(user.profile, excluded=("user",)),
        "former_addresses": [_export_columns(each, excluded=("user",)) for each in user.former_addresses.all()],
        "devices": [
            _export_columns(device, excluded=("user", "fingerprint")) for device in devices.list_devices_of(user.pk)
        ],
        "sessions": [_export_session(session) for session in sessions],
        **{
            part: [_export_columns(row, excluded=SECRET_COLUMNS) for row in rows]
            for part, rows in {**list_factor_rows(user), **list_application_rows(user)}.items()
        },
        "identities": [
            _export_columns(each, excluded=("user", "sealed_tokens")) for each in links.list_identities(user)
        ],
        "messages": [
            _export_columns(each, excluded=("recipient", "sealed"))
            for each in _messages_to(digests).order_by("created_at")
        ],
        "events": [
            _export_columns(_hide_staff_origin(each), excluded=("subject", "by_id"))
            for each in _events_about(user, digests).order_by("at")
        ],
    }


@flow("account.close")
def close_own_account(*, client: Client) -> None:
    """Close the client's account and schedule its erasure in CLOSING_GRACE. A link in the mail cancels the closing.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent.
        Invalid: the person is the only admin.
        SessionRevoked: the session was ended meanwhile.
        Unavailable: the database cannot be reached.
    """
    user = step_up.require_recent_user(client)
    with atomic():
        roles.require_another_admin(user.pk)
        held = step_up.lock_current_user(client)
        lifecycle.schedule_closing_by_owner(user.pk, client.at + CLOSING_GRACE)
        to, kind = notices.first_proved_address(held), messages.ACCOUNT_CLOSING
        notices.send_account_link(client, held, Purpose.ACCOUNT_UNDO, kind, to, page="account_undo")
        record_event(events.ACCOUNT_CLOSING, client)
        step_up.end_sessions_and_devices(client, user.pk)
    step_up.cancel_pending_changes(user)


@flow("account.keep")
def cancel_account_closing(*, client: Client, token: str) -> None:
    """Cancel the closing of an account, through the link that was mailed when it was closed.

    Raises:
        TokenInvalid: the link was not issued by this service.
        LinkExpired: the link is too old, or the account is not closing any more.
        AlreadyUsed: the link was used before.
        Locked: another request holds this link.
        Unavailable: a store cannot be reached.
    """
    seen, secret = challenges.find_live_link(Purpose.ACCOUNT_UNDO, token, client.at)
    with challenges.verify(seen, secret, WayBackPayload, now=client.at, by=SecretKind.LINK) as proof, atomic():
        user, _ = account_recovery.lock_proved_account(client, _with_address(proof))
        if not lifecycle.cancel_closing_by_owner(user.pk, client.at):
            raise errors.LinkExpired(subject=proof.subject)
        record_event(events.ACCOUNT_KEPT, client, user_id=user.pk, challenge_id=proof.id)


def _with_address(proof: Proof[WayBackPayload]) -> Proof[WayBackPayload]:
    """Return the proof with the address that its link went to. An older link names no address: it went to the account's
    own, which nobody can change while the account is closing."""
    if proof.payload.address:
        return proof
    user = User.objects.get(pk=proof.payload.user_id)
    return replace(proof, payload=replace(proof.payload, address=notices.contact_address(user).value))


def erase_due_accounts(now: datetime, limit: int) -> int:
    """Erase at most `limit` accounts whose grace period is over, each in its own transaction, and return how many."""
    due = list(lifecycle.users_due_for_erasure(now).values_list("pk", flat=True)[:limit])
    return sum(_erase_account(user_id, now) for user_id in due)


def _erase_account(user_id: UUID, now: datetime) -> bool:
    """Delete everything that identifies the person. The audit log keeps its events, but no reference to the person."""
    with atomic():
        held = lifecycle.users_due_for_erasure(now).select_for_update(of=("self",)).select_related("profile")
        user = held.filter(pk=user_id).first()
        if user is None:
            return False
        picture, digests = user.profile.picture, _person_digests(user)
        _messages_to(digests).delete()
        with allow_shortening():
            _events_about(user, digests).update(user_id=None, subject=None, address=None, agent="", reason="")
            AuditEvent.objects.filter(by_id=user.pk).update(by_id=None, address=None, agent="")
        for key in (*digests, *password_count_keys(user)):
            ledger.delete_counts(key)
        delete_application_rows(user)
        user.sessions.all().delete()
        user.devices.all().delete()
        delete_factors(user)
        links.delete_identities(user)
        lifecycle.erase_user(user.pk)
        record_event(events.ACCOUNT_ERASED, Client.for_system("worker", now))
    pictures.delete_stored_picture(picture)
    return True


def _export_session(session: Session) -> dict[str, object]:
    return {**_export_columns(session, excluded=("user",)), "refresh_tokens": session.refresh_tokens.count()}


def _person_digests(user: User) -> list[bytes]:
    addresses = (*directory.addresses_of(user), *address_history.former_addresses_of(user))
    found = [digest for address in addresses for digest in address.all_digests]
    return [*found, *conf.keys.all_digests("person", user.pk.bytes)]


def _messages_to(digests: list[bytes]) -> QuerySet[Message]:
    return Message.objects.filter(recipient__in=digests)


def _hide_staff_origin(event: AuditEvent) -> AuditEvent:
    """Remove address and agent from an event that a member of staff caused: the person may not learn them."""
    if event.by_id:
        event.address, event.agent = None, ""
    return event


def _events_about(user: User, digests: list[bytes]) -> QuerySet[AuditEvent]:
    refused = conf.keys.all_digests("account", user.pk.bytes)  # failed sign-ins, also those of strangers
    return AuditEvent.objects.filter(Q(user_id=user.pk) | Q(subject__in=[*digests, *refused]))


def _export_columns(row: Model, *, excluded: tuple[str, ...] = ()) -> dict[str, object]:
    """Return the columns of a row by name, without the `excluded` ones (secrets and digests)."""
    return {
        field.name: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name not in excluded
    }
