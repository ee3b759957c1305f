"""`/api/auth/password/…`: forgotten, and changed."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vestibule.accounts import applicant, identifiers
from vestibule.accounts.identifiers import Email, Phone
from vestibule.flows import password_change, password_reset, securing
from vestibule.guards import rules
from vestibule.skins.api.bearer import admit_bearer
from vestibule.skins.api.login import typed_password
from vestibule.skins.api.parsing import Body, Captcha, Text, read
from vestibule.skins.api.schema import CAPTCHA, answers
from vestibule.skins.edge import admit

_TAG = ["Passwords"]
SIGNED_IN = ("not_authenticated", "token_expired", "session_revoked")
PROOF = ("otp_invalid", "otp_expired", "otp_exhausted", "token_used", "locked")
GUARDED = (*SIGNED_IN, "reauthentication_required", "invalid_credentials", "locked")


class AnyAddress(Body):
    """An e-mail address, or a phone number."""

    email = Text(required=False)
    phone_number = Text(required=False)


class ForgottenRequest(AnyAddress):
    """An e-mail address, or a phone number, of whoever forgot the password."""

    captcha = Captcha()


class Detail(serializers.Serializer[Any]):
    """What was done, in words."""

    detail = serializers.CharField()


class ResetRequest(AnyAddress):
    """The link's token, or the code and the address that it went to; and the new password."""

    token = Text(required=False)
    otp = Text(required=False, max_length=64)
    password = Text(max_length=4096)
    password2 = Text(required=False, max_length=4096, help_text="Must match, where sent.")


class ChangeRequest(Body):
    """The password that is, and the one that shall be."""

    current_password = Text(max_length=4096)
    password = Text(max_length=4096)
    password2 = Text(required=False, max_length=4096, help_text="Must match, where sent.")


class Reset(APIView):
    """Forgotten."""

    @extend_schema(
        operation_id="password_reset", tags=_TAG, request=ForgottenRequest, responses=answers(202, Detail, *CAPTCHA)
    )
    def post(self, request: Request) -> Response:
        """Always the same answer. A link and a code go out where an account has proved this address."""
        typed = read(ForgottenRequest, request)
        address, captcha = address_of(typed), typed.get("captcha", "")
        client = admit(request._request, rules.PASSWORD_RESET, identifiers.digest(address), captcha=captcha)
        password_reset.start(client=client, address=address)
        return Response({"detail": _("If this address has an account, a message is on its way.")}, status=202)


class ConfirmReset(APIView):
    """Set the new password."""

    @extend_schema(
        operation_id="password_reset_confirm",
        tags=_TAG,
        request=ResetRequest,
        responses=answers(
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
        """By `token`, or by `email` (or `phone_number`) and `otp`. Ends every session; nobody is signed in."""
        typed = read(ResetRequest, request)
        password = typed_password(typed)
        securing.must_match(password, typed.get("password2"))
        by_link = bool(typed.get("token"))
        password_reset.confirm(
            client=admit(request._request, rules.PASSWORD_RESET_CONFIRM),
            password=password,
            token=typed.get("token", ""),
            address=None if by_link else address_of(typed),
            otp=typed.get("otp", ""),
        )
        return Response(status=204)


class Change(APIView):
    """Change it."""

    @extend_schema(
        operation_id="password_change", tags=_TAG, request=ChangeRequest, responses=answers(204, None, *GUARDED)
    )
    def post(self, request: Request) -> Response:
        """Ends every other session. Needs a sign-in of the last ten minutes."""
        client = admit_bearer(request)
        typed = read(ChangeRequest, request)
        current, password = typed_password(typed, "current_password"), typed_password(typed)
        securing.must_match(password, typed.get("password2"))
        password_change.change(client=client, current=current, password=password)
        return Response(status=204)


def address_of(typed: dict[str, Any]) -> Email | Phone:
    """The one address that was typed. Raises Invalid."""
    if typed.get("phone_number") and not typed.get("email"):
        return applicant.alone("phone_number", typed["phone_number"], identifiers.phone)
    return applicant.alone("email", typed.get("email", ""), identifiers.email)
