"""`/api/auth/login`, `/api/auth/reauthenticate`: sign in with a password, and prove it once more."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vestibule.accounts import passwords
from vestibule.accounts.identifiers import Name
from vestibule.flows import sign_in
from vestibule.guards import rules
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.sessions import access, devices
from vestibule.skins.api.bearer import admit_bearer
from vestibule.skins.api.parsing import Body, Captcha, Text, read
from vestibule.skins.api.people import Person, shown
from vestibule.skins.api.registration import DeviceFacts
from vestibule.skins.api.schema import CAPTCHA, answers
from vestibule.skins.api.tokens import pair
from vestibule.skins.edge import admit

_TAG = ["Signing in"]
_NAMES = ("email", "username", "phone_number")


class LoginRequest(Body):
    """One name, and the password."""

    email = Text(required=False)
    username = Text(required=False)
    phone_number = Text(required=False)
    password = Text(max_length=4096)
    device = DeviceFacts(required=False)
    captcha = Captcha()


class SignedIn(serializers.Serializer[Any]):
    """A session; `expires_in` is the access token's life in seconds."""

    access = serializers.CharField(help_text="ES256 JWT, `Authorization: Bearer`.")
    refresh = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    user = Person()


class Password(Body):
    """The password, once more."""

    password = Text(max_length=4096)


class FreshAccess(serializers.Serializer[Any]):
    """An access token whose `auth_time` is now."""

    access = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()


class Login(APIView):
    """Sign in."""

    @extend_schema(
        operation_id="login",
        tags=_TAG,
        request=LoginRequest,
        responses=answers(
            200, SignedIn, "invalid_credentials", "account_unverified", "account_suspended", "locked", *CAPTCHA
        ),
        examples=[
            OpenApiExample(
                "by email",
                value={"email": "ada@example.com", "password": "correct horse battery staple"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """An e-mail address, a username or a proved phone number, and the password. Nobody's name and a wrong password
        are one answer."""
        typed = read(LoginRequest, request)
        said = devices.declared(typed.get("device"))
        kind = next((kind for kind in _NAMES if typed.get(kind)), "")
        password = typed_password(typed)
        if not kind:
            raise Invalid({"email": [FieldError("required", _("This field is required."))]})
        client = admit(request._request, rules.LOGIN, captcha=typed.get("captcha", ""))
        signed_in = sign_in.sign_in(client=client, name=Name.typed(kind, typed[kind]), password=password, said=said)
        return Response({**pair(signed_in.with_tokens), "user": shown(signed_in.user)})


class Reauthenticate(APIView):
    """Step up."""

    @extend_schema(
        operation_id="reauthenticate",
        tags=_TAG,
        request=Password,
        responses=answers(
            200, FreshAccess, "not_authenticated", "token_expired", "session_revoked", "invalid_credentials", "locked"
        ),
    )
    def post(self, request: Request) -> Response:
        """The password once more: for ten minutes, what guards the account can be changed with the new access token,
        and with those that are refreshed. The one that asked is as old as it was."""
        client = admit_bearer(request)
        password = typed_password(read(Password, request))
        session = sign_in.reauthenticate(client=client, password=password)
        token, expires_in = access.token(session, client.at), access.lifetime()
        return Response({"access": token, "token_type": "Bearer", "expires_in": expires_in})


def typed_password(typed: dict[str, Any], field: str = "password") -> str:
    """A password that was typed to be compared. Raises Invalid for one that can be nobody's (CVE-2013-1443)."""
    password: str = typed.get(field, "")
    if not password:
        raise Invalid({field: [FieldError("required", _("This field is required."))]})
    if len(password.encode(errors="replace")) > passwords.MAX_BYTES:
        raise Invalid({field: [FieldError("password_too_long", _("Use at most 1,024 bytes."))]})
    return password
