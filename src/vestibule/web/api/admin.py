"""`/api/admin/…`: people, their sessions and the audit log for the staff, and what the staff may do to an account."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from vestibule.accounts import directory
from vestibule.accounts.models import Role, Status, User
from vestibule.flows.staff import audit_log, people, roles, support, suppression
from vestibule.flows.staff.audit_log import EventFilter
from vestibule.web.api.admin_schema import PersonDetailsShown, PersonShown, serialize_details
from vestibule.web.api.parsing import Identifier, RequestBody, Text, read_body
from vestibule.web.api.passwords import ENROLLED_CODES
from vestibule.web.api.response import Response
from vestibule.web.api.schema import response_schemas
from vestibule.web.api.sessions import SessionShown
from vestibule.web.api.times import UtcDateTimeField
from vestibule.web.api.view import ApiView

_TAG = ["Admin"]
STAFF_CODES = (*ENROLLED_CODES, "permission_denied", "reauthentication_required")
_PAGE_PARAMETER = OpenApiParameter("page", int, description="From 1.")
_SEARCH_HELP = (
    f"An id, an address or how it begins, a number, a username; {directory.MAX_SEARCH_RESULTS} people at most."
)


class People(serializers.Serializer[object]):
    """A page of people, newest first."""

    count = serializers.IntegerField(help_text=f"How many match; {people.MAX_COUNTED} are counted at most.")
    next = serializers.IntegerField(allow_null=True, help_text="The next `page`.")
    results = PersonShown(many=True)


class EventOfAnybody(serializers.Serializer[object]):
    """An event of the audit log."""

    id = serializers.IntegerField()
    at = UtcDateTimeField()
    name = serializers.CharField()
    code = serializers.CharField()
    actor = serializers.CharField()
    user_id = serializers.UUIDField(allow_null=True)
    by_id = serializers.UUIDField(allow_null=True, help_text="Who did it, where that is somebody else.")
    reason = serializers.CharField()
    application = serializers.CharField(help_text="The client id of the application concerned, if there is one.")
    address = serializers.IPAddressField(allow_null=True)
    agent = serializers.CharField()
    request_id = serializers.CharField()


class EventsOfAll(serializers.Serializer[object]):
    """A page of events, newest first."""

    count = serializers.IntegerField(help_text=f"How many match; {audit_log.MAX_COUNTED} are counted at most.")
    next = serializers.IntegerField(allow_null=True, help_text="The next `page`.")
    results = EventOfAnybody(many=True)


class PeopleQuery(serializers.Serializer[object]):
    """The filter for people."""

    search = serializers.CharField(required=False, default="", allow_blank=True, max_length=254)
    status = serializers.ChoiceField(Status.choices, required=False, default="", allow_blank=True)
    role = serializers.ChoiceField(Role.choices, required=False, default="", allow_blank=True)
    page = serializers.IntegerField(required=False, default=1, min_value=1, max_value=people.MAX_COUNTED)


class EventsQuery(serializers.Serializer[object]):
    """The filter for events."""

    user_id = serializers.UUIDField(required=False, default=None)
    name = serializers.CharField(required=False, default="", allow_blank=True, max_length=60)
    code = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)
    since = UtcDateTimeField(required=False, default=None)
    until = UtcDateTimeField(required=False, default=None)
    page = serializers.IntegerField(required=False, default=1, min_value=1, max_value=audit_log.MAX_COUNTED)


class WhyRequest(RequestBody):
    """The reason, which is kept with the event."""

    reason = Text(max_length=2048)


class RoleRequest(WhyRequest):
    """The role, and the reason."""

    role = serializers.ChoiceField(Role.choices)


class UnlinkRequest(WhyRequest):
    """Which identity, or all of them, and the reason."""

    identity = Identifier(required=False, help_text="The `id` of one; without it, every one.")


class ListUsers(ApiView):
    """All people."""

    @extend_schema(
        operation_id="admin_users",
        summary="Find accounts",
        tags=_TAG,
        parameters=[
            OpenApiParameter("search", str, description=_SEARCH_HELP),
            OpenApiParameter("status", str, enum=Status.values),
            OpenApiParameter("role", str, enum=Role.values),
            _PAGE_PARAMETER,
        ],
        responses=response_schemas(200, People, *STAFF_CODES, "invalid", body=False),
    )
    def get(self, request: Request) -> Response:
        """Find people, fifty a page, newest first."""
        client = self.admit_bearer()
        asked = parse_query(PeopleQuery, request)
        count, found = people.find_people(client=client, **asked)
        following = asked["page"] + 1 if asked["page"] * people.PEOPLE_PER_PAGE < count else None
        return Response({"count": count, "next": following, "results": [PersonShown(each).data for each in found]})


class ShowUser(ApiView):
    """One person."""

    @extend_schema(
        operation_id="admin_user",
        summary="Show an account",
        tags=_TAG,
        responses=response_schemas(200, PersonDetailsShown, *STAFF_CODES, "not_found", body=False),
    )
    def get(self, request: Request, id: UUID) -> Response:
        """Show the account, and which second factors and identities it has."""
        return Response(serialize_details(people.show_person(client=self.admit_bearer(), user_id=id)))


class ListUserSessions(ApiView):
    """The sessions of a person."""

    @extend_schema(
        operation_id="admin_user_sessions",
        summary="List the sessions of an account",
        tags=_TAG,
        responses=response_schemas(200, SessionShown(many=True), *STAFF_CODES, "not_found", body=False),
    )
    def get(self, request: Request, id: UUID) -> Response:
        """List every live session, newest first."""
        client = self.admit_bearer()
        found = people.show_person(client=client, user_id=id).sessions
        return Response(SessionShown(found, many=True, context={"client": client}).data)


class ListEvents(ApiView):
    """The audit log."""

    @extend_schema(
        operation_id="admin_events",
        summary="List events of every account",
        tags=_TAG,
        parameters=[
            OpenApiParameter("user_id", UUID, description="What happened to a person, and what they did to others."),
            OpenApiParameter("name", str),
            OpenApiParameter("code", str),
            OpenApiParameter("since", str, description="RFC 3339; included."),
            OpenApiParameter("until", str, description="RFC 3339; not included."),
            _PAGE_PARAMETER,
        ],
        responses=response_schemas(200, EventsOfAll, *STAFF_CODES, "invalid", body=False),
    )
    def get(self, request: Request) -> Response:
        """List events, fifty a page, newest first."""
        client = self.admit_bearer()
        asked = parse_query(EventsQuery, request)
        page = asked.pop("page")
        count, found = audit_log.find_events(client=client, event_filter=EventFilter(**asked), page=page)
        following = page + 1 if page * audit_log.EVENTS_PER_PAGE < count else None
        return Response({"count": count, "next": following, "results": EventOfAnybody(found, many=True).data})


def _make_action_view(
    name: str, summary: str, words: str, flow: Callable[..., User], *codes: str, body: type[WhyRequest] = WhyRequest
) -> type[ApiView]:
    """Make the endpoint of one act: it takes a reason, and what else its body has, and returns the account."""

    class ActionView(ApiView):
        """An act of the staff on an account."""

        @extend_schema(
            operation_id=f"admin_{name}",
            summary=summary,
            tags=_TAG,
            description=f"{words} Needs a sign-in of the last ten minutes; the reason stays with the event.",
            request=body,
            responses=response_schemas(200, PersonShown, *STAFF_CODES, "not_found", *codes),
        )
        def post(self, request: Request, id: UUID) -> Response:
            """Do it."""
            client = self.admit_bearer()
            return Response(PersonShown(flow(client=client, user_id=id, **read_body(body, request))).data)

    return ActionView


SuspendUser = _make_action_view(
    "suspend", "Suspend an account", "Nobody signs in to the account, and its sessions end.", support.suspend_account
)
ReactivateUser = _make_action_view(
    "reactivate", "Reactivate an account", "The person may sign in again.", support.reactivate_account
)
SignOutUser = _make_action_view(
    "sign_out", "End every session of an account", "Every session of the person ends.", support.sign_out_user
)
CloseAccount = _make_action_view(
    "close", "Close an account", "Switch the account off; it is erased in 14 days.", support.close_account
)
StartUserPasswordReset = _make_action_view(
    "password_reset",
    "Send a password reset to an account",
    "Send the person a link to a new password.",
    support.start_password_reset,
    "throttled",
)
ResetUserFactors = _make_action_view(
    "reset_factors",
    "Remove the second factors of an account",
    "Remove every second factor of a person who lost them all, in 24 hours. They are told at once, and can stop it.",
    support.reset_factors,
)
UnlinkUserIdentities = _make_action_view(
    "unlink_identities",
    "Unlink identities of an account",
    "Take off an identity at another provider, or every one, where something else opens the account. The person is "
    "told.",
    support.unlink_identities,
    "last_way_in",
    body=UnlinkRequest,
)
ResendVerification = _make_action_view(
    "resend_verification",
    "Send the verification of an account again",
    "Send a sign-up that waits a new link and code.",
    support.resend_verification,
    *("cooldown", "throttled", "otp_expired", "otp_exhausted", "token_used", "locked"),
)

LiftSuppression = _make_action_view(
    "lift_silence",
    "Write again to the addresses of an account",
    "Write again to addresses that mail came back from.",
    suppression.lift_for_person,
)


class AssignRole(ApiView):
    """The role of a person."""

    @extend_schema(
        operation_id="admin_role",
        summary="Assign a role",
        tags=_TAG,
        request=RoleRequest,
        responses=response_schemas(200, PersonShown, *STAFF_CODES, "not_found"),
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Assign a role; it counts from the next request. The last admin stays one. Needs a sign-in of the last ten
        minutes."""
        client = self.admit_bearer()
        typed = read_body(RoleRequest, request)
        given = roles.assign_role(client=client, user_id=id, role=Role(typed["role"]), reason=typed["reason"])
        return Response(PersonShown(given).data)


def parse_query(kind: type[serializers.Serializer[object]], request: Request) -> dict[str, Any]:
    """Return the query parameters.

    Raises:
        ValidationError: a parameter is malformed.
    """
    asked = kind(data=request.query_params.dict())
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)
