"""What a browser sends in the two ceremonies of WebAuthn (Level 3, 7.1 and 7.2).

It is parsed strictly, verified by py_webauthn, and checked for what that library leaves open: base64url without
spelling variants, `crossOrigin` and `topOrigin`, the user handle, backup flags against the stored ones, that the
credential that was made is the one that is named, and the strength of its key. No attestation is trusted, so its
statement is dropped unread.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from vestibule.conf import conf
from vestibule.kernel import hosts
from vestibule.storage.lazy_import import import_when_used

if TYPE_CHECKING:
    import webauthn
    import webauthn.helpers as helpers
else:
    webauthn, helpers = import_when_used("webauthn"), import_when_used("webauthn.helpers")

ES256, EDDSA, RS256 = -7, -8, -257  # COSE algorithms (IANA)
ALGORITHMS = (ES256, EDDSA, RS256)
TRANSPORTS = ("usb", "nfc", "ble", "smart-card", "hybrid", "internal")  # WebAuthn L3, 5.8.4
RSA_BITS = range(2048, 4097)
LONGEST_RESPONSE = 32 * 1024  # bytes of JSON
LONGEST_ID = 1023  # bytes (WebAuthn L3, 4)
_LONGEST_CLIENT_DATA, _LONGEST_ATTESTATION, _LONGEST_ASSERTION = 4096, 16 * 1024, 4096  # bytes


class Unverifiable(Exception):
    """What was sent is malformed, or does not prove what it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyResponse:
    """The answer of an authenticator, parsed and not yet verified. `challenge` names the record that it answers, and
    the caller finds that out before it is verified. `sent` is the JSON."""

    credential_id: bytes
    challenge: bytes
    sent: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """A credential that was made, verified. `public_key` is in COSE form."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: UUID
    transports: list[str]
    is_backup_eligible: bool
    is_backed_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What an authenticator tells of a credential when it proves it."""

    sign_count: int
    is_backed_up: bool


def list_origins() -> list[str]:
    """Return the origins on which a passkey may be made and used, that of BASE_URL first."""
    sites = [hosts.url_origin(urlsplit(site)) for site in (conf.base_url, conf.frontend_url) if site]
    return list(dict.fromkeys([*sites, *conf.passkey_origins]))


def parse_response(text: str) -> PasskeyResponse:
    """Parse a PublicKeyCredential in its JSON form (WebAuthn L3, 5.1: `toJSON()`).

    Raises:
        Unverifiable: it has another form, or was made in a frame of another site.
    """
    sent = _parse_object(text.encode(errors="replace"), LONGEST_RESPONSE)
    response = sent.get("response")
    if sent.get("type") != "public-key" or sent.get("id") != sent.get("rawId") or not isinstance(response, dict):
        raise Unverifiable
    data = _parse_object(_decode(response.get("clientDataJSON"), _LONGEST_CLIENT_DATA), _LONGEST_CLIENT_DATA)
    if data.get("crossOrigin", False) is not False or "topOrigin" in data or not isinstance(data.get("origin"), str):
        raise Unverifiable
    return PasskeyResponse(
        credential_id=_decode(sent.get("id"), LONGEST_ID), challenge=_decode(data.get("challenge"), 64), sent=sent
    )


def verify_registration(response: PasskeyResponse) -> NewCredential:
    """Verify that an authenticator made a credential, with the user verified, for one of our origins.

    Raises:
        Unverifiable: it did not, or its key is none that we offered.
    """
    answer = response.sent["response"]
    statement_free = _drop_attestation(_decode(answer.get("attestationObject"), _LONGEST_ATTESTATION))
    sent = {**response.sent, "response": {**answer, "attestationObject": encode(statement_free)}}
    with _refusing_whatever_fails():
        made = webauthn.verify_registration_response(
            credential=sent,
            expected_challenge=response.challenge,
            expected_rp_id=conf.host,
            expected_origin=list_origins(),
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),  # type: ignore[arg-type]  # an enum of integers
        )
        _check_key(made.credential_public_key)
        if made.credential_id != response.credential_id:
            raise Unverifiable
        transports = answer.get("transports") or []
        return NewCredential(
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            aaguid=UUID(made.aaguid),
            transports=[each for each in TRANSPORTS if each in transports],
            is_backup_eligible=made.credential_device_type.value == "multi_device",
            is_backed_up=made.credential_backed_up,
        )


def verify_assertion(
    response: PasskeyResponse, *, public_key: bytes, user_handle: bytes, is_backup_eligible: bool
) -> Assertion:
    """Verify that an authenticator signed the challenge with this key, with the user verified, for one of our origins.
    `user_handle` is that of the credential's account. The caller compares the sign count.

    Raises:
        Unverifiable: it did not; it names another account; or backup eligibility, which never changes, changed.
    """
    answer = response.sent["response"]
    for member in ("authenticatorData", "signature"):
        _decode(answer.get(member), _LONGEST_ASSERTION)
    if answer.get("userHandle") is not None and _decode(answer["userHandle"], 64) != user_handle:
        raise Unverifiable
    with _refusing_whatever_fails():
        told = webauthn.verify_authentication_response(
            credential=dict(response.sent),
            expected_challenge=response.challenge,
            expected_rp_id=conf.host,
            expected_origin=list_origins(),
            credential_public_key=public_key,
            credential_current_sign_count=0,  # it would be compared before the signature is
            require_user_verification=True,
        )
        if (told.credential_device_type.value == "multi_device") is not is_backup_eligible:
            raise Unverifiable
        return Assertion(sign_count=told.new_sign_count, is_backed_up=told.credential_backed_up)


def encode(content: bytes) -> str:
    """Return base64url without padding (RFC 4648, 5), as WebAuthn's JSON has it."""
    return urlsafe_b64encode(content).decode().rstrip("=")


def _decode(text: object, longest: int) -> bytes:
    """Decode base64url in its one spelling: without padding, other characters or stray bits. Nothing is empty."""
    if not isinstance(text, str) or not text or len(text) > longest * 4 // 3 + 1:
        raise Unverifiable
    try:
        content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise Unverifiable from error
    if encode(content) != text:
        raise Unverifiable
    return content


def _parse_object(content: bytes, longest: int) -> dict[str, Any]:
    try:
        text = content.decode() if len(content) <= longest else ""
        parsed = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise Unverifiable from error
    if not isinstance(parsed, dict):
        raise Unverifiable
    return parsed


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice")
    return members


def _drop_attestation(attestation_object: bytes) -> bytes:
    """Return the object with a statement of the format `none`, whatever its own was (WebAuthn L3, 7.1, step 24: what is
    not trusted may be taken as none). CBOR that is not in its shortest form, or is followed by something, is refused
    (2, "Conformance")."""
    with _refusing_whatever_fails():
        parsed = helpers.parse_cbor(attestation_object)
        if helpers.encode_cbor(parsed) != attestation_object:
            raise Unverifiable
        statement, is_none = parsed["attStmt"], parsed["fmt"] == "none"
        if not isinstance(parsed["fmt"], str) or not isinstance(statement, dict) or (is_none and statement):
            raise Unverifiable
        return helpers.encode_cbor({"fmt": "none", "attStmt": {}, "authData": parsed["authData"]})


def _check_key(public_key: bytes) -> None:
    """Check that the key is one of its algorithm: py_webauthn compares the algorithm's number alone."""
    decoded = helpers.decode_credential_public_key(public_key)
    key = helpers.decoded_public_key_to_cryptography(decoded)
    fits = {
        ES256: isinstance(key, EllipticCurvePublicKey) and key.curve.name == "secp256r1",
        EDDSA: isinstance(key, Ed25519PublicKey),
        RS256: isinstance(key, RSAPublicKey) and key.key_size in RSA_BITS,
    }
    if not fits[decoded.alg]:
        raise Unverifiable


@contextmanager
def _refusing_whatever_fails() -> Iterator[None]:
    """Turn whatever the body raises into Unverifiable: the libraries raise what their parts raise (KeyError, TypeError,
    OverflowError, …) for what a stranger makes up."""
    try:
        yield
    except Unverifiable:
        raise
    except Exception as error:
        raise Unverifiable from error
