"""`/api/admin/applications`: the applications that people sign in to from here, for admins."""

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from vestibule.flows.staff import applications
from vestibule.web.api.admin import STAFF_CODES, parse_query
from vestibule.web.api.admin_applications_schema import (
    ApplicationChanges,
    ApplicationDetailsShown,
    ApplicationRequest,
    Applications,
    ApplicationShown,
    ApplicationsQuery,
    NewApplicationShown,
    NewSecretShown,
    SecretShown,
    serialize_application,
)
from vestibule.web.api.parsing import read_body
from vestibule.web.api.response import Response
from vestibule.web.api.schema import response_schemas
from vestibule.web.api.view import ApiView

_TAG = ["Admin"]


class ManageApplications(ApiView):
    """All applications."""

    @extend_schema(
        operation_id="admin_applications",
        summary="List applications",
        tags=_TAG,
        parameters=[OpenApiParameter("page", int, description="From 1.")],
        responses=response_schemas(200, Applications, *STAFF_CODES, "invalid", body=False),
    )
    def get(self, request: Request) -> Response:
        """List them, fifty a page, newest first."""
        client = self.admit_bearer()
        page = parse_query(ApplicationsQuery, request)["page"]
        count, found = applications.find_applications(client=client, page=page)
        following = page + 1 if page * applications.APPLICATIONS_PER_PAGE < count else None
        return Response({"count": count, "next": following, "results": ApplicationShown(found, many=True).data})

    @extend_schema(
        operation_id="admin_application_create",
        summary="Register an application",
        tags=_TAG,
        request=ApplicationRequest,
        responses=response_schemas(201, NewApplicationShown, *STAFF_CODES),
    )
    def post(self, request: Request) -> Response:
        """Make one; its secret is shown this once. Needs a sign-in of the last ten minutes."""
        client = self.admit_bearer()
        made = applications.create_application(client=client, declared=read_body(ApplicationRequest, request))
        return Response(serialize_application(made), status=201)


class ManageApplication(ApiView):
    """One application."""

    @extend_schema(
        operation_id="admin_application",
        summary="Show an application",
        tags=_TAG,
        responses=response_schemas(200, ApplicationDetailsShown, *STAFF_CODES, "not_found", body=False),
    )
    def get(self, request: Request, client_id: str) -> Response:
        """Show what it declares, and how its secrets end."""
        client = self.admit_bearer()
        return Response(serialize_application(applications.show_application(client=client, client_id=client_id)))

    @extend_schema(
        operation_id="admin_application_change",
        summary="Change an application",
        tags=_TAG,
        request=ApplicationChanges,
        responses=response_schemas(200, ApplicationDetailsShown, *STAFF_CODES, "not_found"),
    )
    def patch(self, request: Request, client_id: str) -> Response:
        """Change what is named. Needs a sign-in of the last ten minutes."""
        client = self.admit_bearer()
        changes = read_body(ApplicationChanges, request)
        changed = applications.change_application(client=client, client_id=client_id, changes=changes)
        return Response(serialize_application(changed))

    @extend_schema(
        operation_id="admin_application_remove",
        summary="Remove an application",
        tags=_TAG,
        responses=response_schemas(204, None, *STAFF_CODES, "not_found", "invalid", body=False),
    )
    def delete(self, request: Request, client_id: str) -> Response:
        """Remove it; whatever it was granted ends at the next request. Needs a sign-in of the last ten minutes."""
        applications.remove_application(client=self.admit_bearer(), client_id=client_id)
        return Response(status=204)


class CreateSecret(ApiView):
    """The secrets of an application."""

    @extend_schema(
        operation_id="admin_application_secret_create",
        summary="Make another secret for an application",
        tags=_TAG,
        request=None,
        responses=response_schemas(201, NewSecretShown, *STAFF_CODES, "not_found", "invalid", body=False),
    )
    def post(self, request: Request, client_id: str) -> Response:
        """Make one more, which is shown this once; the older ones count until they are removed. Needs a sign-in of the
        last ten minutes."""
        made = applications.create_secret(client=self.admit_bearer(), client_id=client_id)
        return Response({**SecretShown(made.row).data, "client_secret": made.secret}, status=201)


class RemoveSecret(ApiView):
    """One secret of an application."""

    @extend_schema(
        operation_id="admin_application_secret_remove",
        summary="Remove a secret of an application",
        tags=_TAG,
        responses=response_schemas(204, None, *STAFF_CODES, "not_found", "invalid", body=False),
    )
    def delete(self, request: Request, client_id: str, id: UUID) -> Response:
        """Remove it; it counts no more. Needs a sign-in of the last ten minutes."""
        applications.remove_secret(client=self.admit_bearer(), client_id=client_id, secret_id=id)
        return Response(status=204)
