"""What the key ring makes and reads of a challenge: digests of secrets, sealed payloads, handles, link tokens."""

import hmac
import json
from dataclasses import dataclass
from uuid import UUID

from vestibule.challenges.payloads import Payload, PayloadT
from vestibule.challenges.policy import Purpose, SecretKind
from vestibule.challenges.store import Challenge
from vestibule.kernel import entropy, errors
from vestibule.kernel.sealing import KeyRing, Unsealable

_DIGEST_LENGTH, _ID_LENGTH = 32, 16


@dataclass(frozen=True, slots=True)
class ChallengeSecrets:
    """The key ring's operations on challenges."""

    keys: KeyRing

    def digest_secrets(self, purpose: Purpose, id: UUID, *secrets: str | None, decoy: bool) -> bytes:
        """Return the concatenated keyed digests of the secrets. For a decoy they are digests of random secrets that
        nobody knows."""
        made = [entropy.random_token() if decoy else secret for secret in secrets if secret is not None]
        return b"".join(self.keys.digest(f"secret {purpose}", id.bytes, secret.encode()) for secret in made)

    def matches_secret(self, challenge: Challenge, secret: str, by: SecretKind) -> bool:
        """Return whether this is the live secret of its kind. The digest of the code comes first, that of the link
        last."""
        kept = challenge.digests[-_DIGEST_LENGTH:] if by is SecretKind.LINK else challenge.digests[:_DIGEST_LENGTH]
        return self.keys.matches_digest(
            kept, f"secret {challenge.purpose}", challenge.id.bytes, secret.encode(errors="replace")
        )

    def sign_handle(self, purpose: Purpose, id: UUID) -> str:
        """Return the signed handle of a challenge, for the browser that began it."""
        return self.keys.sign(f"handle {purpose}", id.bytes)

    def read_handle(self, purpose: Purpose, handle: str) -> UUID:
        """Return the challenge id of a handle.

        Raises:
            TokenInvalid: the handle was not signed by this service for this purpose.
        """
        return UUID(bytes=self._verify_signature(f"handle {purpose}", handle, _ID_LENGTH))

    def sign_link_token(self, purpose: Purpose, id: UUID, secret: str) -> str:
        """Return the token of a link: the signed challenge id and secret. A handle cannot be made from it."""
        return self.keys.sign(f"link {purpose}", id.bytes + secret.encode())

    def read_link_token(self, purpose: Purpose, token: str) -> tuple[UUID, str]:
        """Return the challenge id and the secret of a link's token.

        Raises:
            TokenInvalid: the token was not signed by this service for this purpose.
        """
        body = self._verify_signature(f"link {purpose}", token)
        return UUID(bytes=body[:_ID_LENGTH]), body[_ID_LENGTH:].decode()

    def sign_nonce(self, purpose: Purpose, id: UUID) -> bytes:
        """Return the WebAuthn challenge of a record: 32 bytes, which name it and cannot be made without the key ring
        (WebAuthn L3, 13.4.3: at least 16 random ones, here those of the id)."""
        return id.bytes + self.keys.digest(f"nonce {purpose}", id.bytes)[:_ID_LENGTH]

    def read_nonce(self, purpose: Purpose, nonce: bytes) -> UUID:
        """Return the challenge id of a nonce.

        Raises:
            TokenInvalid: the nonce was not made by this service for this purpose.
        """
        id, mac = nonce[:_ID_LENGTH], nonce[_ID_LENGTH:]
        made = self.keys.all_digests(f"nonce {purpose}", id)
        found = [hmac.compare_digest(each[:_ID_LENGTH], mac) for each in made]
        if len(id) != _ID_LENGTH or not any(found):
            raise errors.TokenInvalid
        return UUID(bytes=id)

    def seal_payload(self, purpose: Purpose, id: UUID, payload: Payload, *, decoy: bool) -> bytes:
        """Return the payload sealed and bound to the record that holds it. The record of a decoy looks like any
        other."""
        sealed = json.dumps({"decoy": decoy, "version": payload.version(), "data": payload.to_json()}).encode()
        return self.keys.seal(f"payload {purpose}", sealed, context=id.bytes)

    def unseal_payload(self, challenge: Challenge, payload_type: type[PayloadT]) -> tuple[PayloadT, bool]:
        """Return the payload, and whether the challenge is a decoy.

        Raises:
            Expired: the key that sealed it was retired.
            Unavailable: newer code sealed it.
        """
        try:
            opened = self.keys.unseal(
                f"payload {challenge.purpose}", challenge.sealed_payload, context=challenge.id.bytes
            )
        except Unsealable as error:
            raise errors.Expired(subject=challenge.subject) from error
        sealed = json.loads(opened)
        return payload_type.from_json(sealed["data"], sealed.get("version", 0)), sealed["decoy"]

    def _verify_signature(self, purpose: str, signed: str, length: int | None = None) -> bytes:
        try:
            body = self.keys.unsign(purpose, signed)
        except (Unsealable, ValueError) as error:
            raise errors.TokenInvalid from error
        if len(body) < _ID_LENGTH or (length is not None and len(body) != length):
            raise errors.TokenInvalid
        return body
