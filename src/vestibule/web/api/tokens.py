"""`/api/auth/token/…` and `/api/auth/logout`: refresh a session, and sign out."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from vestibule.flows.sign_in import sessions
from vestibule.kernel.errors import SessionRevoked
from vestibule.limits import rules
from vestibule.sessions import access_tokens
from vestibule.sessions.refresh_tokens import IssuedTokens
from vestibule.web.api.operation_schema import NO_TOKEN, TOKEN_OR_NONE
from vestibule.web.api.parsing import RequestBody, Text, read_body
from vestibule.web.api.response import Response
from vestibule.web.api.schema import TOKEN_TYPES, answer_example, body_example, response_schemas
from vestibule.web.api.view import ApiView

_TOKEN_CODES = ("not_authenticated", "token_expired", "session_revoked")


TOKENS_EXAMPLE = {"access": "eyJhbGciOiJFUzI1NiIs…", "refresh": "s2Zb…", "token_type": "Bearer", "expires_in": 600}


class RefreshToken(RequestBody):
    """A refresh token."""

    refresh = Text(allow_blank=False, max_length=None)


class TokenPair(serializers.Serializer[object]):
    """The next tokens; `expires_in` is the life of the access token in seconds."""

    access = serializers.CharField()
    refresh = serializers.CharField()
    token_type = serializers.ChoiceField(TOKEN_TYPES)
    expires_in = serializers.IntegerField()


def serialize_tokens(tokens: IssuedTokens) -> dict[str, str | int]:
    """Return the tokens in the form that every response with a session has."""
    return {
        "access": tokens.access,
        "refresh": tokens.refresh,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
    }


class AccessToken(RequestBody):
    """An access token."""

    token = Text(allow_blank=False, max_length=None)


class ActiveToken(serializers.Serializer[object]):
    """A valid token, with all of its claims."""

    active = serializers.BooleanField()
    sub = serializers.UUIDField()
    sid = serializers.UUIDField()
    exp = serializers.IntegerField()


class SignOut(RequestBody):
    """The refresh token that names the session, if no access token does."""

    may_be_absent = True

    refresh = Text(required=False, max_length=None)


class RotateRefreshToken(ApiView):
    """Rotate a refresh token."""

    openapi_security = NO_TOKEN  # it comes in the body

    @extend_schema(
        operation_id="token_refresh",
        summary="Refresh the tokens",
        tags=["Sessions"],
        request=RefreshToken,
        responses=response_schemas(200, TokenPair, *_TOKEN_CODES),
        examples=[body_example("the newest", {"refresh": "s2Zb…"}), answer_example("the next", TOKENS_EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        """Get new tokens. Each refresh token works once; within ten seconds a second use returns the same successor,
        later it ends the session."""
        typed = read_body(RefreshToken, request)
        client = self.admit(rules.TOKEN)
        return Response(serialize_tokens(sessions.refresh_session(client=client, token=typed["refresh"])))


class VerifyAccessToken(ApiView):
    """Ask about an access token."""

    openapi_security = NO_TOKEN  # it comes in the body

    @extend_schema(
        operation_id="token_verify",
        summary="Verify an access token",
        tags=["Sessions"],
        request=AccessToken,
        responses=response_schemas(200, ActiveToken, *_TOKEN_CODES),
        examples=[body_example("a token", {"token": "eyJhbGciOiJFUzI1NiIs…"})],
    )
    def post(self, request: Request) -> Response:
        """Return its claims, if it is valid: signed by us, not expired, its session live."""
        typed = read_body(AccessToken, request)
        client = self.admit(rules.TOKEN)
        claims = access_tokens.verify_token(typed["token"], client.at)
        access_tokens.find_live_session(claims, client.at)
        return Response({"active": True, **claims})


class Logout(ApiView):
    """End this session."""

    open_before_enrolment = True
    openapi_security = TOKEN_OR_NONE

    @extend_schema(
        operation_id="logout",
        summary="Sign out",
        tags=["Sessions"],
        request=SignOut,
        responses=response_schemas(204, None, *_TOKEN_CODES),
    )
    def post(self, request: Request) -> Response:
        """End the session of the bearer token, or else of the `refresh` token; twice is no error."""
        typed = read_body(SignOut, request)
        if typed.get("refresh") and not request.headers.get("Authorization"):
            sessions.sign_out(client=self.admit(rules.TOKEN), token=typed["refresh"])
            return Response(status=204)
        try:
            client = self.admit_bearer()
        except SessionRevoked:
            return Response(status=204)
        sessions.sign_out(client=client)
        return Response(status=204)


class LogoutAll(ApiView):
    """End every session."""

    open_before_enrolment = True

    @extend_schema(
        operation_id="logout_all",
        summary="Sign out everywhere",
        tags=["Sessions"],
        request=None,
        responses=response_schemas(204, None, *_TOKEN_CODES, body=False),
    )
    def post(self, request: Request) -> Response:
        """End every session of the person, this one too."""
        sessions.sign_out_everywhere(client=self.admit_bearer())
        return Response(status=204)
