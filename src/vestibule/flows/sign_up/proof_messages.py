"""The message of a sign-up, which carries the proof of the address; the same for both ways of signing up."""

from uuid import UUID

from vestibule.addresses.address import Address
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.payloads import SignUpPayload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import Issued
from vestibule.courier import allowances, messages, outbox
from vestibule.courier.allowances import Permit
from vestibule.courier.message_kind import MessageKind
from vestibule.flows import notices
from vestibule.kernel.client import Client
from vestibule.storage.rows import inserted_together


def acquire_proof_permit(client: Client, purpose: Purpose, address: Address, *, known: bool) -> Permit:
    """Ask whether `post_sign_up_message` will send, and count the message in the caller's transaction.

    Raises:
        Throttled: the limits on SMS costs are reached.
    """
    return allowances.acquire_permit(client, _message_kind(purpose, known=known), address)


def post_sign_up_message(
    client: Client, issued: Issued[SignUpPayload], purpose: Purpose, address: Address, permit: Permit
) -> None:
    """Post the message with the code (and the link). For a decoy, post a notice to the owner of the account instead."""
    link = notices.link_url("verify_email", issued)
    params: dict[str, str | int] = {
        "address": client.ip_address or "",
        "at": client.at.isoformat(),
        "minutes": max(1, issued.status.code_expires_in // 60),
        "hours": max(1, issued.status.expires_in // 3600),
        "code": issued.code or "",
        "link": link,
        "reject": f"{link}&reject=1" if link else "",
    }
    outbox.post(
        client,
        _message_kind(purpose, known=issued.decoy),
        address,
        language=issued.payload.language or client.language,  # an older version sealed none
        params=params,
        topic=issued.id,
        first=issued.is_first_send,
        useless_at=None if issued.decoy else issued.expires_at,
        permit=permit,
    )


def post_first_message(
    client: Client,
    issued: Issued[SignUpPayload],
    purpose: Purpose,
    address: Address,
    permit: Permit,
    user_id: UUID | None = None,
) -> None:
    """Post the first message of a sign-up and record that it began, in the caller's transaction."""
    event = events.REGISTRATION_REPEATED if issued.decoy else events.REGISTRATION_STARTED
    with inserted_together():
        post_sign_up_message(client, issued, purpose, address, permit)
        record_event(event, client, user_id=user_id, subject=address.digest, channel=address.channel)


def _message_kind(purpose: Purpose, *, known: bool) -> MessageKind:
    if known:
        return messages.ALREADY_REGISTERED
    return messages.REGISTRATION_CODE if purpose is Purpose.REGISTRATION else messages.VERIFY_ADDRESS
