"""A Django project of one file: the OpenID provider of django-oauth-toolkit, with PKCE required. `python -m
tests.toolkit_service PORT CALLBACK` serves it to one client; whoever comes is signed in as Ada."""

import sys
from collections.abc import Callable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from tests.providers import CLIENT_ID, SECRET, Person, pem

urlpatterns: list[Any] = []
ADA = Person()


class Silent(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def as_ada(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The middleware that signs everybody in."""

    def answer(request: HttpRequest) -> HttpResponse:
        from django.contrib.auth.models import User  # noqa: PLC0415 - it exists once Django is set up

        request.user = User.objects.get()  # type: ignore[assignment]  # Django's own, in this project
        return get_response(request)

    return answer


def configure(port: str) -> None:
    """The settings."""
    settings.configure(
        SECRET_KEY="of a test",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
        MIDDLEWARE=[f"{__name__}.as_ada"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        MIGRATION_MODULES={"auth": None, "contenttypes": None, "oauth2_provider": None},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": pem(rsa.generate_private_key(65537, 2048)),
            "OIDC_ISS_ENDPOINT": f"http://127.0.0.1:{port}/o",
            "OAUTH2_VALIDATOR_CLASS": "tests.toolkit_validator.Validator",
            "PKCE_REQUIRED": True,
            "SCOPES": {"openid": "who", "email": "address", "profile": "name"},
        },
    )


def fill(callback: str) -> None:
    """One person, one client."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - as above
    from oauth2_provider.models import Application  # noqa: PLC0415

    call_command("migrate", verbosity=0, run_syncdb=True)
    User.objects.create(username=ADA.sub, email=ADA.email or "", first_name=ADA.name)
    Application.objects.create(
        client_id=CLIENT_ID,
        client_secret=SECRET,
        hash_client_secret=False,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=callback,
        skip_authorization=True,
        algorithm="RS256",
    )


def main(port: str, callback: str) -> None:
    """Serve it."""
    configure(port)
    django.setup()
    urlpatterns.append(path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")))
    fill(callback)
    make_server("127.0.0.1", int(port), get_wsgi_application(), handler_class=Silent).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
