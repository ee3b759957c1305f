"""`/api/auth/mfa…`: the second factors of the signed-in person."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from vestibule.factors.holdings import FactorSummary
from vestibule.flows.account import second_factors
from vestibule.flows.recovery import factor_reset
from vestibule.limits import rules
from vestibule.web.api.parsing import RequestBody, Text, read_body
from vestibule.web.api.passwords import SIGNED_IN_CODES
from vestibule.web.api.schema import LinkToken, response_schemas
from vestibule.web.api.view import ApiView

_TAG = ["Second factors"]
_STEP_UP_CODES = (*SIGNED_IN_CODES, "reauthentication_required")
_EXAMPLE_CODES = ["mfrg-gzdf-mztw-q2lk", "nnwg-24tp-of2x-e43u"]


class TotpShown(serializers.Serializer[object]):
    """The authenticator app."""

    enabled = serializers.BooleanField()
    enabled_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


class RecoveryCodesShown(serializers.Serializer[object]):
    """The set of recovery codes."""

    left = serializers.IntegerField(help_text="Codes that were not used.")
    created_at = serializers.DateTimeField(allow_null=True)


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
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class SeedShown(serializers.Serializer[object]):
    """A seed for an authenticator app. It is shown here only."""

    secret = serializers.CharField(help_text="Base32, 160 bits: SHA-1, six digits, 30 seconds (RFC 6238).")
    otpauth_url = serializers.CharField(help_text="The same as an `otpauth://totp/…` URI.")
    qr_svg = serializers.CharField(help_text="The URI as a QR code: one `<svg>` element.")


class FirstCode(RequestBody):
    """The first code of the app."""

    code = Text(max_length=200)
    end_other_sessions = serializers.BooleanField(required=False, help_text="Sign out everywhere else.")


class NewRecoveryCodes(serializers.Serializer[object]):
    """Ten recovery codes. They are shown here only."""

    recovery_codes = serializers.ListField(child=serializers.CharField())


class MaybeRecoveryCodes(serializers.Serializer[object]):
    """Ten recovery codes, shown here only; none where the account has some left."""

    recovery_codes = serializers.ListField(child=serializers.CharField(), required=False)


class ShowFactors(ApiView):
    """The own second factors."""

    open_before_enrolment = True

    @extend_schema(
        operation_id="mfa",
        summary="Show the second factors",
        tags=_TAG,
        responses=response_schemas(200, FactorsShown, *SIGNED_IN_CODES, body=False),
        examples=[
            OpenApiExample(
                "an app and two passkeys",
                value={
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
                },
                response_only=True,
                status_codes=["200"],
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Show which second factors the person has. Secrets are not among it."""
        return Response(serialize_factors(second_factors.show_factors(client=self.admit_bearer())))


class EnrolTotp(ApiView):
    """The own authenticator app."""

    open_before_enrolment = True

    @extend_schema(
        operation_id="mfa_totp_start",
        summary="Start to set up an authenticator app",
        tags=_TAG,
        request=None,
        responses=response_schemas(200, SeedShown, *_STEP_UP_CODES, body=False),
        examples=[
            OpenApiExample(
                "a seed",
                value={
                    "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
                    "otpauth_url": "otpauth://totp/Vestibule:ada%40example.com"
                    "?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Vestibule",
                    "qr_svg": "<svg …></svg>",
                },
                response_only=True,
                status_codes=["200"],
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Get a new seed, in place of one that was not confirmed. It counts for nothing before `mfa/totp/confirm`; an
        app that was set up before counts until then. Needs a sign-in of the last ten minutes."""
        seed = second_factors.start_totp(client=self.admit_bearer())
        return Response({"secret": seed.secret, "otpauth_url": seed.uri, "qr_svg": seed.qr_svg})

    @extend_schema(
        operation_id="mfa_totp_remove",
        summary="Remove the authenticator app",
        tags=_TAG,
        responses=response_schemas(204, None, *_STEP_UP_CODES, "last_factor", body=False),
    )
    def delete(self, request: Request) -> Response:
        """Remove the app, or the seed that was not confirmed; without one nothing happens. Every other session ends,
        and with the last factor the recovery codes go. Needs a sign-in of the last ten minutes by a second factor."""
        second_factors.remove_totp(client=self.admit_bearer())
        return Response(status=204)


class ConfirmTotp(ApiView):
    """The first code."""

    open_before_enrolment = True

    @extend_schema(
        operation_id="mfa_totp_confirm",
        summary="Confirm the authenticator app by its first code",
        tags=_TAG,
        request=FirstCode,
        responses=response_schemas(200, MaybeRecoveryCodes, *_STEP_UP_CODES, "otp_invalid", "locked"),
        examples=[
            OpenApiExample("a code", value={"code": "492039", "end_other_sessions": True}, request_only=True),
            OpenApiExample(
                "the first factor",
                value={"recovery_codes": _EXAMPLE_CODES},
                response_only=True,
                status_codes=["200"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """From now on the app counts, in place of an earlier one. Recovery codes are made where none are left. Other
        sessions end if `end_other_sessions` says so; else they must `reauthenticate` by the factor before they change
        what guards the account. Needs a sign-in of the last ten minutes."""
        client = self.admit_bearer()
        typed = read_body(FirstCode, request)
        added = second_factors.confirm_totp(
            client=client, code=typed["code"], end_other_sessions=typed.get("end_other_sessions", False)
        )
        return Response({"recovery_codes": added.recovery_codes} if added.recovery_codes else {})


class ReplaceRecoveryCodes(ApiView):
    """The own recovery codes."""

    open_before_enrolment = True

    @extend_schema(
        operation_id="mfa_recovery_codes",
        summary="Make new recovery codes",
        tags=_TAG,
        request=None,
        responses=response_schemas(200, NewRecoveryCodes, *_STEP_UP_CODES, "mfa_enrolment_required", body=False),
        examples=[
            OpenApiExample("a set", value={"recovery_codes": _EXAMPLE_CODES}, response_only=True, status_codes=["200"])
        ],
    )
    def post(self, request: Request) -> Response:
        """Get ten new codes; the old ones are dead. An account without a second factor has none. Needs a sign-in of the
        last ten minutes by a second factor."""
        codes = second_factors.replace_recovery_codes(client=self.admit_bearer())
        return Response({"recovery_codes": codes})


class RememberedDevices(ApiView):
    """The own remembered devices."""

    open_before_enrolment = True

    @extend_schema(
        operation_id="mfa_remembered_devices",
        summary="List the remembered devices",
        tags=_TAG,
        responses=response_schemas(200, RememberedDeviceShown(many=True), *SIGNED_IN_CODES, body=False),
    )
    def get(self, request: Request) -> Response:
        """List the devices on which the second factor is not asked for, newest first."""
        found = second_factors.list_own_remembered_devices(client=self.admit_bearer())
        return Response(RememberedDeviceShown(found, many=True).data)

    @extend_schema(
        operation_id="mfa_remembered_devices_forget",
        summary="Ask for the second factor everywhere again",
        tags=_TAG,
        responses=response_schemas(204, None, *SIGNED_IN_CODES, body=False),
    )
    def delete(self, request: Request) -> Response:
        """Forget every device on which the second factor is not asked for."""
        second_factors.forget_devices(client=self.admit_bearer())
        return Response(status=204)


class ForgetDevice(ApiView):
    """One of the own remembered devices."""

    open_before_enrolment = True

    @extend_schema(
        operation_id="mfa_remembered_device_forget",
        summary="Ask for the second factor on a device again",
        tags=_TAG,
        responses=response_schemas(204, None, *SIGNED_IN_CODES, "not_found", body=False),
    )
    def delete(self, request: Request, id: UUID) -> Response:
        """Forget the device: the next sign-in there asks for the second factor."""
        second_factors.forget_device(client=self.admit_bearer(), id=id)
        return Response(status=204)


class KeepFactors(ApiView):
    """Stop the removal of the second factors."""

    @extend_schema(
        operation_id="mfa_keep",
        summary="Keep the second factors",
        tags=_TAG,
        request=LinkToken,
        responses=response_schemas(204, None, "token_invalid", "link_expired", "token_used", "locked"),
    )
    def post(self, request: Request) -> Response:
        """Use the token of the link in the message that tells of the removal."""
        token = read_body(LinkToken, request)["token"]
        factor_reset.stop_reset(client=self.admit(rules.PASSWORD_RESET_CONFIRM), token=token)
        return Response(status=204)


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
