"""`/api/admin/…`: people, their sessions and the audit log, for the staff; and what the staff may do to an account."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vestibule.accounts import directory
from vestibule.accounts.models import Role, Status, User
from vestibule.flows import audit_log, people, roles, silence, support
from vestibule.flows.audit_log import Filter
from vestibule.skins.api.bearer import admit_bearer
from vestibule.skins.api.parsing import Body, Text, read
from vestibule.skins.api.passwords import SIGNED_IN
from vestibule.skins.api.people import Person
from vestibule.skins.api.schema import answers
from vestibule.skins.api.sessions import SessionShown

_TAG = ["Admin"]
_STAFF = (*SIGNED_IN, "permission_denied", "reauthentication_required")
_PAGE = OpenApiParameter("page", int, description="From 1.")
_SEARCHED = f"An id, an address or how it begins, a number, a username; {directory.FOUND} people at most."


class PersonShown(Person):
    """A person, as the staff see them."""

    updated_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField(allow_null=True, help_text="When it is erased, where it is closing.")


class People(serializers.Serializer[Any]):
    """A page of them, the newest first."""

    count = serializers.IntegerField(help_text=f"How many match; {people.COUNTED} are counted at most.")
    next = serializers.IntegerField(allow_null=True, help_text="The next `page`.")
    results = PersonShown(many=True)


class EventOfAnybody(serializers.Serializer[Any]):
    """Something that happened."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    name = serializers.CharField()
    code = serializers.CharField()
    actor = serializers.CharField()
    user_id = serializers.UUIDField(allow_null=True)
    by_id = serializers.UUIDField(allow_null=True, help_text="Who did it, where that is somebody else.")
    reason = serializers.CharField()
    address = serializers.IPAddressField(allow_null=True)
    agent = serializers.CharField()
    request_id = serializers.CharField()


class EventsOfAll(serializers.Serializer[Any]):
    """A page of them, newest first."""

    count = serializers.IntegerField(help_text=f"How many match; {audit_log.COUNTED} are counted at most.")
    next = serializers.IntegerField(allow_null=True, help_text="The next `page`.")
    results = EventOfAnybody(many=True)


class PeopleQuery(serializers.Serializer[Any]):
    """What narrows the people."""

    search = serializers.CharField(required=False, default="", allow_blank=True, max_length=254)
    status = serializers.ChoiceField(Status.choices, required=False, default="", allow_blank=True)
    role = serializers.ChoiceField(Role.choices, required=False, default="", allow_blank=True)
    page = serializers.IntegerField(required=False, default=1, min_value=1, max_value=people.COUNTED)


class EventsQuery(serializers.Serializer[Any]):
    """What narrows the events."""

    user_id = serializers.UUIDField(required=False, default=None)
    name = serializers.CharField(required=False, default="", allow_blank=True, max_length=60)
    code = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)
    since = serializers.DateTimeField(required=False, default=None)
    until = serializers.DateTimeField(required=False, default=None)
    page = serializers.IntegerField(required=False, default=1, min_value=1, max_value=audit_log.COUNTED)


class WhyRequest(Body):
    """Why: it stays with the event."""

    reason = Text(max_length=2048)


class RoleRequest(WhyRequest):
    """Which role, and why."""

    role = serializers.ChoiceField(Role.choices)


class Users(APIView):
    """Everybody."""

    @extend_schema(
        operation_id="admin_users",
        tags=_TAG,
        parameters=[
            OpenApiParameter("search", str, description=_SEARCHED),
            OpenApiParameter("status", str, enum=Status.values),
            OpenApiParameter("role", str, enum=Role.values),
            _PAGE,
        ],
        responses=answers(200, People, *_STAFF, "invalid", body=False),
    )
    def get(self, request: Request) -> Response:
        """Find people, fifty a page, the newest first."""
        client = admit_bearer(request)
        asked = _query(PeopleQuery, request)
        count, found = people.find(client=client, **asked)
        following = asked["page"] + 1 if asked["page"] * people.PAGE < count else None
        return Response({"count": count, "next": following, "results": [PersonShown(each).data for each in found]})


class OneUser(APIView):
    """One person."""

    @extend_schema(
        operation_id="admin_user", tags=_TAG, responses=answers(200, PersonShown, *_STAFF, "not_found", body=False)
    )
    def get(self, request: Request, id: UUID) -> Response:
        """The account."""
        return Response(PersonShown(people.show(client=admit_bearer(request), user_id=id).user).data)


class SessionsOfUser(APIView):
    """Where a person is signed in."""

    @extend_schema(
        operation_id="admin_user_sessions",
        tags=_TAG,
        responses=answers(200, SessionShown(many=True), *_STAFF, "not_found", body=False),
    )
    def get(self, request: Request, id: UUID) -> Response:
        """Every session that counts, newest first."""
        client = admit_bearer(request)
        found = people.show(client=client, user_id=id).sessions
        return Response(SessionShown(found, many=True, context={"client": client}).data)


class EventsOfEverybody(APIView):
    """The audit log."""

    @extend_schema(
        operation_id="admin_events",
        tags=_TAG,
        parameters=[
            OpenApiParameter("user_id", UUID, description="What happened to a person, and what they did to others."),
            OpenApiParameter("name", str),
            OpenApiParameter("code", str),
            OpenApiParameter("since", str, description="RFC 3339; included."),
            OpenApiParameter("until", str, description="RFC 3339; not included."),
            _PAGE,
        ],
        responses=answers(200, EventsOfAll, *_STAFF, "invalid", body=False),
    )
    def get(self, request: Request) -> Response:
        """What happened, fifty events a page, newest first."""
        client = admit_bearer(request)
        asked = _query(EventsQuery, request)
        page = asked.pop("page")
        count, found = audit_log.show(client=client, which=Filter(**asked), page=page)
        following = page + 1 if page * audit_log.PAGE < count else None
        return Response({"count": count, "next": following, "results": EventOfAnybody(found, many=True).data})


def _act(name: str, words: str, flow: Callable[..., User], *codes: str) -> type[APIView]:
    """The endpoint of one act: the reason goes in, the account comes out."""

    class Act(APIView):
        """What the staff may do to an account."""

        @extend_schema(
            operation_id=f"admin_{name}",
            tags=_TAG,
            description=f"{words} Needs a sign-in of the last ten minutes; the reason stays with the event.",
            request=WhyRequest,
            responses=answers(200, PersonShown, *_STAFF, "not_found", *codes),
        )
        def post(self, request: Request, id: UUID) -> Response:
            """Do it."""
            client = admit_bearer(request)
            why = read(WhyRequest, request)["reason"]
            return Response(PersonShown(flow(client=client, user_id=id, reason=why)).data)

    return Act


Suspend = _act("suspend", "Nobody signs in to the account, and its sessions end.", support.suspend)
Reactivate = _act("reactivate", "The person may sign in again.", support.reactivate)
SignOut = _act("sign_out", "Every session of the person ends.", support.sign_out)
Close = _act("close", "Switch the account off; it is erased in 14 days.", support.close)
StartReset = _act("password_reset", "Send the person a link to a new password.", support.start_reset, "throttled")
Resend = _act(
    "resend_verification",
    "Send a sign-up that waits a new link and code.",
    support.resend_verification,
    *("cooldown", "throttled", "otp_expired", "otp_exhausted", "token_used", "locked"),
)

LiftSilence = _act("lift_silence", "Write again to addresses that mail came back from.", silence.lift)


class GiveRole(APIView):
    """Which role a person has."""

    @extend_schema(
        operation_id="admin_role",
        tags=_TAG,
        request=RoleRequest,
        responses=answers(200, PersonShown, *_STAFF, "not_found"),
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Give a role; it counts from the next request on, and the last admin stays one. Needs a sign-in of the last
        ten minutes."""
        client = admit_bearer(request)
        typed = read(RoleRequest, request)
        given = roles.assign(client=client, user_id=id, role=Role(typed["role"]), reason=typed["reason"])
        return Response(PersonShown(given).data)


def _query(kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The parameters of the address. Raises ValidationError."""
    asked = kind(data=request.query_params.dict())
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)
