"""An authenticator and a browser of the tests, made of `fido2`: they answer the JSON forms of WebAuthn Level 3, and lie
where a test tells them to."""

import hashlib
import json
import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor, cose
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AuthenticatorData

from tests.world import Api, Reply
from vestibule.conf import conf

FLAG = AuthenticatorData.FLAG
ES256, EDDSA, RS256 = -7, -8, -257
APPLE = bytes.fromhex("fbfc3007154e4ecc8c0b6e020557d7bd")


@dataclass(frozen=True)
class Key:
    """A key pair: the public half in COSE, and how the other signs."""

    public: cose.CoseKey
    sign: Callable[[bytes], bytes]


def make_key(algorithm: int) -> Key:
    """A new key of that algorithm."""
    if algorithm == ES256:
        elliptic = ec.generate_private_key(ec.SECP256R1())
        public = public_half(cose.ES256, elliptic.public_key())
        return Key(public, lambda data: elliptic.sign(data, ec.ECDSA(hashes.SHA256())))
    if algorithm == EDDSA:
        edwards = ed25519.Ed25519PrivateKey.generate()
        return Key(public_half(cose.EdDSA, edwards.public_key()), edwards.sign)
    return _rsa_key()


def public_half(kind: Any, key: Any) -> cose.CoseKey:
    """A public key in COSE, of that kind."""
    public: cose.CoseKey = kind.from_cryptography_key(key)  # which `fido2` gives no types
    return public


@cache
def _rsa_key() -> Key:
    """One for all tests, because it takes long to make."""
    private = rsa.generate_private_key(65537, 2048)
    public = public_half(cose.RS256, private.public_key())
    return Key(public, lambda data: private.sign(data, padding.PKCS1v15(), hashes.SHA256()))


@dataclass
class Credential:
    """What the authenticator keeps."""

    id: bytes
    key: Key
    user_handle: bytes


@dataclass
class SoftAuthenticator:
    """A browser with an authenticator. `changes` of a ceremony replace what is signed: `type`, `challenge`, `origin`,
    `crossOrigin` and other members of the client data; `rp_id`, `flags`, `counter`; `public` as the key."""

    algorithm: int = ES256
    aaguid: bytes = APPLE
    flags: int = FLAG.UP | FLAG.UV | FLAG.BE | FLAG.BS
    counts: bool = False
    counter: int = 0
    origin: str = field(default_factory=lambda: conf.base_url)
    kept: list[Credential] = field(default_factory=list)

    def create(self, options: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        """`navigator.credentials.create`: a RegistrationResponseJSON."""
        asked = options["publicKey"]
        assert self.algorithm in [each["alg"] for each in asked["pubKeyCredParams"]] or "public" in changes
        made = Credential(os.urandom(32), make_key(self.algorithm), websafe_decode(asked["user"]["id"]))
        self.kept.append(made)
        data = self._client_data("webauthn.create", asked, changes)
        public = changes.get("public", made.key.public)
        id = changes.get("id", made.id)
        attested = self.aaguid + struct.pack(">H", len(id)) + id + cbor.encode(public)
        about = self._authenticator_data(asked["rp"]["id"], changes, FLAG.AT, attested)
        statement = {"fmt": changes.get("fmt", "none"), "attStmt": changes.get("statement", {}), "authData": about}
        return {
            **_named(made.id),
            "response": {
                "clientDataJSON": websafe_encode(data),
                "attestationObject": websafe_encode(cbor.encode(statement)),
                "transports": ["internal", "hybrid"],
            },
        }

    def get(self, options: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        """`navigator.credentials.get`: an AuthenticationResponseJSON of the newest passkey that is allowed."""
        asked = options["publicKey"]
        allowed = [each["id"] for each in asked["allowCredentials"]]
        used = next(each for each in reversed(self.kept) if not allowed or websafe_encode(each.id) in allowed)
        data = self._client_data("webauthn.get", asked, changes)
        about = self._authenticator_data(asked["rpId"], changes)
        return {
            **_named(used.id),
            "response": {
                "clientDataJSON": websafe_encode(data),
                "authenticatorData": websafe_encode(about),
                "signature": websafe_encode(used.key.sign(about + hashlib.sha256(data).digest())),
                "userHandle": websafe_encode(used.user_handle),
            },
        }

    def _client_data(self, kind: str, asked: Mapping[str, Any], changes: Mapping[str, Any]) -> bytes:
        own = {"type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": False}
        said = {name: value for name, value in changes.items() if name in own or name == "topOrigin"}
        return json.dumps({**own, **said}, separators=(",", ":")).encode()

    def _authenticator_data(
        self, rp_id: str, changes: Mapping[str, Any], more: int = 0, attested: bytes = b""
    ) -> bytes:
        self.counter += self.counts
        digest = hashlib.sha256(str(changes.get("rp_id", rp_id)).encode()).digest()
        counter = changes.get("counter", self.counter)
        return digest + struct.pack(">BI", changes.get("flags", self.flags) | more, counter) + attested


def _named(id: bytes) -> dict[str, Any]:
    name = websafe_encode(id)
    return {
        "id": name,
        "rawId": name,
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
    }


def add_passkey(api: Api, access: str, device: SoftAuthenticator, **body: Any) -> Reply:
    """Make a passkey for the person whose access token it is."""
    options = api.send("POST", "passkeys/options", access)
    assert options.status == 200, options
    return api.send("POST", "passkeys", access, {"credential": device.create(options.body), **body})


def request_options(api: Api) -> dict[str, Any]:
    """The options of a sign-in."""
    return dict(api.post("login/passkey/options", {}).body)


def sign_in(api: Api, device: SoftAuthenticator, **changes: Any) -> Reply:
    """Sign in with the newest passkey of the device."""
    return verify(api, device.get(request_options(api), **changes))


def verify(api: Api, credential: Any, **more: Any) -> Reply:
    """POST login/passkey/verify."""
    return api.post("login/passkey/verify", {"credential": credential, **more})
