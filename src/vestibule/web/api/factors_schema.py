"""What `/api/auth/mfa…` takes and answers, and its examples."""

from rest_framework import serializers

from vestibule.factors.holdings import FactorSummary
from vestibule.web.api.parsing import Flag, RequestBody, Text
from vestibule.web.api.times import UtcDateTimeField

EXAMPLE_CODES = ["mfrg-gzdf-mztw-q2lk", "nnwg-24tp-of2x-e43u"]
EXAMPLE_FACTORS = {
    "totp": {
        "enabled": True,
        "enabled_at": "2026-03-01T12:00:00Z",
        "last_used_at": "2026-03-02T08:30:00Z",
    },
    "passkeys": 2,
    "recovery_codes": {"left": 8, "created_at": "2026-03-01T12:00:00Z"},
    "sms": False,
    "required": False,
    "remembered_devices": 1,
}
EXAMPLE_SEED = {
    "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "otpauth_url": "otpauth://totp/Vestibule:ada%40example.com"
    "?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Vestibule",
    "qr_svg": "<svg …></svg>",
}


class TotpShown(serializers.Serializer[object]):
    """The authenticator app."""

    enabled = serializers.BooleanField()
    enabled_at = UtcDateTimeField(allow_null=True)
    last_used_at = UtcDateTimeField(allow_null=True)


class RecoveryCodesShown(serializers.Serializer[object]):
    """The set of recovery codes."""

    left = serializers.IntegerField(help_text="Codes that were not used.")
    created_at = UtcDateTimeField(allow_null=True)


class FactorsShown(serializers.Serializer[object]):
    """What the account has besides the first factor."""

    totp = TotpShown()
    passkeys = serializers.IntegerField()
    recovery_codes = RecoveryCodesShown()
    sms = serializers.BooleanField(help_text="Whether a code by SMS can stand in.")
    required = serializers.BooleanField(  # type: ignore[assignment]  # a member of that name, as the contract has
        help_text="Whether the person's role needs a second factor."
    )
    remembered_devices = serializers.IntegerField(help_text="On which no second factor is asked for.")


class RememberedDeviceShown(serializers.Serializer[object]):
    """A device on which the second factor is not asked for until it expires, or a credential changes."""

    id = serializers.UUIDField()
    agent = serializers.CharField()
    created_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()


class SeedShown(serializers.Serializer[object]):
    """A seed for an authenticator app. It is shown here only."""

    secret = serializers.CharField(help_text="Base32, 160 bits: SHA-1, six digits, 30 seconds (RFC 6238).")
    otpauth_url = serializers.CharField(help_text="The same as an `otpauth://totp/…` URI.")
    qr_svg = serializers.CharField(help_text="The URI as a QR code: one `<svg>` element.")


class FirstCode(RequestBody):
    """The first code of the app."""

    code = Text(max_length=200)
    end_other_sessions = Flag(required=False, help_text="Sign out everywhere else.")


class NewRecoveryCodes(serializers.Serializer[object]):
    """Ten recovery codes. They are shown here only."""

    recovery_codes = serializers.ListField(child=serializers.CharField())


class MaybeRecoveryCodes(serializers.Serializer[object]):
    """Ten recovery codes, shown here only; none where the account has some left."""

    recovery_codes = serializers.ListField(child=serializers.CharField(), required=False)


def serialize_factors(held: FactorSummary) -> dict[str, object]:
    """Return the body that shows what an account has."""
    shown = FactorsShown(
        {
            "totp": {
                "enabled": held.totp is not None,
                "enabled_at": held.totp.confirmed_at if held.totp else None,
                "last_used_at": held.totp.last_used_at if held.totp else None,
            },
            "passkeys": held.passkeys,
            "recovery_codes": {"left": held.codes_left, "created_at": held.codes_created_at},
            "sms": held.can_text,
            "required": held.is_required,
            "remembered_devices": held.remembered_devices,
        }
    )
    return dict(shown.data)
