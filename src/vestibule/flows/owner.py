"""Write to the owner of an account: at a proved address, in the caller's transaction."""

from datetime import datetime
from uuid import UUID

from django.conf import settings

from vestibule.accounts import identifiers
from vestibule.accounts.identifiers import Email, Phone
from vestibule.accounts.models import User
from vestibule.challenges.results import Issued
from vestibule.courier import outbox
from vestibule.courier.messages import Kind
from vestibule.courier.models import Channel
from vestibule.kernel.client import Client


def reached_at(user: User) -> Email | Phone:
    """A proved address of a person: the database holds that there is one."""
    if user.email and user.email_verified_at:
        return Email(user.email)
    return Phone(user.phone_number or "")


def write(
    client: Client,
    kind: Kind,
    to: Email | Phone,
    *,
    link: str = "",
    issued: Issued | None = None,
    muted: bool = False,
) -> None:
    """One message to that address: a notice, or what `issued` made, its link on the page at the path `link`. `muted`:
    the same work, and nothing is sent, where nobody has the address."""
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
        channel=Channel.EMAIL if "@" in to else Channel.SMS,
        recipient=identifiers.digest(to),
        params=params,
        topic=topic,
        first=first,
        useless_at=useless_at,
        muted=muted,
    )


def page(path: str, token: str) -> str:
    """Where a link opens: the front end's page, or the hosted one; never from the Host of a request."""
    if settings.FRONTEND_URL:
        return f"{settings.FRONTEND_URL}/{path}?token={token}"
    return f"{settings.BASE_URL}/{path}/?token={token}"
