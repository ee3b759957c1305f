"""`/api/auth/keys…`: the API keys of the signed-in person (personal access tokens)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from vestibule.applications.api_keys import DEFAULT_LIFE, LONGEST_LIFE, LONGEST_NAME
from vestibule.applications.models import ApiKey
from vestibule.applications.scopes import split_scope
from vestibule.flows.account import api_keys
from vestibule.web.api.parsing import RequestBody, Text, WholeNumber, read_body
from vestibule.web.api.passwords import ENROLLED_CODES
from vestibule.web.api.response import Response
from vestibule.web.api.schema import answer_example, body_example, response_schemas
from vestibule.web.api.times import UtcDateTimeField
from vestibule.web.api.view import ApiView

_TAG = ["API keys"]
_SHOWN = {
    "id": "0196f2a4-5c1e-7a3b-9d55-1f0a6b7c8d9e",
    "name": "Backup script",
    "scopes": ["profile"],
    "hint": "4Zq1",
    "created_at": "2026-03-01T12:00:00Z",
    "expires_at": "2026-05-30T12:00:00Z",
    "last_used_at": None,
}


class NewKey(RequestBody):
    """What a key is called, what it is for, and how long it lives."""

    name = Text(allow_blank=False, help_text=f"At most {LONGEST_NAME} characters.")
    scopes = serializers.ListField(
        child=Text(allow_blank=False),
        required=False,
        default=list,
        help_text="For the APIs that receive the key: `openid`, `profile`, `email`, `phone`, and `OAUTH_SCOPES`.",
    )
    expires_in = WholeNumber(
        required=False,
        default=int(DEFAULT_LIFE.total_seconds()),
        min_value=1,
        max_value=int(LONGEST_LIFE.total_seconds()),
        help_text=f"Seconds; at most {LONGEST_LIFE.days} days.",
    )


class KeyShown(serializers.Serializer[object]):
    """A key, without itself."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    scopes = serializers.SerializerMethodField()
    hint = serializers.CharField(help_text="The last four characters of the key.")
    created_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()
    last_used_at = UtcDateTimeField(allow_null=True, help_text="To the minute.")

    def get_scopes(self, row: ApiKey) -> list[str]:
        """Return them one by one."""
        return split_scope(row.scope)


class KeyMade(KeyShown):
    """A new key, with itself."""

    key = serializers.CharField(help_text="`vst_…`: shown once.")


class OwnKeys(ApiView):
    """The own API keys."""

    @extend_schema(
        operation_id="keys",
        summary="List the API keys",
        tags=_TAG,
        responses=response_schemas(200, KeyShown(many=True), *ENROLLED_CODES, body=False),
        examples=[answer_example("one", _SHOWN)],
    )
    def get(self, request: Request) -> Response:
        """List those that have not expired, newest first."""
        return Response(KeyShown(api_keys.list_own_keys(client=self.admit_bearer()), many=True).data)

    @extend_schema(
        operation_id="key_create",
        summary="Make an API key",
        tags=_TAG,
        request=NewKey,
        responses=response_schemas(201, KeyMade, *ENROLLED_CODES, "reauthentication_required"),
        examples=[
            body_example("a key", {"name": "Backup script", "scopes": ["profile"], "expires_in": 7776000}),
            answer_example("made", {**_SHOWN, "key": "vst_…"}, 201),
        ],
    )
    def post(self, request: Request) -> Response:
        """Make a key for a program of your own: the APIs of this house and the check of its proxies take it as bearer.
        It opens nothing under `/api/auth`. Its person is told by mail. Needs a sign-in of the last ten minutes."""
        client = self.admit_bearer()
        typed = read_body(NewKey, request)
        made = api_keys.create_key(
            client=client,
            name=typed["name"],
            scopes=typed["scopes"],
            lives_for=timedelta(seconds=typed["expires_in"]),
        )
        body: dict[str, Any] = {**KeyShown(made.row).data, "key": made.key}
        return Response(body, status=201)


class ManageKey(ApiView):
    """One of the own API keys."""

    @extend_schema(
        operation_id="key_remove",
        summary="Remove an API key",
        tags=_TAG,
        responses=response_schemas(204, None, *ENROLLED_CODES, "not_found", body=False),
    )
    def delete(self, request: Request, id: UUID) -> Response:
        """Remove it: the next request with it is refused. Its person is told by mail."""
        api_keys.remove_key(client=self.admit_bearer(), id=id)
        return Response(status=204)
