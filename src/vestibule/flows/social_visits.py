"""The way of a browser to another provider and back: a visit is begun, its state is used up by the first callback, and
the provider's answer is fetched."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import SocialAnswerPayload, SocialVisitPayload
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.challenges.results import Proof
from vestibule.conf import conf
from vestibule.flows import step_up
from vestibule.flows.flow import flow
from vestibule.identities import links, protocol
from vestibule.identities.answers import ProviderAnswer, ProviderRefused
from vestibule.identities.provider_http import ProviderConnection
from vestibule.identities.providers import find_provider
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.kernel.return_urls import add_to_query, is_return_url

ANSWER_PARAMETER, ERROR_PARAMETER = "social_code", "social_error"
# What an app is told of a failure; any other is `invalid` to it.
TOLD_ERRORS = frozenset(
    each.code for each in (ProviderRefused, errors.Unavailable, errors.TokenInvalid, errors.LinkExpired)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitBegun:
    """Where the browser goes. `social` is the handle with which the app that began the visit ends it."""

    authorize_url: str
    social: str
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit from which the browser came back: its state is used up. `over` says why it can go no further."""

    id: UUID
    payload: SocialVisitPayload
    over: errors.Refusal | None = None

    @property
    def is_page(self) -> bool:
        """Whether the hosted pages began it."""
        return self.payload.browser is not None

    def url_with_error(self, refusal: errors.Refusal) -> str:
        """Return where the browser of an app is sent after a failure."""
        code = refusal.code if refusal.code in TOLD_ERRORS else Invalid.code
        return add_to_query(self.payload.return_to, **{ERROR_PARAMETER: code})


def parse_return_to(typed: str, default: str) -> str:
    """Return the address of the app to which the browser is sent back, which has one of the allowed origins, letter for
    letter (RFC 9700, 4.11); `default` if none was given.

    Raises:
        Invalid: it is no such address.
    """
    if typed and not is_return_url(typed, conf.return_origins):
        raise Invalid({"return_to": [FieldError("invalid", "return_to_foreign")]})
    return typed or conf.frontend_url or default


@flow("social.start")
def start_visit(
    *, client: Client, provider: str, return_to: str, links_identity: bool = False, browser: UUID | None = None
) -> VisitBegun:
    """Begin a visit to the provider. `return_to` was checked by `parse_return_to`, or is a path of ours.
    `links_identity` links the person there to the client's account instead of signing in; `browser` is that of a visit
    by page.

    Raises:
        NotFound: no provider with this id is configured.
        Unauthenticated: the client is not signed in, and wants a link.
        StepUpRequired: the sign-in is not recent enough for a link.
        Unavailable: the provider's discovery document or a store cannot be read.
    """
    chosen = find_provider(provider)
    user = step_up.require_recent_user(client) if links_identity else None
    id = entropy.random_uuid()
    payload = SocialVisitPayload(
        provider=chosen.id,
        nonce=entropy.random_token(),
        code_verifier=entropy.random_token(),
        return_to=return_to,
        browser=browser,
        user_id=user.pk if user else None,
        session_id=client.session_id if user else None,
    )
    url = protocol.authorization_url(
        chosen, state=_sign_state(id), nonce=payload.nonce, code_verifier=payload.code_verifier
    )
    nobody = challenges.person_subject(entropy.random_uuid())
    issued = challenges.issue(Purpose.SOCIAL_VISIT, subject=nobody, payload=payload, now=client.at, id=id)
    return VisitBegun(authorize_url=url, social=issued.handle, expires_in=issued.status.expires_in)


@flow("social.callback")
def receive_callback(*, client: Client, provider: str, state: str, browser: UUID | None) -> Visit:
    """Use up the state that a browser brought back from the provider. A visit that is too old is returned with the
    reason.

    Raises:
        TokenInvalid: the state is not ours, of another provider, or was used before.
        OtherBrowser: the pages of another browser began the visit. The state is not used up.
        Unavailable: a store cannot be reached.
    """
    try:
        seen = challenges.find_by_nonce(Purpose.SOCIAL_VISIT, _read_state(state))
        payload = challenges.unseal_payload(seen, SocialVisitPayload)
        if payload.provider != provider:
            raise errors.TokenInvalid
        if payload.browser not in (None, browser):
            raise errors.OtherBrowser
        if seen.expires_at <= client.at and isinstance(challenges.refusal_if_closed(seen, client.at), errors.Expired):
            return Visit(id=seen.id, payload=payload, over=errors.LinkExpired())
        with challenges.verify(seen, state, SocialVisitPayload, now=client.at, matches=lambda *_: True):
            return Visit(id=seen.id, payload=payload)
    except (errors.Expired, errors.AlreadyUsed, errors.Exhausted, errors.Locked) as refusal:
        raise errors.TokenInvalid from refusal


@flow("social.answer")
def hand_over_answer(*, client: Client, visit: Visit, parameters: Mapping[str, str]) -> str:
    """Fetch who the person is, and return the address of the app with a code for it in its query, which is good once
    and for a minute.

    Raises:
        ProviderRefused: the person did not agree.
        TokenInvalid: what the browser brought, or what the provider says of it, does not hold.
        LinkExpired: the visit took too long.
        Unavailable: the provider does not answer, or a store cannot be reached.
    """
    answer = fetch_answer(client, visit, parameters)
    identity = links.find_identity(answer.issuer, answer.subject)
    payload = SocialAnswerPayload(
        visit_id=visit.id,
        answer=answer.to_json(),
        identity_id=identity.pk if identity else None,
        user_id=visit.payload.user_id,
        session_id=visit.payload.session_id,
    )
    nobody = challenges.person_subject(entropy.random_uuid())
    issued = challenges.issue(Purpose.SOCIAL_ANSWER, subject=nobody, payload=payload, now=client.at)
    return add_to_query(visit.payload.return_to, **{ANSWER_PARAMETER: issued.link or ""})


def fetch_answer(client: Client, visit: Visit, parameters: Mapping[str, str]) -> ProviderAnswer:
    """Return who the person is that the browser brought back. It takes up to ten seconds: call it outside of
    transactions.

    Raises:
        ProviderRefused: the person did not agree.
        TokenInvalid: what the browser brought, or what the provider says of it, does not hold.
        LinkExpired: the visit took too long.
        Unavailable: the provider does not answer.
    """
    if visit.over:
        raise visit.over
    connection = ProviderConnection(find_provider(visit.payload.provider))
    callback = protocol.read_callback(connection, parameters)
    return protocol.fetch_answer(
        connection, callback, nonce=visit.payload.nonce, code_verifier=visit.payload.code_verifier, now=client.at
    )


@contextmanager
def open_answer(client: Client, social: str, social_code: str) -> Iterator[Proof[SocialAnswerPayload]]:
    """Use up the code of an answer, if the body succeeds, and yield what it stands for. `social` is the handle of its
    visit. Enter it outside any transaction.

    Raises:
        TokenInvalid: they are not ours, or not of one visit.
        LinkExpired: the code is too old.
        AlreadyUsed: the code was used before.
        Locked: another request uses the code.
    """
    with saying_link_expired():
        visit_id = challenges.secrets.read_handle(Purpose.SOCIAL_VISIT, social)
        seen, secret = challenges.find_by_link(Purpose.SOCIAL_ANSWER, social_code)
        if challenges.unseal_payload(seen, SocialAnswerPayload).visit_id != visit_id:
            raise errors.TokenInvalid
        with challenges.verify(seen, secret, SocialAnswerPayload, now=client.at, by=SecretKind.LINK) as proof:
            yield proof


@contextmanager
def saying_link_expired() -> Iterator[None]:
    """Turn what the engine says about codes into what the contract says about handles and links."""
    try:
        yield
    except errors.Expired as expired:
        raise errors.LinkExpired(subject=expired.subject) from expired


def _sign_state(id: UUID) -> str:
    return urlsafe_b64encode(challenges.secrets.sign_nonce(Purpose.SOCIAL_VISIT, id)).rstrip(b"=").decode()


def _read_state(state: str) -> bytes:
    try:
        found = urlsafe_b64decode(f"{state}=".encode("ascii"))
    except ValueError as error:
        raise errors.TokenInvalid from error
    return found
