"""`/api/auth/applications…`: the applications that a person let in."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from vestibule.flows.applications import consents
from vestibule.flows.applications.consents import AllowedApplication
from vestibule.web.api.passwords import ENROLLED_CODES
from vestibule.web.api.response import Response
from vestibule.web.api.schema import response_schemas
from vestibule.web.api.times import UtcDateTimeField
from vestibule.web.api.view import ApiView

_TAG = ["Applications"]
_EXAMPLE = {
    "client_id": "6f0c9d0e3a5b4c7d8e9f0a1b2c3d4e5f",
    "name": "The Shop",
    "logo_uri": "",
    "scope": ["openid", "email"],
    "allowed_at": "2026-03-01T12:00:00Z",
    "last_used_at": "2026-03-01T12:05:00Z",
}


class AllowedApplicationShown(serializers.Serializer[AllowedApplication]):
    """An application that the person let in."""

    client_id = serializers.CharField(source="application.client_id")
    name = serializers.CharField(source="application.name")
    logo_uri = serializers.CharField(source="application.logo_uri")
    scope = serializers.ListField(child=serializers.CharField(), help_text="What it may ask for.")
    allowed_at = UtcDateTimeField()
    last_used_at = UtcDateTimeField(
        allow_null=True, help_text="When it last used what it holds; null where it holds nothing now."
    )


class AllowedApplications(ApiView):
    """The applications that the person let in."""

    @extend_schema(
        operation_id="applications",
        summary="List the applications that I let in",
        tags=_TAG,
        responses=response_schemas(200, AllowedApplicationShown(many=True), *ENROLLED_CODES, body=False),
        examples=[OpenApiExample("one", value=_EXAMPLE, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request) -> Response:
        """List them, the one let in last first."""
        found = consents.list_allowed_applications(client=self.admit_bearer())
        return Response([AllowedApplicationShown(each).data for each in found])


class WithdrawApplication(ApiView):
    """One application that the person let in."""

    @extend_schema(
        operation_id="application_withdraw",
        summary="Withdraw what an application may have",
        tags=_TAG,
        request=None,
        responses=response_schemas(204, None, *ENROLLED_CODES, "not_found", body=False),
    )
    def delete(self, request: Request, client_id: str) -> Response:
        """End everything that it holds, at the next request; it has to ask again."""
        consents.withdraw_consent(client=self.admit_bearer(), client_id=client_id)
        return Response(status=204)
