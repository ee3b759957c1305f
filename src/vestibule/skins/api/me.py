"""`/api/auth/me`: the signed-in person."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vestibule.flows import profile
from vestibule.skins.api.bearer import admit_bearer
from vestibule.skins.api.people import Myself
from vestibule.skins.api.schema import answers


class Me(APIView):
    """My account."""

    @extend_schema(
        operation_id="me",
        tags=["The signed-in person"],
        responses=answers(200, Myself, "not_authenticated", "token_expired", "session_revoked", body=False),
    )
    def get(self, request: Request) -> Response:
        """User and profile."""
        return Response(Myself(profile.show(client=admit_bearer(request))).data)
