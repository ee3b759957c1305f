"""`/api/auth/sessions…`, `/devices…`, `/events`: the own sessions, devices and security events."""

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from vestibule.flows.account import devices, personal_data
from vestibule.flows.sign_in import sessions
from vestibule.kernel.client import Client
from vestibule.limits import rules
from vestibule.sessions.models import DeviceType, Session
from vestibule.web.api.parsing import Flag, RequestBody, Text, read_body
from vestibule.web.api.passwords import ENROLLED_CODES
from vestibule.web.api.response import Response
from vestibule.web.api.schema import LinkToken, response_schemas
from vestibule.web.api.times import UtcDateTimeField
from vestibule.web.api.view import ApiView

_TAG = ["Sessions and devices"]
DEVICE_TYPES = (*DeviceType.choices, ("", ""))


class DeviceShown(serializers.Serializer[object]):
    """A device, as claimed and named."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    type = serializers.ChoiceField(choices=DEVICE_TYPES)
    browser = serializers.CharField()
    os = serializers.CharField()
    is_trusted = serializers.BooleanField()
    created_at = UtcDateTimeField()
    last_seen_at = UtcDateTimeField()


class SessionShown(serializers.Serializer[object]):
    """A session of the person."""

    id = serializers.UUIDField()
    current = serializers.SerializerMethodField()
    is_page = serializers.BooleanField(help_text="By a cookie of the hosted pages.")
    address = serializers.IPAddressField(allow_null=True)
    agent = serializers.CharField()
    device = DeviceShown(allow_null=True)
    created_at = UtcDateTimeField()
    last_seen_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()

    def get_current(self, session: Session) -> bool:
        """Return whether this request belongs to it."""
        client: Client = self.context["client"]
        return session.pk == client.session_id


class EventShown(serializers.Serializer[object]):
    """A security event of the account."""

    at = UtcDateTimeField()
    name = serializers.CharField()
    code = serializers.CharField()
    application = serializers.CharField(help_text="The client id of the application concerned, if there is one.")
    address = serializers.IPAddressField(allow_null=True)
    agent = serializers.CharField()


class Events(serializers.Serializer[object]):
    """A page of events, newest first."""

    count = serializers.IntegerField()
    next = serializers.IntegerField(allow_null=True, help_text="The next `page`.")
    results = EventShown(many=True)


class DeviceChange(RequestBody):
    """Only what is sent is changed."""

    name = Text(required=False, max_length=100)
    is_trusted = Flag(required=False)


class ListSessions(ApiView):
    """The own sessions."""

    @extend_schema(
        operation_id="sessions",
        summary="List my sessions",
        tags=_TAG,
        responses=response_schemas(200, SessionShown(many=True), *ENROLLED_CODES, body=False),
    )
    def get(self, request: Request) -> Response:
        """List every live session, newest first."""
        client = self.admit_bearer()
        found = sessions.list_own_sessions(client=client)
        return Response(SessionShown(found, many=True, context={"client": client}).data)


class EndSession(ApiView):
    """One of the own sessions."""

    @extend_schema(
        operation_id="session_end",
        summary="End a session",
        tags=_TAG,
        responses=response_schemas(204, None, *ENROLLED_CODES, "not_found", "reauthentication_required", body=False),
    )
    def delete(self, request: Request, id: UUID) -> Response:
        """End the session; its next request is refused. Ending another session than this one needs a sign-in of the
        last ten minutes."""
        sessions.end_session(client=self.admit_bearer(), id=id)
        return Response(status=204)


class DisownSession(ApiView):
    """This wasn't me."""

    @extend_schema(
        operation_id="session_disown",
        summary="Disown a sign-in",
        tags=_TAG,
        request=LinkToken,
        responses=response_schemas(
            204, None, "token_invalid", "link_expired", "token_used", "email_taken", "phone_taken", "locked"
        ),
    )
    def post(self, request: Request) -> Response:
        """Use the token of the link in the mail. Every session ends, no password opens the account, what was proved
        later is removed, and a closing is cancelled. A reset is sent; if the account is suspended, a notice."""
        token = read_body(LinkToken, request)["token"]
        sessions.disown_sign_in(client=self.admit(rules.PASSWORD_RESET_CONFIRM), token=token)
        return Response(status=204)


class ListDevices(ApiView):
    """The own devices."""

    @extend_schema(
        operation_id="devices",
        summary="List my devices",
        tags=_TAG,
        responses=response_schemas(200, DeviceShown(many=True), *ENROLLED_CODES, body=False),
    )
    def get(self, request: Request) -> Response:
        """List them, last seen first."""
        return Response(DeviceShown(devices.list_own_devices(client=self.admit_bearer()), many=True).data)


class ManageDevice(ApiView):
    """One of the own devices."""

    @extend_schema(
        operation_id="device_change",
        summary="Rename or trust a device",
        tags=_TAG,
        request=DeviceChange,
        responses=response_schemas(200, DeviceShown, *ENROLLED_CODES, "not_found", "reauthentication_required"),
    )
    def patch(self, request: Request, id: UUID) -> Response:
        """Rename the device, or set whether it is trusted. Trusting it needs a sign-in of the last ten minutes."""
        client = self.admit_bearer()
        typed = read_body(DeviceChange, request)
        changed = devices.change_device(
            client=client, id=id, name=typed.get("name"), is_trusted=typed.get("is_trusted")
        )
        return Response(DeviceShown(changed).data)

    @extend_schema(
        operation_id="device_forget",
        summary="Forget a device",
        tags=_TAG,
        responses=response_schemas(204, None, *ENROLLED_CODES, "not_found", body=False),
    )
    def delete(self, request: Request, id: UUID) -> Response:
        """Forget the device, and end its sessions."""
        devices.forget_device(client=self.admit_bearer(), id=id)
        return Response(status=204)


class ListActivity(ApiView):
    """The security events of the account."""

    @extend_schema(
        operation_id="events",
        summary="List my security events",
        tags=_TAG,
        parameters=[OpenApiParameter("page", int, description="From 1.")],
        responses=response_schemas(200, Events, *ENROLLED_CODES, body=False),
    )
    def get(self, request: Request) -> Response:
        """List them, fifty a page, newest first."""
        client = self.admit_bearer()
        typed = request.query_params.get("page", "1")
        page = max(1, int(typed)) if typed.isascii() and typed.isdecimal() and len(typed) < 7 else 1
        found = personal_data.list_security_events(client=client, page=page)
        following = page + 1 if page * personal_data.EVENTS_PER_PAGE < found.count else None
        shown = EventShown(found.events, many=True).data
        return Response({"count": found.count, "next": following, "results": shown})
