"""Stay signed in, and sign out."""

from uuid import UUID

from django.db.transaction import atomic

from vestibule.accounts import identifiers
from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.challenges.desk import challenges
from vestibule.challenges.policy import Purpose, Secret
from vestibule.courier import messages
from vestibule.flows import owner, password_reset, recovery, securing
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions import roster
from vestibule.sessions.models import Session
from vestibule.sessions.moves import moved
from vestibule.sessions.refresh import Reused, Tokens, family, rotate


@flow("sessions.refresh")
def refresh(*, client: Client, token: str) -> Tokens:
    """The next access and refresh token; a refresh token that comes a second time ends its session. Of one that comes
    from another network by another kind of client its owner is told, once a place.

    Raises CredentialInvalid, CredentialExpired, SessionRevoked, Unavailable.
    """
    with atomic():
        rotated = rotate(client, token)
        if isinstance(rotated, Reused):
            _end_stolen(client, rotated.session)
        elif moved(rotated.session, client):
            record(events.SESSION_ELSEWHERE, client, user_id=rotated.session.user_id, session=str(rotated.session.pk))
            owner.warn(client, rotated.session.user, messages.SESSION_ELSEWHERE)
    if isinstance(rotated, Reused):
        raise errors.SessionRevoked
    record(events.SESSION_REFRESHED, client, session=str(rotated.session.pk))
    return rotated


@flow("sessions.mine")
def mine(*, client: Client) -> list[Session]:
    """The sessions of whoever asks, newest first. Raises Unauthenticated, Unavailable."""
    if client.user_id is None:
        raise errors.Unauthenticated
    return list(roster.living(client.user_id, client.at))


@flow("sessions.end")
def end(*, client: Client, id: UUID) -> None:
    """End one session of whoever asks; another than their own wants a recent sign-in.

    Raises Unauthenticated, StepUpRequired, NotFound, Unavailable.
    """
    user = securing.signed_in(client) if id == client.session_id else securing.recently_signed_in(client)
    if not roster.living(user.pk, client.at).filter(pk=id).exists():
        raise errors.NotFound
    _end(client, user.pk, only=id)


@flow("sessions.disown")
def disown(*, client: Client, token: str) -> None:
    """ "This wasn't me": every session ends, no password opens the account, and a reset is on its way to its owner, at
    the address that the link went to.

    Raises TokenInvalid, LinkExpired, AlreadyUsed, Locked, EmailTaken, PhoneTaken, Unavailable.
    """
    seen, secret = challenges.link(Purpose.NOT_ME, token, client.at)
    with challenges.verify(seen, secret, now=client.at, by=Secret.LINK) as proof, atomic():
        user = recovery.recover(client, proof)
        record(events.SESSION_DISOWNED, client, user_id=user.pk, challenge_id=proof.id)
        password_reset.offer(client, user, identifiers.address(proof.payload["address"]))
    recovery.tidy(client, user.pk)


@flow("sessions.sign_out")
def sign_out(*, client: Client, token: str = "") -> None:
    """End the session that asks, or the one of a refresh token; ending what has ended is no error.

    Raises CredentialInvalid, Unauthenticated, Unavailable.
    """
    session_id = client.session_id or (family(token).pk if token else None)
    if session_id is None:
        raise errors.Unauthenticated
    _end(client, Session.objects.get(pk=session_id).user_id, only=session_id)


@flow("sessions.sign_out_everywhere")
def sign_out_everywhere(*, client: Client) -> None:
    """End every session of whoever asks. Raises Unauthenticated, Unavailable."""
    if client.user_id is None:
        raise errors.Unauthenticated
    _end(client, client.user_id)


def _end(client: Client, user_id: UUID, *, only: UUID | None = None) -> None:
    with atomic():
        if ended := roster.end(user_id, client.at, only=only):
            record(events.SESSION_ENDED, client, user_id=user_id, sessions=ended)


def _end_stolen(client: Client, session: Session) -> None:
    """The change, its event and the mail to the owner, in the caller's transaction."""
    Session.objects.filter(pk=session.pk).update(revoked_at=client.at)
    record(events.SESSION_REFRESH_REUSED, client, user_id=session.user_id, session=str(session.pk))
    owner.write(client, messages.SESSION_ENDED, owner.reached_at(session.user))
