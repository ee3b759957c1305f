"""The own identities at other providers: list, link and take off."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from vestibule.accounts import lifecycle
from vestibule.accounts.lifecycle import LockedUser
from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import SocialLinkPayload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import Proof
from vestibule.courier import messages
from vestibule.factors.registry import has_second_factor
from vestibule.flows import notices, step_up
from vestibule.flows.account.ways_in import has_another_way_in
from vestibule.flows.flow import flow
from vestibule.flows.social_visits import open_answer, saying_link_expired
from vestibule.identities import links
from vestibule.identities.answers import ProviderAnswer
from vestibule.identities.models import Identity
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.storage.database import atomic


@flow("identities.list")
def list_own_identities(*, client: Client) -> list[Identity]:
    """Return the client's own identities, oldest first.

    Raises:
        Unauthenticated: the client is not signed in.
        Unavailable: the database cannot be reached.
    """
    return list(links.list_identities(step_up.require_user(client)))


@flow("identities.read_link")
def read_link(*, client: Client, link: str, browser: UUID | None) -> ProviderAnswer:
    """Return whom the handle would link to the client's account. Nothing is changed. The handle is of a visit by page
    that this browser began: a stranger who sends their own to the owner gets no button (login CSRF; RFC 9700, 4.7).

    Raises:
        Unauthenticated: the client is not signed in.
        TokenInvalid: the handle was not issued by this service, or not to this browser.
        LinkExpired: the handle is too old.
        AlreadyUsed: the handle was used before.
        NotAllowed: the handle is for another account.
        Unavailable: a store cannot be reached.
    """
    user = step_up.require_user(client)
    with saying_link_expired():
        seen = challenges.find_by_handle(Purpose.SOCIAL_LINK, link)
        if over := challenges.refusal_if_closed(seen, client.at):
            raise over
        payload = challenges.unseal_payload(seen, SocialLinkPayload)
        if browser is None or payload.browser != browser:
            raise errors.TokenInvalid
        return _answer_for(user, payload)


@flow("identities.link")
def link_by_handle(*, client: Client, link: str) -> Identity:
    """Link the identity of a handle of `account_exists`, or of a visit by page, to the one account that it names: the
    client's own.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent, or was one factor of two.
        SessionRevoked: the session was ended meanwhile.
        TokenInvalid: the handle was not issued by this service.
        LinkExpired: the handle is too old.
        AlreadyUsed: the handle was used before.
        NotAllowed: the handle is for another account. It stays good for its own.
        IdentityTaken: an account has the identity already.
        Locked: another request uses the handle.
        Unavailable: a store cannot be reached.
    """
    user = step_up.require_recent_user(client)
    with saying_link_expired(), _verify_link(client, user, link) as proof, atomic():
        held = step_up.lock_current_user(client)
        answer = ProviderAnswer.from_json(proof.payload.answer)
        return _record_link(client, held, answer, session_id=client.session_id, challenge_id=proof.id)


@flow("identities.link_visit")
def link_by_visit(*, client: Client, social: str, social_code: str) -> Identity:
    """Link the identity of a visit that this session began in order to link one.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent, or was one factor of two.
        SessionRevoked: the session was ended meanwhile.
        TokenInvalid: handle and code are not ours, not of one visit, or the visit is not one of this session's that
            links an identity.
        LinkExpired: the code is too old.
        AlreadyUsed: the code was used before.
        IdentityTaken: an account has the identity already.
        Locked: another request uses the code.
        Unavailable: a store cannot be reached.
    """
    user = step_up.require_recent_user(client)
    with open_answer(client, social, social_code) as proof:
        if (proof.payload.user_id, proof.payload.session_id) != (user.pk, client.session_id):
            raise errors.TokenInvalid
        with atomic():
            held = step_up.lock_current_user(client)
            answer = ProviderAnswer.from_json(proof.payload.answer)
            return _record_link(client, held, answer, session_id=client.session_id, challenge_id=proof.id)


@flow("identities.unlink")
def unlink_identity(*, client: Client, id: UUID) -> None:
    """Take an identity off the account. The sessions that it opened end, and so does what it has begun to open.

    Raises:
        Unauthenticated: the client is not signed in.
        StepUpRequired: the sign-in is not recent.
        SessionRevoked: the session was ended meanwhile.
        NotFound: the client's account has no such identity.
        LastSignInMethod: nothing else opens the account.
        Unavailable: the database cannot be reached.
    """
    step_up.require_recent_user(client)
    with atomic():
        user = step_up.lock_current_user(client)
        identity = links.list_identities(user).filter(pk=id).first()
        if identity is None:
            raise errors.NotFound
        if not has_another_way_in(user, without=identity):
            raise errors.LastSignInMethod
        remove_identities(client, user, [identity])


def remove_identities(
    client: Client,
    user: LockedUser,
    identities: Sequence[Identity],
    *,
    code: str = "",
    reason: str = "",
    by: Client | None = None,
) -> None:
    """Take these identities off the account, end the sessions that they opened, and tell the owner, in the caller's
    transaction. `code` and `reason` say why in the events; `by` is who acts, if that is not the client."""
    ended = 0
    for identity in identities:
        links.unlink_identity(identity)
        record_event(
            events.IDENTITY_UNLINKED,
            by or client,
            code=code,
            user_id=user.pk,
            reason=reason,
            provider=identity.provider,
        )
        ended += step_up.end_identity_sessions(client, user.pk, identity.pk)
    if ended:
        record_event(events.SESSION_ENDED, client, code="cut_off", user_id=user.pk, sessions=ended)
    notices.warn_owner(client, user, messages.IDENTITY_UNLINKED, providers=links.name_providers(identities))


def issue_link(client: Client, user_id: UUID, answer: ProviderAnswer, *, browser: UUID | None) -> str:
    """Return a handle with which this account, and no other, can be linked with the person of the answer; on the pages
    in this browser alone."""
    payload = SocialLinkPayload(user_id=user_id, answer=answer.to_json(), browser=browser)
    subject = challenges.person_subject(user_id)
    return challenges.issue(Purpose.SOCIAL_LINK, subject=subject, payload=payload, now=client.at).handle


def link_by_address(client: Client, user: User, answer: ProviderAnswer) -> Identity:
    """Link the account that has the address of the answer, in the caller's transaction, where the provider's word alone
    may do so (SOCIAL_LINKING).

    Raises:
        InvalidCredentials: the account does not have the address any more, or has a second factor by now.
        IdentityTaken: an account has the identity by now.
    """
    held = lifecycle.lock_user(user.pk)
    if held is None or answer.email is None or held.email != answer.email.value or not held.email_verified_at:
        raise errors.InvalidCredentials(reason="credentials_changed")
    if has_second_factor(held):
        raise errors.InvalidCredentials(reason="credentials_changed")
    return _record_link(client, held, answer, session_id=None)


def _record_link(
    client: Client,
    user: LockedUser,
    answer: ProviderAnswer,
    *,
    session_id: UUID | None,
    challenge_id: UUID | None = None,
) -> Identity:
    identity = links.link_identity(user, answer, session_id=session_id, now=client.at)
    record_event(events.IDENTITY_LINKED, client, user_id=user.pk, challenge_id=challenge_id, provider=answer.provider)
    notices.warn_owner(client, user, messages.IDENTITY_LINKED, providers=links.name_providers([identity]))
    return identity


@contextmanager
def _verify_link(client: Client, user: User, link: str) -> Iterator[Proof[SocialLinkPayload]]:
    """Use the handle up, if it names this account and the body succeeds."""
    seen = challenges.find_by_handle(Purpose.SOCIAL_LINK, link)
    _answer_for(user, challenges.unseal_payload(seen, SocialLinkPayload))
    with challenges.verify(seen, link, SocialLinkPayload, now=client.at, matches=lambda *_: True) as proof:
        yield proof


def _answer_for(user: User, payload: SocialLinkPayload) -> ProviderAnswer:
    if payload.user_id != user.pk:
        raise errors.NotAllowed
    return ProviderAnswer.from_json(payload.answer)
