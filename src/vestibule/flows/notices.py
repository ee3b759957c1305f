"""Messages to the owner of an account, at a proved address, in the caller's transaction."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from vestibule.accounts.models import User
from vestibule.addresses.address import Address, Email, Phone
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.newest import NewestPointer
from vestibule.challenges.payloads import Payload, RecoveryPayload, WayBackPayload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import Issued
from vestibule.challenges.store import Challenge
from vestibule.conf import conf
from vestibule.courier import allowances, outbox
from vestibule.courier.allowances import Permit
from vestibule.courier.links import page_url
from vestibule.courier.message_kind import MessageKind
from vestibule.kernel import entropy
from vestibule.kernel.client import Client
from vestibule.kernel.linked_pages import LinkedPage


def contact_address(user: User) -> Address:
    """Return a proved address of the user, e-mail first. A database constraint ensures that there is one."""
    if user.email and user.email_verified_at:
        return Email(user.email)
    return Phone(user.phone_number or "")


def first_proved_address(user: User) -> Address:
    """Return the address that the user proved first (see `accounts.address_history`). A message with a link that takes
    the account back goes there, because a thief may have added the other address."""
    if user.phone_verified_at and (user.email_verified_at is None or user.phone_verified_at < user.email_verified_at):
        return Phone(user.phone_number or "")
    return contact_address(user)


def proved_addresses(user: User) -> list[Address]:
    """Return every proved address of the user, the one proved first last."""
    first = first_proved_address(user)
    number = [Phone(user.phone_number)] if user.phone_number and user.phone_verified_at else []
    return [*(each for each in (contact_address(user), *number) if each != first), first]


def proof_payload(user: User | None, address: Address) -> RecoveryPayload:
    """Return the payload to seal into a proof that goes to this address. Without a user the same fields hold random
    values."""
    if user is None:
        return RecoveryPayload(user_id=entropy.random_uuid(), address=address.value)
    return RecoveryPayload(user_id=user.pk, epoch=user.epoch, address=address.value)


def recipient_language(client: Client, owner: User | None) -> str:
    """Return the language of a message: that of the account whose message it is, else the client's."""
    return (owner.language if owner else "") or client.language


def issue_and_send(
    client: Client,
    place: NewestPointer,
    kind: MessageKind,
    to: Address,
    payload: Payload,
    *,
    owner: User | None,
    link: LinkedPage | None = None,
    own: bytes = b"",
    nobody: bool = False,
    notice: bool = False,
) -> Issued[Payload]:
    """Issue a secret, send it to the address, and make it the newest of `place` when the caller's transaction commits.

    If the message will not be sent, the same work is done but the older secret stays the newest. `own` is the budget
    key of `allowances.acquire_permit`. `nobody` says that no account has the address. `notice` says that this kind of
    message holds no secret and informs the owner of the address instead. `owner` is that of `post_message`.

    Raises:
        Throttled: the limits on SMS costs are reached.
    """
    permit = allowances.acquire_permit(client, kind, to, budget_key=own, is_decoy=nobody)
    purpose, subject = Purpose(place.row.purpose), place.subjects[0]
    issued = issue_with_permit(client, permit, purpose, subject, payload, is_decoy=nobody or notice)
    post_message(client, kind, to, owner=owner, link=link, issued=None if notice else issued, permit=permit)
    if permit.may_replace_secret:
        place.point_to(issued)
    return issued


def issue_with_permit(
    client: Client, permit: Permit, purpose: Purpose, subject: bytes, payload: Payload, *, is_decoy: bool
) -> Issued[Payload]:
    """Issue the secret of a message. If the permit withholds the message, the same work is done, but no secret matches
    and no lookup by subject finds the record: the newest stays the one that was sent."""
    if not permit.may_replace_secret:
        subject, is_decoy = conf.keys.digest("unsent", subject), True
    return challenges.issue(purpose, subject=subject, payload=payload, now=client.at, decoy=is_decoy)


def post_message(
    client: Client,
    kind: MessageKind,
    to: Address,
    *,
    owner: User | None,
    link: LinkedPage | None = None,
    issued: Issued[Payload] | None = None,
    permit: Permit | None = None,
    providers: str = "",
) -> None:
    """Put one message to this address into the outbox: a notice, or the secret in `issued`.

    `owner` is the account that the message is written to, if one is known: it has a language of its own. The
    message's link opens the page whose URL is named `link`. `permit` is the result of `allowances.acquire_permit`.
    `providers` names the other providers that the message is about.
    """
    topic: UUID | None = None
    first = False
    useless_at: datetime | None = None
    params: dict[str, str | int] = {"address": client.ip_address or "", "at": client.at.isoformat()}
    params |= {"providers": providers} if providers else {}
    if issued:
        topic, first, useless_at = issued.id, issued.is_first_send, issued.expires_at
        params |= {"code": issued.code or "", "minutes": max(1, issued.status.code_expires_in // 60)}
        params |= {"link": link_url(link, issued) if link else ""}
    outbox.post(
        client,
        kind,
        to,
        language=recipient_language(client, owner),
        params=params,
        topic=topic,
        first=first,
        useless_at=useless_at,
        permit=permit,
    )


def warn_owner(
    client: Client, user: User, kind: MessageKind, *, session_id: UUID | None = None, providers: str = ""
) -> None:
    """Tell the owner about a session, or about a change of what guards the account, which the client's session made.

    The message goes to the address that was proved first and holds a link that takes the account back. A password reset
    alone would not do: strangers can use up the resets that an address may be sent.
    """
    to = first_proved_address(user)
    send_account_link(client, user, Purpose.NOT_ME, kind, to, page="not_me", session_id=session_id, providers=providers)


def send_account_link(
    client: Client,
    user: User,
    purpose: Purpose,
    kind: MessageKind,
    to: Address,
    *,
    page: LinkedPage,
    session_id: UUID | None = None,
    providers: str = "",
) -> None:
    """Issue a proof of the account, sealed with the address that it goes to and the session of which the message tells
    (the client's, if none is given), and post its link, which opens `page`."""
    session_id = session_id or client.session_id
    payload = WayBackPayload(user_id=user.pk, epoch=user.epoch, address=to.value, session_id=session_id)
    subject = challenges.person_subject(user.pk)
    issued = challenges.issue(purpose, subject=subject, payload=payload, now=client.at)
    post_message(client, kind, to, owner=user, link=page, issued=issued, providers=providers)


def list_outstanding_challenges(
    person: UUID, of_person: Iterable[Purpose], of_address: Iterable[Purpose], addresses: Iterable[Address]
) -> list[Challenge]:
    """Return the challenges that the store still holds: those of the person with the purposes `of_person`, and those of
    each address with the purposes `of_address`; newest first within each purpose."""
    found = [seen for purpose in of_person for seen in challenges.list_for_person(purpose, person)]
    for address in addresses:
        digests = address.all_digests
        found += [seen for purpose in of_address for seen in challenges.list_newest(purpose, digests, limit=20)]
    return found


def link_url(page: LinkedPage, issued: Issued[Payload]) -> str:
    """Return the URL of a proof's link, which opens `page`. A decoy has no link: "" after the same work."""
    url = page_url(page, issued.link or issued.handle)
    return url if issued.link else ""
