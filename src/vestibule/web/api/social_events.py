"""`/api/auth/social/{provider}/events`: what other providers push of their people (RFC 8935; Apple: server-to-server
notifications)."""

from collections.abc import Mapping
from typing import IO, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from vestibule.flows.social_events import receive_event
from vestibule.identities.signed_tokens import MAX_LENGTH, SignedTokenInvalid
from vestibule.limits import rules
from vestibule.web import problems
from vestibule.web.api.parsing import RequestBody, StrictJSONParser, Text, read_body
from vestibule.web.api.response import Response
from vestibule.web.api.schema import response_schemas
from vestibule.web.api.view import ApiView

SECURITY_EVENT_TOKEN = "application/secevent+jwt"  # noqa: S105 - a media type
REFUSALS = ("invalid_request", "invalid_key", "invalid_issuer", "invalid_audience")


class SecurityEventTokenParser(BaseParser):
    """Reads a body that is a security event token (RFC 8935, 2.1)."""

    media_type = SECURITY_EVENT_TOKEN

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the token, a text.

        Raises:
            ParseError: the body is no text in ASCII.
        """
        try:
            return str(stream.read().decode("ascii")).strip()
        except ValueError as error:
            raise ParseError from error


class Notification(RequestBody):
    """Apple's envelope of a signed token."""

    payload = Text(allow_blank=False, max_length=MAX_LENGTH)


class DeliveryRefused(serializers.Serializer[object]):
    """Why a token is not taken (RFC 8935, 2.3)."""

    err = serializers.ChoiceField(REFUSALS)
    description = serializers.CharField()


_REFUSED_EXAMPLE = OpenApiExample(
    "invalid_key",
    value={"err": "invalid_key", "description": "The signature is not the provider's."},
    response_only=True,
)


class ReceiveEvent(ApiView):
    """What a provider tells of a person."""

    parser_classes = (SecurityEventTokenParser, StrictJSONParser)

    @extend_schema(
        operation_id="social_event",
        summary="Take a provider's security events",
        tags=["Other providers"],
        request={SECURITY_EVENT_TOKEN: OpenApiTypes.STR, "application/json": Notification},
        responses=response_schemas(202, None, "not_found")
        | {
            200: OpenApiResponse(description="Taken: the answer to a notification in JSON, as Apple wants it."),
            (400, "application/json"): OpenApiResponse(
                DeliveryRefused, description="The token is not taken.", examples=[_REFUSED_EXAMPLE]
            ),
        },
    )
    def post(self, request: Request, provider: str) -> Response:
        """End what an identity has opened, because its provider says that its account was disabled, its consent taken
        back or its sessions ended. For the providers alone, whose signature says that it is them; where
        `SOCIAL_<NAME>_EVENTS` is on."""
        client = self.admit(rules.SOCIAL_EVENT)
        sent: object = request.data
        token = sent if isinstance(sent, str) else read_body(Notification, request)["payload"]
        try:
            receive_event(client=client, provider=provider, token=token)
        except SignedTokenInvalid as refusal:
            described = problems.build_details(refusal.code)["detail"]
            return Response({"err": refusal.error, "description": described}, status=400)
        return Response(status=202 if isinstance(sent, str) else 200)
