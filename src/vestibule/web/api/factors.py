"""`/api/auth/mfa…`: the second factors of the signed-in person."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request

from vestibule.flows.account import second_factors
from vestibule.flows.recovery import factor_reset
from vestibule.limits import rules
from vestibule.web.api.factors_schema import (
    EXAMPLE_CODES,
    EXAMPLE_FACTORS,
    EXAMPLE_SEED,
    FactorsShown,
    FirstCode,
    MaybeRecoveryCodes,
    NewRecoveryCodes,
    RememberedDeviceShown,
    SeedShown,
    serialize_factors,
)
from vestibule.web.api.parsing import read_body
from vestibule.web.api.passwords import SIGNED_IN_CODES, STEP_UP_CODES
from vestibule.web.api.response import Response
from vestibule.web.api.schema import LinkToken, response_schemas
from vestibule.web.api.view import ApiView

_TAG = ["Second factors"]


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
                value=EXAMPLE_FACTORS,
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
        responses=response_schemas(200, SeedShown, *STEP_UP_CODES, body=False),
        examples=[
            OpenApiExample(
                "a seed",
                value=EXAMPLE_SEED,
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
        responses=response_schemas(204, None, *STEP_UP_CODES, "last_factor", body=False),
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
        responses=response_schemas(200, MaybeRecoveryCodes, *STEP_UP_CODES, "otp_invalid", "locked"),
        examples=[
            OpenApiExample("a code", value={"code": "492039", "end_other_sessions": True}, request_only=True),
            OpenApiExample(
                "the first factor",
                value={"recovery_codes": EXAMPLE_CODES},
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
        responses=response_schemas(200, NewRecoveryCodes, *STEP_UP_CODES, "mfa_enrolment_required", body=False),
        examples=[
            OpenApiExample("a set", value={"recovery_codes": EXAMPLE_CODES}, response_only=True, status_codes=["200"])
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
