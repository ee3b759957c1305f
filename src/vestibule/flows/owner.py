"""Write to the owner of an account: at a proved address, in the caller's transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from vestibule.accounts import identifiers, tenure
from vestibule.accounts.identifiers import Email, Phone
from vestibule.accounts.models import User
from vestibule.challenges.desk import challenges
from vestibule.challenges.newest import Place
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import Issued
from vestibule.challenges.store import Challenge
from vestibule.courier import allowances, outbox
from vestibule.courier.allowances import Permit
from vestibule.courier.messages import Kind
from vestibule.courier.models import Channel
from vestibule.kernel import entropy
from vestibule.kernel.client import Client


def reached_at(user: User) -> Email | Phone:
    """A proved address of a person: the database holds that there is one."""
    if user.email and user.email_verified_at:
        return Email(user.email)
    return Phone(user.phone_number or "")


def first_proved(user: User) -> Email | Phone:
    """The proved address that counts most (accounts.tenure): whatever holds a way back goes there, for the other
    address may be a thief's."""
    if user.phone_verified_at and (user.email_verified_at is None or user.phone_verified_at < user.email_verified_at):
        return Phone(user.phone_number or "")
    return reached_at(user)


def sealed(user: User | None, address: Email | Phone) -> dict[str, str | int]:
    """What a proof that goes to this address of an account (or of nobody's) is sealed with."""
    return tenure.sealed(user.pk if user else entropy.identifier(), user.epoch if user else 0, address)


def channel_to(address: Email | Phone) -> Channel:
    """How a message travels there."""
    return Channel.EMAIL if "@" in address else Channel.SMS


def may_write(client: Client, kind: Kind, to: Email | Phone, *, own: bytes = b"", muted: bool = False) -> Permit:
    """Whether a message to that address will be sent, counted in the caller's transaction: to be asked before a secret
    is issued, which takes no older one's place where it will not. `own`, `muted`: as in `allowances.ask`. Raises
    Throttled (what SMS may cost)."""
    subject = identifiers.digest(to)
    return allowances.ask(client, kind, channel_to(to), to=to, recipient=subject, own=own, muted=muted)


def send(
    client: Client,
    place: Place,
    kind: Kind,
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
    permit = may_write(client, kind, to, own=own, muted=nobody)
    purpose, subject = Purpose(place.row.purpose), place.subjects[0]
    if not permit.changes:  # a record that nobody finds: the newest of the subject stays the one that was sent
        subject = settings.KEYS.digest("unsent", subject)
    decoy = nobody or notice or not permit.changes
    issued = challenges.issue(purpose, subject=subject, payload=payload, now=client.at, decoy=decoy)
    write(client, kind, to, link=link, issued=None if notice else issued, permit=permit)
    if permit.changes:
        place.take(issued)
    return issued


def write(
    client: Client,
    kind: Kind,
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
    params: dict[str, str | int] = {"address": client.address or "", "at": f"{client.at:%d %B %Y, %H:%M} UTC"}
    if issued:
        topic, first, useless_at = issued.id, issued.first, issued.expires_at
        params |= {"code": issued.code or "", "minutes": max(1, issued.standing.code_expires_in // 60)}
        params |= {"link": page(link, issued.link) if link and issued.link else ""}
    outbox.post(
        client,
        kind,
        to=to,
        hint=identifiers.masked(to),
        channel=channel_to(to),
        recipient=identifiers.digest(to),
        params=params,
        topic=topic,
        first=first,
        useless_at=useless_at,
        permit=permit,
    )


def warn(client: Client, user: User, kind: Kind) -> None:
    """Tell the owner of a session, or of what one did to what guards the account: at the address that counts most, with
    a link that takes the account back. A reset alone is none, for strangers can use up what is sent of those."""
    to, subject = first_proved(user), challenges.subject_of(user.pk)
    issued = challenges.issue(Purpose.NOT_ME, subject=subject, payload=sealed(user, to), now=client.at)
    write(client, kind, to, link="not-me", issued=issued)


def outstanding(
    person: UUID, of_person: Iterable[Purpose], of_address: Iterable[Purpose], addresses: Iterable[str]
) -> list[Challenge]:
    """The proofs of these purposes that the store remembers, of a person and of addresses; newest first of each."""
    found = [seen for purpose in of_person for seen in challenges.of_person(purpose, person)]
    for address in addresses:
        digests = identifiers.digests(identifiers.address(address))
        found += [seen for purpose in of_address for seen in challenges.newest(purpose, digests, limit=20)]
    return found


def page(path: str, token: str) -> str:
    """Where a link opens: the front end's page, or the hosted one; never from the Host of a request."""
    if settings.FRONTEND_URL:
        return f"{settings.FRONTEND_URL}/{path}?token={token}"
    return f"{settings.BASE_URL}/{path}/?token={token}"
