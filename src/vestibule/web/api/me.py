"""`/api/auth/me…`: the account of the signed-in person."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from vestibule.accounts.fields import PROFILE_FIELDS, USER_FIELDS
from vestibule.flows.account import personal_data, profile
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.limits import rules
from vestibule.web.api.parsing import RequestBody, Text, read_body
from vestibule.web.api.passwords import ENROLLED_CODES, SIGNED_IN_CODES
from vestibule.web.api.people import Myself, serialize_own_account
from vestibule.web.api.response import Response
from vestibule.web.api.schema import LinkToken, response_schemas
from vestibule.web.api.view import ApiView

_TAG = ["The signed-in person"]
_PICTURE_FORM = {
    "type": "object",
    "properties": {"picture": {"type": "string", "format": "binary"}},
    "required": ["picture"],
}


class AboutRequest(RequestBody):
    """What a person tells about themselves."""

    null_clears = True

    personal = PROFILE_FIELDS


@extend_schema_serializer(component_name="AccountChanges")
class ChangeRequest(RequestBody):
    """Only what is sent is changed; an empty value or null removes the field's content."""

    null_clears = True

    personal = tuple(row for row in USER_FIELDS if row.editable)

    phone_number = Text(
        required=False, help_text="Unproved; a proved one is changed by a code, and taken away by null."
    )
    profile = AboutRequest(required=False)


class OwnAccount(ApiView):
    """The own account."""

    open_before_enrolment = True

    @extend_schema(
        operation_id="me",
        summary="Show my account",
        tags=_TAG,
        responses=response_schemas(200, Myself, *SIGNED_IN_CODES, body=False),
    )
    def get(self, request: Request) -> Response:
        """Show user and profile."""
        return Response(serialize_own_account(profile.show_profile(client=self.admit_bearer())))

    @extend_schema(
        operation_id="me_change",
        summary="Change my account and profile",
        tags=_TAG,
        request=ChangeRequest,
        responses=response_schemas(
            200, Myself, *SIGNED_IN_CODES, "reauthentication_required", "username_taken", "last_way_in"
        ),
    )
    def patch(self, request: Request) -> Response:
        """Change user and profile. Role, status and addresses cannot be changed here. Changing the username and
        removing a proved number need a sign-in of the last ten minutes."""
        client = self.admit_bearer()
        return Response(
            serialize_own_account(profile.change_profile(client=client, typed=read_body(ChangeRequest, request)))
        )

    @extend_schema(
        operation_id="me_close",
        summary="Close my account",
        tags=_TAG,
        request=None,
        responses=response_schemas(204, None, *SIGNED_IN_CODES, "reauthentication_required", "invalid", body=False),
    )
    def delete(self, request: Request) -> Response:
        """Close the account: it is off at once and erased in 14 days; a link in the mail undoes it. Needs a sign-in of
        the last ten minutes. The last admin cannot close theirs."""
        personal_data.close_own_account(client=self.admit_bearer())
        return Response(status=204)


class KeepAccount(ApiView):
    """Cancel the closing."""

    @extend_schema(
        operation_id="me_keep",
        summary="Cancel the closing of an account",
        tags=_TAG,
        request=LinkToken,
        responses=response_schemas(204, None, "token_invalid", "link_expired", "token_used", "locked"),
    )
    def post(self, request: Request) -> Response:
        """Use the token of the link in the mail."""
        token = read_body(LinkToken, request)["token"]
        personal_data.cancel_account_closing(client=self.admit(rules.PASSWORD_RESET_CONFIRM), token=token)
        return Response(status=204)


class OwnPicture(ApiView):
    """The own picture."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="me_picture",
        summary="Upload my picture",
        tags=_TAG,
        request={"multipart/form-data": _PICTURE_FORM},
        responses=response_schemas(
            200, Myself, *ENROLLED_CODES, "invalid", "body_too_large", "unsupported_media_type", body=False
        ),
    )
    def put(self, request: Request) -> Response:
        """Upload JPEG, PNG, WebP or GIF, 5 MB at most, as `picture`. It is stored as WebP of 512 pixels, without
        metadata."""
        client = self.admit_bearer()
        uploaded = request.FILES.get("picture")
        if uploaded is None:
            raise Invalid({"picture": [FieldError("required")]})
        return Response(serialize_own_account(profile.set_picture(client=client, uploaded=uploaded.read())))

    @extend_schema(
        operation_id="me_picture_remove",
        summary="Remove my picture",
        tags=_TAG,
        responses=response_schemas(204, None, *ENROLLED_CODES, body=False),
    )
    def delete(self, request: Request) -> Response:
        """Remove the picture."""
        profile.remove_picture(client=self.admit_bearer())
        return Response(status=204)


class ExportAccount(ApiView):
    """All data that is kept about the person."""

    @extend_schema(
        operation_id="me_export",
        summary="Export my data",
        tags=_TAG,
        responses=response_schemas(200, OpenApiTypes.OBJECT, *ENROLLED_CODES, "reauthentication_required", body=False),
    )
    def get(self, request: Request) -> Response:
        """Export it by table. Needs a sign-in of the last ten minutes."""
        body = personal_data.export_personal_data(client=self.admit_bearer())
        return Response(body, headers={"Content-Disposition": 'attachment; filename="account.json"'})
