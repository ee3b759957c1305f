"""The bodies of the passkey endpoints, and examples of them for OpenAPI."""

from rest_framework import serializers

from vestibule.factors.models import Passkey
from vestibule.factors.passkeys import name_authenticator
from vestibule.web.api.parsing import Credential, Flag, RequestBody, Text
from vestibule.web.api.registration import DeviceFacts
from vestibule.web.api.times import UtcDateTimeField


class PasskeyOptions(serializers.Serializer[object]):
    """What `navigator.credentials` is called with."""

    publicKey = serializers.DictField(  # noqa: N815 - WebAuthn's name
        help_text="For `parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`; good once, for five minutes."
    )


class PasskeyShown(serializers.Serializer[object]):
    """A passkey of the person."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    created_at = UtcDateTimeField()
    last_used_at = UtcDateTimeField(allow_null=True)
    backed_up = serializers.BooleanField(source="is_backed_up", help_text="Whether it is kept on other devices, too.")
    authenticator = serializers.SerializerMethodField(help_text="The product that keeps it; empty if it is not known.")

    def get_authenticator(self, passkey: Passkey) -> str:
        """Return the name of the product."""
        return name_authenticator(passkey.aaguid)


class PasskeyMade(PasskeyShown):
    """The new passkey."""

    recovery_codes = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Shown once, with the first second factor."
    )


class NewPasskey(RequestBody):
    """What the browser made."""

    credential = Credential(help_text="`toJSON()` of what `navigator.credentials.create` returned.")
    name = Text(required=False, max_length=200, help_text="Without one it is named after authenticator and browser.")
    end_other_sessions = Flag(required=False, help_text="Sign out everywhere else.")


class PasskeyName(RequestBody):
    """Another name."""

    alternatives = (("name",),)

    name = Text(required=False, max_length=200)


class PasskeyProof(RequestBody):
    """What the browser proved."""

    credential = Credential(help_text="`toJSON()` of what `navigator.credentials.get` returned.")
    device = DeviceFacts(required=False)


class Ticket(RequestBody):
    """The ticket of a sign-in."""

    mfa = Text(allow_blank=False)


_ID, _CHALLENGE = "Qm9iJ3MgcGFzc2tleQ", "lW8sR0m2TXe0b1Yq3Jv5Zg6Cx7Nq8Lk9Pw0Uy1Hf2Sg"
_REQUIRED = {"residentKey": "required", "requireResidentKey": True, "userVerification": "required"}
_BY_BROWSER = {"id": _ID, "rawId": _ID, "type": "public-key", "clientExtensionResults": {}}
CREATION_OPTIONS = {
    "rp": {"id": "auth.example.com", "name": "Example"},
    "user": {"id": "AZjD8npUfB6dCgtsHy49Sg", "name": "ada@example.com", "displayName": "Ada L."},
    "challenge": _CHALLENGE,
    "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in (-7, -8, -257)],
    "timeout": 300_000,
    "excludeCredentials": [],
    "authenticatorSelection": _REQUIRED,
    "attestation": "none",
}
REQUEST_OPTIONS = {
    "challenge": _CHALLENGE,
    "timeout": 300_000,
    "rpId": "auth.example.com",
    "allowCredentials": [],
    "userVerification": "required",
}
OWN_OPTIONS = {
    **REQUEST_OPTIONS,
    "allowCredentials": [{"type": "public-key", "id": _ID, "transports": ["internal", "hybrid"]}],
}
MADE = {
    **_BY_BROWSER,
    "response": {"clientDataJSON": "eyJ0eXBlIjoi…", "attestationObject": "o2NmbXRkbm9uZ…", "transports": ["internal"]},
}
PROVED = {
    **_BY_BROWSER,
    "response": {
        "clientDataJSON": "eyJ0eXBlIjoi…",
        "authenticatorData": "SZYN5YgOjGh0NBcP…",
        "signature": "MEUCIQDx…",
        "userHandle": "AZjD8npUfB6dCgtsHy49Sg",
    },
}
SHOWN = {
    "id": "0198c3f2-7a54-7c1e-9d0a-0b6c1f2e3d4a",
    "name": "Apple Passwords (Safari on macOS)",
    "created_at": "2026-03-01T12:00:00Z",
    "last_used_at": None,
    "backed_up": True,
    "authenticator": "Apple Passwords",
}
