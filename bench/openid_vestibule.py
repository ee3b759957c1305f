"""Our side of `bench.openid`: the production shape, without limits of rates."""

import io
import logging
import os

os.environ["STACK"] = "production"
import django

from tests import environment  # noqa: F401 - first: Django reads the environment once

django.setup()

from django.core.management import call_command
from django.test import RequestFactory
from django.utils import timezone

from bench.openid import CALLBACK, HASHED, PLAIN, PUBLIC, Provider, measure, secret_of
from tests import hashes
from tests.browsing import Browser
from tests.world import PASSWORD, Api, Inbox, Smtp, serve_smtp
from vestibule.applications.client_secrets import digest_secret
from vestibule.applications.models import Application, ApplicationSecret
from vestibule.service.wsgi import application

ADA, SCOPE = "ada@example.com", "openid offline_access"


def create_application(client_id: str) -> None:
    """A first-party application; a public one has no secret."""
    made = Application.objects.create(
        client_id=client_id,
        name=client_id,
        type="spa" if client_id == PUBLIC else "web",
        is_first_party=True,
        redirect_uris=[CALLBACK],
        grant_types=["authorization_code", "refresh_token"],
        scope=SCOPE,
        token_endpoint_auth_method="none" if client_id == PUBLIC else "client_secret_basic",
        id_token_signed_response_alg="RS256",  # as the toolkit's
        created_at=timezone.now(),
    )
    if client_id != PUBLIC:
        digest = digest_secret(secret_of(client_id))
        ApplicationSecret.objects.create(application=made, digest=digest, hint="", created_at=timezone.now())


def sign_in() -> RequestFactory:
    """Ada's browser, once she has signed up and in."""
    smtp = Smtp()
    served = serve_smtp(smtp, int(os.environ["EMAIL_PORT"]))
    next(served)
    Api().account(Inbox(smtp), ADA)
    next(served, None)  # no mail comes any more
    browser = Browser().open("/login/").submit("/login/", name=ADA, password=PASSWORD)
    assert browser.is_inside, browser.text
    factory = RequestFactory()
    factory.cookies = browser.http.cookies
    return factory


def main() -> None:
    """Play one round."""
    hashes.cheapen()  # the person's password is no part of this
    call_command("migrate", verbosity=0)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(io.StringIO())  # lines are written, and read by nobody
    for client_id in (PUBLIC, PLAIN, HASHED):
        create_application(client_id)
    measure(Provider(application=application, path="/oauth/{}", scope=SCOPE, browser=sign_in()))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
