"""The limit lines of a server: an empty DRF view, and one with a single SELECT by primary key."""

from django.db import connection
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Empty(APIView):
    """Nothing."""

    def get(self, request: Request) -> Response:
        """One word."""
        return Response({"status": "alive"})


class OneSelect(APIView):
    """One row."""

    def get(self, request: Request) -> Response:
        """A user, by primary key."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, email FROM vestibule_user WHERE id = %s", [request.query_params["id"]])
            row = cursor.fetchone()
        return Response({"email": row and row[1]})


urlpatterns = [path("empty", Empty.as_view()), path("select", OneSelect.as_view())]
