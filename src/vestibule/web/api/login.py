"""`/api/auth/login`, `/api/auth/reauthenticate`: sign in with a password, and prove it again."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from vestibule.accounts import passwords
from vestibule.accounts.identifiers import LoginName
from vestibule.flows.sign_in import by_password
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.limits import rules
from vestibule.sessions import access_tokens as access
from vestibule.sessions import devices
from vestibule.web.api.parsing import Captcha, RequestBody, Text, read_body
from vestibule.web.api.people import Person, serialize_person
from vestibule.web.api.registration import DeviceFacts
from vestibule.web.api.schema import CAPTCHA_CODES, response_schemas
from vestibule.web.api.tokens import serialize_tokens
from vestibule.web.api.view import ApiView

_TAG = ["Signing in"]
_LOGIN_NAMES = ("email", "username", "phone_number")


class LoginRequest(RequestBody):
    """One name, and the password."""

    email = Text(required=False)
    username = Text(required=False)
    phone_number = Text(required=False)
    password = Text(max_length=4096)
    device = DeviceFacts(required=False)
    captcha = Captcha()


class SignedIn(serializers.Serializer[object]):
    """A session; `expires_in` is the life of the access token in seconds."""

    access = serializers.CharField(help_text="ES256 JWT, `Authorization: Bearer`.")
    refresh = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    user = Person()


class Password(RequestBody):
    """The password, again."""

    password = Text(max_length=4096)


class FreshAccess(serializers.Serializer[object]):
    """An access token whose `auth_time` is now."""

    access = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()


class Login(ApiView):
    """Sign in."""

    @extend_schema(
        operation_id="login",
        tags=_TAG,
        request=LoginRequest,
        responses=response_schemas(
            200, SignedIn, "invalid_credentials", "account_unverified", "account_suspended", "locked", *CAPTCHA_CODES
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
        """Sign in with an e-mail address, a username or a proved phone number, and the password. An unknown name and a
        wrong password get the same answer."""
        typed = read_body(LoginRequest, request)
        said = devices.clean_device_claims(typed.get("device"))
        kind = next((kind for kind in _LOGIN_NAMES if typed.get(kind)), "")
        password = parse_password(typed)
        if not kind:
            raise Invalid({"email": [FieldError("required")]})
        client = self.admit(rules.LOGIN, captcha=typed.get("captcha", ""))
        signed_in = by_password.sign_in_by_password(
            client=client, name=LoginName.parse_as(kind, typed[kind]), password=password, device_claims=said
        )
        return Response({**serialize_tokens(signed_in.required_tokens), "user": serialize_person(signed_in.user)})


class Reauthenticate(ApiView):
    """Prove the password again."""

    @extend_schema(
        operation_id="reauthenticate",
        tags=_TAG,
        request=Password,
        responses=response_schemas(
            200, FreshAccess, "not_authenticated", "token_expired", "session_revoked", "invalid_credentials", "locked"
        ),
    )
    def post(self, request: Request) -> Response:
        """For ten minutes the new access token, and those refreshed from it, can change what guards the account. The
        token that asked gains nothing."""
        client = self.admit_bearer()
        password = parse_password(read_body(Password, request))
        session = by_password.reauthenticate(client=client, password=password)
        token, expires_in = access.issue_token(session, client.at), access.lifetime_seconds()
        return Response({"access": token, "token_type": "Bearer", "expires_in": expires_in})


def parse_password(typed: dict[str, Any], field: str = "password") -> str:
    """Return a password that is to be compared.

    Raises:
        Invalid: none was typed, or it is longer than any password.
    """
    if not typed.get(field):
        raise Invalid({field: [FieldError("required")]})
    return limit_password(typed, field)


def limit_password(typed: dict[str, Any], field: str = "password") -> str:
    """Return a password that an account may do without; empty if none was typed.

    Raises:
        Invalid: it is longer than any password (CVE-2013-1443).
    """
    password: str = typed.get(field, "")
    if len(password.encode(errors="replace")) > passwords.MAX_BYTES:
        raise Invalid({field: [FieldError("password_too_long")]})
    return password
