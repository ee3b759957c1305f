"""The other side of `bench.openid`: django-oauth-toolkit in a project as `django-admin startproject` writes it, on the
same PostgreSQL, with kept connections."""

import os

os.environ["STACK"] = "production"
import django
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

from tests import environment  # noqa: F401 - first: it starts PostgreSQL
from tests.providers import pem
from vestibule.service.settings.addresses import parse_postgresql_url

SCOPE = "openid"

settings.configure(
    SECRET_KEY="for one measurement",
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    DATABASES={
        "default": {
            **parse_postgresql_url(os.environ["DATABASE_URL"]),
            "ENGINE": "django.db.backends.postgresql",
            "CONN_MAX_AGE": 600,
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": pem(rsa.generate_private_key(65537, 2048)),
        "PKCE_REQUIRED": True,
        "SCOPES": {SCOPE: "who"},
    },
)
django.setup()

from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from oauth2_provider.models import Application

from bench.openid import CALLBACK, HASHED, PLAIN, PUBLIC, Provider, measure, secret_of

urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]


def create_application(client_id: str) -> None:
    """An application whose people are asked for no consent."""
    Application.objects.create(
        client_id=client_id,
        client_secret="" if client_id == PUBLIC else secret_of(client_id),
        hash_client_secret=client_id == HASHED,
        client_type="public" if client_id == PUBLIC else "confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=CALLBACK,
        skip_authorization=True,
        algorithm="RS256",
    )


def main() -> None:
    """Play one round."""
    call_command("migrate", verbosity=0)
    for client_id in (PUBLIC, PLAIN, HASHED):
        create_application(client_id)
    browser, factory = Client(), RequestFactory()
    browser.force_login(User.objects.create(username="ada"))  # type: ignore[arg-type]  # Django's own, in this project
    factory.cookies = browser.cookies
    application = get_wsgi_application()
    measure(Provider(application=application, path="/o/{}/", scope=SCOPE, browser=factory))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
