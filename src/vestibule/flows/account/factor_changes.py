"""What every addition and every removal of a second factor does, whichever factor it is, in the transaction of the
change."""

from collections.abc import Sequence
from dataclasses import dataclass

from vestibule.accounts.lifecycle import LockedUser
from vestibule.courier.message_kind import MessageKind
from vestibule.factors import recovery_codes, registry
from vestibule.factors.remembered_devices import forget_remembered_devices
from vestibule.flows import notices, step_up
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions.models import MULTI_FACTOR, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorAdded:
    """A new second factor counts. `session` is that of the client, which has proved the factor; one of the hosted pages
    goes on under a new id. `recovery_codes` are ten new ones to show once, or none where some were left."""

    session: Session
    recovery_codes: Sequence[str]


def finish_addition(
    client: Client, user: LockedUser, kind: MessageKind, amr: Sequence[str], *, end_other_sessions: bool
) -> FactorAdded:
    """Let the client's session count as one that proved the factor (`amr`), give the person recovery codes if none are
    left, ask for the factor on every device, and tell the owner.

    Other sessions end if the person wants it. The others have to prove the factor before they change what guards the
    account (`step_up.require_recent_sign_in`).

    Raises:
        Unauthenticated: the client is not signed in.
    """
    if client.session_id is None:
        raise errors.Unauthenticated
    codes = [] if recovery_codes.count_unused_codes(user.pk) else recovery_codes.replace_recovery_codes(user, client.at)
    if end_other_sessions:
        step_up.end_sessions_and_devices(client, user.pk, except_session=client.session_id)
    forget_remembered_devices(user.pk)
    session = Session.objects.select_related("user").get(pk=client.session_id)
    # An access token of before the last `auth_time` gains nothing (`web.api.view`), and the one that asked goes on.
    proved_at = client.at if session.is_page else session.auth_time
    renewed = step_up.renew_session(session, proved_at, [*amr, MULTI_FACTOR])
    notices.warn_owner(client, user, kind)
    return FactorAdded(session=renewed, recovery_codes=codes)


def finish_removal(client: Client, user: LockedUser, kind: MessageKind) -> None:
    """End every other session, forget the remembered devices, delete the recovery codes of an account without a factor
    left, and tell the owner.

    Raises:
        LastFactor: the role needs a second factor, and none is left.
    """
    if registry.needs_second_factor(user) and not registry.has_second_factor(user):
        raise errors.LastFactor
    registry.delete_orphaned_codes(user)
    step_up.end_sessions_and_devices(client, user.pk, except_session=client.session_id)
    notices.warn_owner(client, user, kind)
