"""Sign in with an identity at another provider: its account is entered, a new one is made, or the person is told what
is missing.

The pair of issuer and subject alone says whose account it is; no account is found by an address alone
(docs/decisions/0121). Five ways to take an account over before it is opened begin here (USENIX Security 2022).
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError

from vestibule.accounts import directory
from vestibule.accounts.credentials import digest_credentials
from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import SocialEmailPayload
from vestibule.challenges.policy import Purpose
from vestibule.conf import conf
from vestibule.factors.registry import has_second_factor
from vestibule.flows.account.identities import issue_link, link_by_address
from vestibule.flows.account.ways_in import list_ways_in
from vestibule.flows.completion import Authenticated, SecondFactorNeeded, SignedIn, Via, complete
from vestibule.flows.flow import flow
from vestibule.flows.sign_up.social import create_account
from vestibule.flows.sign_up.steps import Registered
from vestibule.flows.social_arrivals import Arrival
from vestibule.flows.social_visits import Visit, fetch_answer, open_answer
from vestibule.identities import links, protocol
from vestibule.identities.answers import AccountExists, IdentityTaken, ProviderAnswer
from vestibule.identities.models import Identity
from vestibule.identities.providers import find_provider
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.limits import ledger
from vestibule.limits.rolling_window import Allowance
from vestibule.sessions import devices
from vestibule.storage.database import atomic

_ONE_USE = Allowance(windows=((1, timedelta(days=2)),))  # longer than any ID token that is accepted lives


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailNeeded:
    """The provider has proved no address. `registration` stands for the person until they name one and prove it."""

    registration: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReady:
    """The person came back to link an identity. `link` is the handle with which their account can be linked."""

    link: str


Outcome = SignedIn | SecondFactorNeeded | Registered | EmailNeeded


@flow("social.confirm")
def confirm(
    *, client: Client, social: str, social_code: str, device_claims: Mapping[str, str] | None = None
) -> Outcome:
    """Sign the person in, or up, whom the app's visit brought back: `social` is the handle of the visit, `social_code`
    what the browser was sent back with.

    Raises:
        TokenInvalid: they are not ours, not of one visit, or of a visit that links an identity.
        LinkExpired: the code is too old.
        AlreadyUsed: the code was used before.
        AccountExists: an account has the address, and is not linked.
        InvalidCredentials: the identity was taken off, or the account changed, meanwhile.
        AccountSuspended: the account of the identity is suspended or closed.
        Locked: another request uses the code, or came for the same person.
        Unavailable: a store cannot be reached.
    """
    with open_answer(client, social, social_code) as proof:
        if proof.payload.user_id:
            raise errors.TokenInvalid
        answer = ProviderAnswer.from_json(proof.payload.answer)
        if proof.payload.identity_id:
            _require_same_identity(answer, proof.payload.identity_id)
        outcome = _admit(client, Arrival(answer=answer, proof_id=proof.id, device_claims=device_claims))
    return _unless_exists(outcome)


@flow("social.token")
def sign_in_by_token(
    *, client: Client, provider: str, id_token: str, nonce: str, device_claims: Mapping[str, str] | None = None
) -> Outcome:
    """Sign the person in, or up, of an ID token that an app, or the browser's own dialogue, got from the provider for
    this nonce. A token works once.

    Raises:
        NotFound: no provider with this id is configured, or it has no ID tokens.
        TokenInvalid: the token is not for us, has another nonce, does not hold, or was used before.
        AccountExists: an account has the address, and is not linked.
        InvalidCredentials: the account changed meanwhile.
        AccountSuspended: the account of the identity is suspended or closed.
        Locked: others came for the same person at once.
        Unavailable: the provider's keys, or a store, cannot be read.
    """
    answer = protocol.verify_native_token(find_provider(provider), id_token, nonce, client.at)
    if ledger.spend("id token", answer.replay_key, client.at, _ONE_USE):
        raise errors.TokenInvalid
    return _unless_exists(_admit(client, Arrival(answer=answer, device_claims=device_claims)))


@flow("social.page")
def sign_in_by_page(
    *,
    client: Client,
    visit: Visit,
    parameters: Mapping[str, str],
    device_claims: Mapping[str, str],
    device_cookie: UUID | None,
    page_lifetime: timedelta,
) -> Outcome | LinkReady:
    """End a visit by page: sign the person in, or up; for one that links an identity, prepare the link.

    Raises:
        ProviderRefused: the person did not agree.
        TokenInvalid: what the browser brought, or what the provider says of it, does not hold.
        LinkExpired: the visit took too long.
        AccountExists: an account has the address, and is not linked.
        InvalidCredentials: the identity was taken off, or the account changed, meanwhile.
        AccountSuspended: the account of the identity is suspended or closed.
        AlreadyUsed: the visit took effect before.
        Locked: others came for the same person at once.
        Unavailable: the provider does not answer, or a store cannot be reached.
    """
    answer = fetch_answer(client, visit, parameters)
    if visit.payload.user_id:
        return LinkReady(link=issue_link(client, visit.payload.user_id, answer, browser=visit.payload.browser))
    arrival = Arrival(
        answer=answer,
        proof_id=visit.id,
        device_claims=device_claims,
        device_cookie=device_cookie,
        page_lifetime=page_lifetime,
        browser=visit.payload.browser,
    )
    return _unless_exists(_admit(client, arrival))


def _admit(client: Client, arrival: Arrival) -> Outcome | AccountExists:
    """Enter the account of the identity, or make one, or say what is missing. AccountExists is returned and not raised,
    because the proof is used up with it. Call it outside of transactions.

    Raises:
        InvalidCredentials: the identity was taken off, or the account changed, meanwhile.
        AccountSuspended: the account of the identity is suspended or closed.
        AlreadyUsed: the proof took effect before.
        Locked: others came for the same person at once.
    """
    answer = arrival.answer
    for _attempt in range(2):  # the database decides between those who come at once: the others find what one has made
        if identity := links.find_identity(answer.issuer, answer.subject):
            return _enter(client, arrival, identity.user, identity)
        if answer.email is None or not answer.email_is_proved:
            return _ask_for_address(client, answer)
        holder = directory.find_account_by_address(answer.email)
        with suppress(IntegrityError, IdentityTaken):
            if holder is None:
                return create_account(client, arrival)
            if not _is_told_apart(holder, answer):
                if links.find_identity(answer.issuer, answer.subject):
                    continue  # another request has made or linked the account since
                return _account_exists(client, holder, arrival)
            return _enter(client, arrival, holder, None)
    raise errors.Locked(retry_after=1)


def _account_exists(client: Client, holder: User, arrival: Arrival) -> AccountExists:
    """Return the refusal, which says how to sign in to the account. Only a person who proved its address to the
    provider is told."""
    link = issue_link(client, holder.pk, arrival.answer, browser=arrival.browser)
    methods = [via.name.lower() for via in list_ways_in(holder)]
    return AccountExists(link, methods, arrival.answer.label, subject=challenges.person_subject(holder.pk))


def _enter(client: Client, arrival: Arrival, user: User, identity: Identity | None) -> SignedIn | SecondFactorNeeded:
    """Open a session for the account of the identity, or, without one, for the account that is linked first."""
    with atomic():
        if identity is None:
            identity = link_by_address(client, user, arrival.answer)
        authenticated = Authenticated(
            user=user,
            credentials=digest_credentials(user),
            amr=arrival.amr,
            via=Via.SOCIAL,
            recognised=devices.recognise_client(
                client, user.pk, device_claims=arrival.device_claims, device_cookie=arrival.device_cookie
            ),
            device_claims=arrival.device_claims,
            page_lifetime=arrival.page_lifetime,
            identity_id=identity.pk,
            identity_proved_at=arrival.proved_at,
        )
        entered = complete(client, authenticated)
        links.record_use(identity, arrival.answer, client.at)
        provider = arrival.answer.provider
        record_event(events.IDENTITY_USED, client, user_id=user.pk, challenge_id=arrival.proof_id, provider=provider)
        return entered


def _is_told_apart(holder: User, answer: ProviderAnswer) -> bool:
    """Return whether the address alone may find the account: the provider says whose it is and nobody else can, it is
    proved here, too, the operator wants it, and no second factor guards the account (SOCIAL_LINKING)."""
    wanted = conf.social_linking == "authoritative" and answer.is_authoritative
    return wanted and holder.email_verified_at is not None and not has_second_factor(holder)


def _ask_for_address(client: Client, answer: ProviderAnswer) -> EmailNeeded:
    nobody = challenges.person_subject(entropy.random_uuid())
    payload = SocialEmailPayload(answer=answer.to_json())
    issued = challenges.issue(Purpose.SOCIAL_EMAIL, subject=nobody, payload=payload, now=client.at)
    return EmailNeeded(registration=issued.handle)


def _require_same_identity(answer: ProviderAnswer, identity_id: UUID) -> None:
    """Check that the identity that the person had when they came back is theirs still: taken off, it gives nothing.

    Raises:
        TokenInvalid: it was taken off.
    """
    found = links.find_identity(answer.issuer, answer.subject)
    if found is None or found.pk != identity_id:
        raise errors.TokenInvalid


def _unless_exists(outcome: Outcome | AccountExists) -> Outcome:
    if isinstance(outcome, AccountExists):
        raise outcome
    return outcome
