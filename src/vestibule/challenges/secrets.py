"""What only the key ring can make and read of a challenge: digests of secrets, payloads, handles, link tokens."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.challenges.store import Challenge
from vestibule.kernel import entropy, errors
from vestibule.kernel.sealing import KeyRing, Unsealable

_DIGEST_LENGTH, _ID_LENGTH = 32, 16


@dataclass(frozen=True, slots=True)
class ChallengeSecrets:
    """The key ring, as the engine uses it."""

    keys: KeyRing

    def digest_secrets(self, purpose: Purpose, id: UUID, *secrets: str | None, decoy: bool) -> bytes:
        """The keyed digests of the secrets, one after the other; of a decoy, those of others, which nobody is told."""
        made = [entropy.random_token() if decoy else secret for secret in secrets if secret is not None]
        return b"".join(self.keys.digest(f"secret {purpose}", id.bytes, secret.encode()) for secret in made)

    def matches_secret(self, challenge: Challenge, secret: str, by: SecretKind) -> bool:
        """Whether this is the live secret of its kind: the code stands first, the link last."""
        kept = challenge.digests[-_DIGEST_LENGTH:] if by is SecretKind.LINK else challenge.digests[:_DIGEST_LENGTH]
        return self.keys.matches_digest(
            kept, f"secret {challenge.purpose}", challenge.id.bytes, secret.encode(errors="replace")
        )

    def sign_handle(self, purpose: Purpose, id: UUID) -> str:
        """The signed name of a challenge, for the browser that began it."""
        return self.keys.sign(f"handle {purpose}", id.bytes)

    def read_handle(self, purpose: Purpose, handle: str) -> UUID:
        """The challenge of a handle. Raises TokenInvalid."""
        return UUID(bytes=self._verify_signature(f"handle {purpose}", handle, _ID_LENGTH))

    def sign_link_token(self, purpose: Purpose, id: UUID, secret: str) -> str:
        """The token of a link: whose it is and the secret. No handle can be made from it."""
        return self.keys.sign(f"link {purpose}", id.bytes + secret.encode())

    def read_link_token(self, purpose: Purpose, token: str) -> tuple[UUID, str]:
        """The challenge and the secret of a link's token. Raises TokenInvalid."""
        body = self._verify_signature(f"link {purpose}", token)
        return UUID(bytes=body[:_ID_LENGTH]), body[_ID_LENGTH:].decode()

    def seal_payload(self, purpose: Purpose, id: UUID, payload: Mapping[str, Any], *, decoy: bool) -> bytes:
        """The payload, sealed and bound to the record that holds it; a decoy looks like any other."""
        sealed = json.dumps({"decoy": decoy, "data": dict(payload)}).encode()
        return self.keys.seal(f"payload {purpose}", sealed, context=id.bytes)

    def unseal_payload(self, challenge: Challenge) -> tuple[dict[str, Any], bool]:
        """The payload, and whether it is a decoy's. Raises Expired when the key that sealed it was retired."""
        try:
            opened = self.keys.unseal(
                f"payload {challenge.purpose}", challenge.sealed_payload, context=challenge.id.bytes
            )
        except Unsealable as error:
            raise errors.Expired(subject=challenge.subject) from error
        sealed = json.loads(opened)
        return sealed["data"], sealed["decoy"]

    def _verify_signature(self, purpose: str, signed: str, length: int | None = None) -> bytes:
        try:
            body = self.keys.unsign(purpose, signed)
        except (Unsealable, ValueError) as error:
            raise errors.TokenInvalid from error
        if len(body) < _ID_LENGTH or (length is not None and len(body) != length):
            raise errors.TokenInvalid
        return body
