"""What only the key ring can make and read of a challenge: digests of secrets, payloads, handles, link tokens."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vestibule.challenges.policy import Purpose, Secret
from vestibule.challenges.store import Challenge
from vestibule.kernel import entropy, errors
from vestibule.kernel.sealing import Keys, Unsealable

_DIGEST, _ID = 32, 16


@dataclass(frozen=True, slots=True)
class Safe:
    """The key ring, as the engine uses it."""

    keys: Keys

    def digests(self, purpose: Purpose, id: UUID, *secrets: str | None, decoy: bool) -> bytes:
        """The keyed digests of the secrets, one after the other; of a decoy, those of others, which nobody is told."""
        made = [entropy.token() if decoy else secret for secret in secrets if secret is not None]
        return b"".join(self.keys.digest(f"secret {purpose}", id.bytes, secret.encode()) for secret in made)

    def right(self, seen: Challenge, secret: str, by: Secret) -> bool:
        """Whether this is the live secret of its kind: the code stands first, the link last."""
        kept = seen.digests[-_DIGEST:] if by is Secret.LINK else seen.digests[:_DIGEST]
        return self.keys.matches(kept, f"secret {seen.purpose}", seen.id.bytes, secret.encode(errors="replace"))

    def handle(self, purpose: Purpose, id: UUID) -> str:
        """The signed name of a challenge, for the browser that began it."""
        return self.keys.sign(f"handle {purpose}", id.bytes)

    def of_handle(self, purpose: Purpose, handle: str) -> UUID:
        """The challenge of a handle. Raises TokenInvalid."""
        return UUID(bytes=self._unsigned(f"handle {purpose}", handle, _ID))

    def link(self, purpose: Purpose, id: UUID, secret: str) -> str:
        """The token of a link: whose it is and the secret. No handle can be made from it."""
        return self.keys.sign(f"link {purpose}", id.bytes + secret.encode())

    def of_link(self, purpose: Purpose, token: str) -> tuple[UUID, str]:
        """The challenge and the secret of a link's token. Raises TokenInvalid."""
        body = self._unsigned(f"link {purpose}", token)
        return UUID(bytes=body[:_ID]), body[_ID:].decode()

    def seal(self, purpose: Purpose, id: UUID, payload: Mapping[str, Any], *, decoy: bool) -> bytes:
        """The payload, sealed and bound to the record that holds it; a decoy looks like any other."""
        sealed = json.dumps({"decoy": decoy, "data": dict(payload)}).encode()
        return self.keys.seal(f"payload {purpose}", sealed, context=id.bytes)

    def unseal(self, seen: Challenge) -> tuple[dict[str, Any], bool]:
        """The payload, and whether it is a decoy's. Raises Expired when the key that sealed it was retired."""
        try:
            opened = self.keys.unseal(f"payload {seen.purpose}", seen.sealed_payload, context=seen.id.bytes)
        except Unsealable as error:
            raise errors.Expired(subject=seen.subject) from error
        sealed = json.loads(opened)
        return sealed["data"], sealed["decoy"]

    def _unsigned(self, purpose: str, signed: str, length: int | None = None) -> bytes:
        try:
            body = self.keys.unsign(purpose, signed)
        except (Unsealable, ValueError) as error:
            raise errors.TokenInvalid from error
        if len(body) < _ID or (length is not None and len(body) != length):
            raise errors.TokenInvalid
        return body
