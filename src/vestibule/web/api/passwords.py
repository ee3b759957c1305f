"""`/api/auth/password/…`: reset and change."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from vestibule.accounts import applicant
from vestibule.addresses import parsing
from vestibule.addresses.address import Address
from vestibule.flows import step_up
from vestibule.flows.account import password_change
from vestibule.flows.recovery import password_reset
from vestibule.limits import rules
from vestibule.web.api.login import limit_password, parse_password
from vestibule.web.api.parsing import Captcha, RequestBody, Text, read_body
from vestibule.web.api.response import Response
from vestibule.web.api.schema import CAPTCHA_CODES, body_example, response_schemas
from vestibule.web.api.view import ApiView

_TAG = ["Passwords"]
SIGNED_IN_CODES = ("not_authenticated", "token_expired", "session_revoked")
STEP_UP_CODES = (*SIGNED_IN_CODES, "reauthentication_required")
ENROLLED_CODES = (*SIGNED_IN_CODES, "mfa_enrolment_required")  # of views that are closed before an enrolment
PROOF_CODES = ("otp_invalid", "otp_expired", "otp_exhausted", "token_used", "locked")
GUARDED_CODES = (*ENROLLED_CODES, "reauthentication_required", "invalid_credentials", "locked")


class AnyAddress(RequestBody):
    """An e-mail address, or a phone number."""

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (("email",), ("phone_number",))

    email = Text(required=False)
    phone_number = Text(required=False)


class ForgottenRequest(AnyAddress):
    """The e-mail address, or the phone number, of the account."""

    captcha = Captcha()


class Detail(serializers.Serializer[object]):
    """What was done, in words."""

    detail = serializers.CharField()


class ResetRequest(AnyAddress):
    """The token of the link, or the code and the address that it was sent to; and the new password."""

    alternatives = (("token",), ("email", "otp"), ("phone_number", "otp"))

    token = Text(required=False)
    otp = Text(required=False, max_length=64)
    password = Text(max_length=4096)
    password2 = Text(required=False, max_length=4096, help_text="Must match, where sent.")


class ChangeRequest(RequestBody):
    """The current password of an account that has one, and the new one."""

    current_password = Text(required=False, max_length=4096)
    password = Text(max_length=4096)
    password2 = Text(required=False, max_length=4096, help_text="Must match, where sent.")


class StartPasswordReset(ApiView):
    """Request a reset."""

    @extend_schema(
        operation_id="password_reset",
        summary="Request a password reset",
        tags=_TAG,
        request=ForgottenRequest,
        responses=response_schemas(202, Detail, *CAPTCHA_CODES),
        examples=[body_example("by email", {"email": "ada@example.com"})],
    )
    def post(self, request: Request) -> Response:
        """Always the same answer. A link and a code are sent if an account has proved this address."""
        typed = read_body(ForgottenRequest, request)
        address, captcha = parse_address(typed), typed.get("captcha", "")
        client = self.admit(rules.PASSWORD_RESET, address, captcha=captcha)
        password_reset.start(client=client, address=address)
        return Response({"detail": _("If this address has an account, a message is on its way.")}, status=202)


class ConfirmPasswordReset(ApiView):
    """Set the new password."""

    @extend_schema(
        operation_id="password_reset_confirm",
        summary="Set a new password",
        tags=_TAG,
        request=ResetRequest,
        responses=response_schemas(
            204,
            None,
            "token_invalid",
            "link_expired",
            "otp_invalid",
            "otp_expired",
            "otp_exhausted",
            "token_used",
            "locked",
        ),
    )
    def post(self, request: Request) -> Response:
        """Confirm by `token`, or by `email` (or `phone_number`) and `otp`. Ends every session; nobody is signed in."""
        typed = read_body(ResetRequest, request)
        password = parse_password(typed)
        step_up.require_matching_passwords(password, typed.get("password2"))
        by_link = bool(typed.get("token"))
        password_reset.confirm(
            client=self.admit(rules.PASSWORD_RESET_CONFIRM),
            password=password,
            token=typed.get("token", ""),
            address=None if by_link else parse_address(typed),
            otp=typed.get("otp", ""),
        )
        return Response(status=204)


class ChangePassword(ApiView):
    """Change the password."""

    @extend_schema(
        operation_id="password_change",
        summary="Change my password",
        tags=_TAG,
        request=ChangeRequest,
        responses=response_schemas(204, None, *GUARDED_CODES),
        examples=[
            body_example("change", {"current_password": "correct horse battery", "password": "a much longer sentence"})
        ],
    )
    def post(self, request: Request) -> Response:
        """Ends every other session. Needs a sign-in of the last ten minutes."""
        client = self.admit_bearer()
        typed = read_body(ChangeRequest, request)
        current, password = limit_password(typed, "current_password"), parse_password(typed)
        step_up.require_matching_passwords(password, typed.get("password2"))
        password_change.change_password(client=client, current=current, password=password)
        return Response(status=204)


class OwnPassword(ApiView):
    """The own password."""

    @extend_schema(
        operation_id="password_remove",
        summary="Remove my password",
        tags=_TAG,
        request=None,
        responses=response_schemas(
            204, None, *SIGNED_IN_CODES, "reauthentication_required", "last_way_in", "not_found", body=False
        ),
    )
    def delete(self, request: Request) -> Response:
        """Remove the password, where the account has a passkey, or a proved e-mail address to which a link that signs
        in can be sent. Ends every other session. Needs a sign-in of the last ten minutes. Not there where `PASSWORDS`
        is `required`."""
        password_change.remove_password(client=self.admit_bearer())
        return Response(status=204)


def parse_address(typed: dict[str, Any]) -> Address:
    """Return the one address that was sent.

    Raises:
        Invalid: none or more than one was sent, or it is malformed.
    """
    if typed.get("phone_number") and not typed.get("email"):
        return applicant.parse_single_field("phone_number", typed["phone_number"], parsing.parse_phone)
    return applicant.parse_single_field("email", typed.get("email", ""), parsing.parse_email)
