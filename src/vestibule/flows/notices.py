"""Write to the owner of an account: at a proved address, in the caller's transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from vestibule.accounts import address_history, identifiers
from vestibule.accounts.identifiers import Email, Phone
from vestibule.accounts.models import User
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.newest import NewestPointer
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import Issued
from vestibule.challenges.store import Challenge
from vestibule.courier import allowances, outbox
from vestibule.courier.allowances import Permit
from vestibule.courier.messages import MessageKind
from vestibule.courier.models import Channel
from vestibule.kernel import entropy
from vestibule.kernel.client import Client


def contact_address(user: User) -> Email | Phone:
    """A proved address of a person: the database holds that there is one."""
    if user.email and user.email_verified_at:
        return Email(user.email)
    return Phone(user.phone_number or "")


def first_proved_address(user: User) -> Email | Phone:
    """The proved address that counts most (accounts.address_history): whatever holds a way back goes there, for the
    other address may be a thief's."""
    if user.phone_verified_at and (user.email_verified_at is None or user.phone_verified_at < user.email_verified_at):
        return Phone(user.phone_number or "")
    return contact_address(user)


def proof_payload(user: User | None, address: Email | Phone) -> dict[str, str | int]:
    """What a proof that goes to this address of an account (or of nobody's) is sealed with."""
    return address_history.recovery_payload(
        user.pk if user else entropy.random_uuid(), user.epoch if user else 0, address
    )


def channel_for(address: Email | Phone) -> Channel:
    """How a message travels there."""
    return Channel.EMAIL if "@" in address else Channel.SMS


def acquire_message_permit(
    client: Client, kind: MessageKind, to: Email | Phone, *, budget_key: bytes = b"", is_decoy: bool = False
) -> Permit:
    """Whether a message to that address will be sent, counted in the caller's transaction: to be asked before a secret
    is issued, which takes no older one's place where it will not. `own`, `muted`: as in `allowances.acquire_permit`.
    Raises Throttled (what SMS may cost)."""
    subject = identifiers.address_digest(to)
    return allowances.acquire_permit(
        client, kind, channel_for(to), to=to, recipient=subject, budget_key=budget_key, is_decoy=is_decoy
    )


def issue_and_send(
    client: Client,
    place: NewestPointer,
    kind: MessageKind,
    to: Email | Phone,
    payload: Mapping[str, Any],
    *,
    link: str = "",
    own: bytes = b"",
    nobody: bool = False,
    notice: bool = False,
) -> Issued:
    """A new secret to that address, which counts from the commit on in the place that the caller's transaction holds;
    where it will not be sent (`may_write`), the same work, and the older one keeps its place. `nobody`: nobody has the
    address; `notice`: this kind of message holds no secret, and tells the owner of the address instead.

    Raises Throttled (what SMS may cost).
    """
    permit = acquire_message_permit(client, kind, to, budget_key=own, is_decoy=nobody)
    purpose, subject = Purpose(place.row.purpose), place.subjects[0]
    if (
        not permit.may_replace_secret
    ):  # a record that nobody finds: the newest of the subject stays the one that was sent
        subject = settings.KEYS.digest("unsent", subject)
    decoy = nobody or notice or not permit.may_replace_secret
    issued = challenges.issue(purpose, subject=subject, payload=payload, now=client.at, decoy=decoy)
    post_message(client, kind, to, link=link, issued=None if notice else issued, permit=permit)
    if permit.may_replace_secret:
        place.point_to(issued)
    return issued


def post_message(
    client: Client,
    kind: MessageKind,
    to: Email | Phone,
    *,
    link: str = "",
    issued: Issued | None = None,
    permit: Permit | None = None,
) -> None:
    """One message to that address: a notice, or what `issued` made, its link on the page at the path `link`; `permit`
    as `may_write` gave it."""
    topic: UUID | None = None
    first = False
    useless_at: datetime | None = None
    params: dict[str, str | int] = {"address": client.ip_address or "", "at": f"{client.at:%d %B %Y, %H:%M} UTC"}
    if issued:
        topic, first, useless_at = issued.id, issued.is_first_send, issued.expires_at
        params |= {"code": issued.code or "", "minutes": max(1, issued.status.code_expires_in // 60)}
        params |= {"link": page_url(link, issued.link) if link and issued.link else ""}
    outbox.post(
        client,
        kind,
        to=to,
        hint=identifiers.masked_address(to),
        channel=channel_for(to),
        recipient=identifiers.address_digest(to),
        params=params,
        topic=topic,
        first=first,
        useless_at=useless_at,
        permit=permit,
    )


def warn_owner(client: Client, user: User, kind: MessageKind) -> None:
    """Tell the owner of a session, or of what one did to what guards the account: at the address that counts most, with
    a link that takes the account back. A reset alone is none, for strangers can use up what is sent of those."""
    to, subject = first_proved_address(user), challenges.person_subject(user.pk)
    issued = challenges.issue(Purpose.NOT_ME, subject=subject, payload=proof_payload(user, to), now=client.at)
    post_message(client, kind, to, link="not-me", issued=issued)


def list_outstanding_challenges(
    person: UUID, of_person: Iterable[Purpose], of_address: Iterable[Purpose], addresses: Iterable[str]
) -> list[Challenge]:
    """The proofs of these purposes that the store remembers, of a person and of addresses; newest first of each."""
    found = [seen for purpose in of_person for seen in challenges.list_for_person(purpose, person)]
    for address in addresses:
        digests = identifiers.all_address_digests(identifiers.as_email_or_phone(address))
        found += [seen for purpose in of_address for seen in challenges.list_newest(purpose, digests, limit=20)]
    return found


def page_url(path: str, token: str) -> str:
    """Where a link opens: the front end's page, or the hosted one; never from the Host of a request."""
    if settings.FRONTEND_URL:
        return f"{settings.FRONTEND_URL}/{path}?token={token}"
    return f"{settings.BASE_URL}/{path}/?token={token}"
