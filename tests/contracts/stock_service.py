"""Somebody else's service: stock Django, DRF and simplejwt, which knows of us nothing but the published keys.

Reads `{"jwk_url", "issuer", "audience", "tokens": […]}` from standard input; prints the status and the user id that its
one view answers for each token.
"""

import json
import sys
from typing import Any

from django.conf import settings

told = json.load(sys.stdin)
settings.configure(
    SECRET_KEY="of somebody else, and long enough for anything",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    },
    SIMPLE_JWT={
        "ALGORITHM": "ES256",
        "JWK_URL": told["jwk_url"],
        "ISSUER": told["issuer"],
        "AUDIENCE": told["audience"],
    },
)

import django

django.setup()

from django.test import Client
from django.urls import path
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response


@api_view(["GET"])
def who(request: Request) -> Response:
    """Whom the token names."""
    return Response({"id": request.user.id})


urlpatterns = [path("who", who)]


def asked(token: str) -> list[Any]:
    """Status and user id for this token."""
    answer = Client().get("/who", headers={"Authorization": f"Bearer {token}"})
    return [answer.status_code, answer.json().get("id")]


sys.stdout.write(json.dumps([asked(token) for token in told["tokens"]]))
