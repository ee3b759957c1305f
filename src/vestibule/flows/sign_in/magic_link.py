"""Sign in with a link or a code that is sent to the proved e-mail address (docs/decisions/0112).

The link opens a session only for the client that asked for it, which has the signed handle of the challenge. Each
request is a challenge of its own, so that nobody ends the link of somebody else by asking for another.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from vestibule.accounts import directory
from vestibule.accounts.credentials import digest_credentials
from vestibule.accounts.models import Status, User
from vestibule.addresses.address import Email
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import MagicLinkPayload
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.challenges.results import ChallengeStatus
from vestibule.challenges.store import Challenge
from vestibule.courier import allowances, messages
from vestibule.flows import notices
from vestibule.flows.completion import Authenticated, SecondFactorNeeded, SignedIn, Via, complete
from vestibule.flows.flow import flow
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.kernel.linked_pages import LinkedPage
from vestibule.sessions import devices
from vestibule.storage.database import atomic
from vestibule.storage.rows import inserted_together

PAGE: LinkedPage = "login_magic"


@dataclass(frozen=True, slots=True, kw_only=True)
class MagicLinkSent:
    """A link and a code may be on their way. `magic` is the signed handle with which the client proves that it asked
    for them."""

    magic: str
    challenge_status: ChallengeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class MagicLink:
    """A link that can still be used, with the address that it was sent to. `same_browser`: this client asked for
    it."""

    address: Email
    same_browser: bool


@flow("magic_link.start")
def start(*, client: Client, email: Email, device_cookie: UUID | None = None) -> MagicLinkSent:
    """Send a link and a code to the address, if an active account has proved it. The answer and the work are always the
    same.

    A device (`device_cookie`) or network that the account was signed in from has its own budget of messages, which
    strangers cannot spend.

    Raises:
        Unavailable: the database cannot be reached.
    """
    holder = directory.find_account_by_address(email)
    whose = holder or User(pk=entropy.random_uuid())
    nobody = holder is None or holder.status != Status.ACTIVE or holder.email_verified_at is None
    known = devices.recognise_client(client, whose.pk, device_cookie=device_cookie)
    payload = MagicLinkPayload(
        user_id=whose.pk, epoch=whose.epoch, address=email.value, credentials=digest_credentials(whose).hex()
    )
    with atomic():
        permit = allowances.acquire_permit(
            client, messages.MAGIC_LINK, email, budget_key=known.origin_digest, is_decoy=nobody
        )
        issued = notices.issue_with_permit(client, permit, Purpose.MAGIC_LINK, email.digest, payload, is_decoy=nobody)
        kind, whose_id = messages.MAGIC_LINK, holder.pk if holder else None
        with inserted_together():
            notices.post_message(client, kind, email, owner=holder, link=PAGE, issued=issued, permit=permit)
            record_event(events.MAGIC_LINK_ASKED, client, user_id=whose_id, subject=email.digest)
    return MagicLinkSent(magic=issued.handle, challenge_status=issued.status)


@flow("magic_link.read_link")
def read_link(*, client: Client, token: str, magic: str) -> MagicLink:
    """Return what the page of a link shows before its button is pressed. Changes nothing, because mail scanners open
    links.

    Raises:
        TokenInvalid: the link was not issued by this service.
        LinkExpired: the link is too old.
        AlreadyUsed: the link was used before.
        Unavailable: a store cannot be reached.
    """
    seen, _secret = challenges.find_live_link(Purpose.MAGIC_LINK, token, client.at)
    payload = challenges.unseal_payload(seen, MagicLinkPayload)
    return MagicLink(address=Email(payload.address or ""), same_browser=_is_same_browser(seen, magic))


@flow("magic_link.confirm")
def confirm(
    *,
    client: Client,
    token: str = "",
    magic: str = "",
    email: Email | None = None,
    otp: str = "",
    device_claims: Mapping[str, str] | None = None,
    device_cookie: UUID | None = None,
    remembered: str = "",
    page_lifetime: timedelta | None = None,
) -> SignedIn | SecondFactorNeeded:
    """Open a session for the right code, or for the link in the client that asked for it; or return the ticket for the
    second factor. The proof of a mailbox is one factor.

    A code goes with the `magic` of the client that asked, or with the address: then it is that of the newest mail. The
    other arguments are those of `by_password.sign_in_by_password`.

    Raises:
        OtherBrowser: the link was asked for by another client. Nothing is used up.
        TokenInvalid: the link or the handle was not issued by this service.
        LinkExpired: the link is too old, or a credential was changed since it was sent.
        WrongSecret: the code is wrong.
        Exhausted: the code has no attempts left.
        Expired: the code is too old, or a credential was changed since it was sent.
        AlreadyUsed: the link or its code was used before.
        Locked: the address has no wrong codes left, or another request holds this proof.
        AccountSuspended: the account is suspended or closed.
        Unavailable: a store cannot be reached.
    """
    seen, secret, by = _find_by_link(client, token, magic) if token else _find_by_code(magic, email, otp)
    try:
        with challenges.verify(seen, secret, MagicLinkPayload, now=client.at, by=by) as proof:
            user = User.objects.get(pk=proof.payload.user_id)
            authenticated = Authenticated(
                user=user,
                credentials=bytes.fromhex(proof.payload.credentials),
                amr=[Email.proof_method],
                via=Via.MAGIC_LINK,
                recognised=devices.recognise_client(
                    client, user.pk, device_claims=device_claims, device_cookie=device_cookie
                ),
                remembered=remembered,
                device_claims=device_claims,
                page_lifetime=page_lifetime,
                settle=proof.guess.settle,
            )
            with atomic():
                entered = complete(client, authenticated)
                record_event(
                    events.MAGIC_LINK_USED, client, user_id=user.pk, subject=seen.subject, challenge_id=proof.id
                )
                return entered
    except (errors.InvalidCredentials, errors.Expired) as dead:
        raise (errors.LinkExpired if by is SecretKind.LINK else errors.Expired)(subject=seen.subject) from dead


def _find_by_link(client: Client, token: str, magic: str) -> tuple[Challenge, str, SecretKind]:
    seen, secret = challenges.find_live_link(Purpose.MAGIC_LINK, token, client.at)
    if not _is_same_browser(seen, magic):
        raise errors.OtherBrowser(subject=seen.subject)
    return seen, secret, SecretKind.LINK


def _find_by_code(magic: str, email: Email | None, otp: str) -> tuple[Challenge, str, SecretKind]:
    if magic:
        return challenges.find_by_handle(Purpose.MAGIC_LINK, magic), otp, SecretKind.CODE
    found = challenges.list_newest(Purpose.MAGIC_LINK, email.all_digests, limit=1) if email else []
    if not found:
        raise errors.Expired(subject=email.digest if email else None)
    return found[0], otp, SecretKind.CODE


def _is_same_browser(challenge: Challenge, magic: str) -> bool:
    with suppress(errors.TokenInvalid):
        return challenges.secrets.read_handle(Purpose.MAGIC_LINK, magic) == challenge.id
    return False
