"""`/api/auth/login`, `/api/auth/reauthenticate`: sign in with a password, and prove again who it is."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from vestibule.accounts import passwords
from vestibule.accounts.identifiers import LoginName
from vestibule.factors.registry import Method
from vestibule.flows.sign_in import by_password
from vestibule.flows.sign_in.reauthentication import reauthenticate
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.limits import rules
from vestibule.sessions import access_tokens, devices
from vestibule.web.api.parsing import Captcha, Credential, RequestBody, Text, read_body
from vestibule.web.api.registration import PERSON_EXAMPLE, DeviceFacts
from vestibule.web.api.response import Response
from vestibule.web.api.schema import CAPTCHA_CODES, TOKEN_TYPES, answer_example, response_schemas
from vestibule.web.api.second_factor import METHODS, EnteredSchema, read_secret, serialize_entered
from vestibule.web.api.tokens import TOKENS_EXAMPLE
from vestibule.web.api.view import ApiView

_TAG = ["Signing in"]
_LOGIN_NAMES = ("email", "username", "phone_number")


class LoginRequest(RequestBody):
    """One name, and the password."""

    alternatives = tuple((name,) for name in _LOGIN_NAMES)

    email = Text(required=False)
    username = Text(required=False)
    phone_number = Text(required=False)
    password = Text(max_length=4096)
    device = DeviceFacts(required=False)
    remembered_device = Text(required=False, max_length=200, help_text="As `login/mfa` returned it.")
    captcha = Captcha()


class Proof(RequestBody):
    """The password again; or, for an account that has a second factor, that factor."""

    alternatives = (("password",), ("method", "code"), ("method", "credential"))

    password = Text(required=False, max_length=4096)
    method = serializers.ChoiceField(choices=METHODS, required=False)
    code = Text(required=False, max_length=200, help_text="For every method but `passkey`.")
    credential = Credential(required=False, help_text="An assertion (`login/passkey/options`).")


class FreshAccess(serializers.Serializer[object]):
    """An access token whose `auth_time` is now."""

    access = serializers.CharField()
    token_type = serializers.ChoiceField(TOKEN_TYPES)
    expires_in = serializers.IntegerField()


class Login(ApiView):
    """Sign in."""

    @extend_schema(
        operation_id="login",
        summary="Sign in with a password",
        tags=_TAG,
        request=LoginRequest,
        responses=response_schemas(
            200,
            EnteredSchema,
            "invalid_credentials",
            "account_unverified",
            "account_suspended",
            "locked",
            *CAPTCHA_CODES,
        ),
        examples=[
            OpenApiExample(
                "by email",
                value={"email": "ada@example.com", "password": "correct horse battery staple"},
                request_only=True,
            ),
            answer_example("signed in", {**TOKENS_EXAMPLE, "user": PERSON_EXAMPLE}),
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
        entered = by_password.sign_in_by_password(
            client=client,
            name=LoginName.parse_as(kind, typed[kind]),
            password=password,
            device_claims=said,
            remembered=typed.get("remembered_device", ""),
        )
        return Response(serialize_entered(entered))


class Reauthenticate(ApiView):
    """Prove again who it is."""

    open_before_enrolment = True

    @extend_schema(
        operation_id="reauthenticate",
        summary="Prove again who you are",
        tags=_TAG,
        request=Proof,
        responses=response_schemas(
            200,
            FreshAccess,
            "not_authenticated",
            "token_expired",
            "session_revoked",
            "invalid_credentials",
            "mfa_invalid",
            "locked",
        ),
    )
    def post(self, request: Request) -> Response:
        """For ten minutes the new access token, and those refreshed from it, can change what guards the account. The
        token that asked gains nothing."""
        client = self.admit_bearer()
        typed = read_body(Proof, request)
        if method := typed.get("method"):
            session = reauthenticate(client=client, method=Method(method), secret=read_secret(typed))
        else:
            session = reauthenticate(client=client, password=parse_password(typed))
        token, expires_in = access_tokens.issue_token(session, client.at), access_tokens.lifetime_seconds()
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
