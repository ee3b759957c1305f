"""The sign-ups that wait on an address. The caller may not learn whether there are any: the same work is done where
there are none."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from vestibule.accounts import passwords
from vestibule.addresses.address import Address, Channel
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import SignUpPayload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.store import Challenge
from vestibule.flows.sign_up import steps
from vestibule.kernel import entropy

# A hash is computed only for those with the mark of the typed password, shared by one in 4,096 others.
MAX_HASHES = 2

WaitingSignUp = tuple[Challenge, SignUpPayload]


def list_waiting_sign_ups(address: Address, *, limit: int) -> list[WaitingSignUp]:
    """Return the newest pending sign-ups on the address, with their payloads, decoys too."""
    newest = challenges.list_newest(Purpose.PENDING_REGISTRATION, address.all_digests, limit=limit)
    if not newest:
        unseal_nobodys_payload()
    return [(seen, challenges.unseal_payload(seen, SignUpPayload)) for seen in newest]


def find_by_password(sign_ups: Sequence[WaitingSignUp], password: str) -> Challenge | None:
    """Return the newest sign-up with this password. MAX_HASHES hashes are computed in any case, so that time tells
    nothing."""
    typed = passwords.normalise_password(password)
    marks = [None, *steps.password_marks(typed)]  # a payload from before there were marks may have it, too
    marked = [(seen, payload) for seen, payload in sign_ups if payload.mark in marks][:MAX_HASHES]
    kept = [*(payload.password_hash for _seen, payload in marked), *[""] * (MAX_HASHES - len(marked))]
    right = [passwords.verify_password_hash(typed, each) for each in kept]
    return next((seen for (seen, _payload), is_right in zip(marked, right, strict=False) if is_right), None)


def unseal_nobodys_payload() -> SignUpPayload:
    """Unseal and return the payload of a sign-up that nobody began."""
    return challenges.unseal_payload(_nobodys_sign_up(), SignUpPayload)


@cache
def _nobodys_sign_up() -> Challenge:
    """Return a sign-up that is in no store, sealed once in this process."""
    id, purpose, long_ago = entropy.random_uuid(), Purpose.PENDING_REGISTRATION, datetime.fromtimestamp(0, UTC)
    payload = SignUpPayload(
        channel=Channel.EMAIL.value,
        email="nobody@example.com",
        phone=None,
        username=None,
        full_name="",
        password_hash="!",  # noqa: S106 - the mark of none
        device=None,
        mark="000",
    )
    return Challenge(
        id=id,
        purpose=purpose,
        subject=b"",
        digests=b"",
        sealed_payload=challenges.secrets.seal_payload(purpose, id, payload, decoy=True),
        sent_at=long_ago,
        expires_at=long_ago,
    )
