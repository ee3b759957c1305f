"""Our access tokens at a stock DRF service with djangorestframework-simplejwt: accepted by the published keys alone."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import jwt
from django.core.management import call_command
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from time_machine import travel

from tests.configured import configured
from tests.world import Api, Inbox
from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.sessions import signing_keys
from vestibule.sessions.models import SigningKey


def asked(live_server: LiveServer, *tokens: str) -> list[list[Any]]:
    """What the service answers for each."""
    told = {"jwk_url": f"{live_server.url}/.well-known/jwks.json", "tokens": tokens}
    told |= {"issuer": conf.jwt_issuer, "audience": conf.jwt_audience}
    found = subprocess.run(
        [sys.executable, Path(__file__).with_name("stock_service.py")],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answers: list[list[Any]] = json.loads(found.stdout)
    return answers


def altered(token: str) -> str:
    """The same with another signature."""
    head, payload, signature = token.split(".")
    return ".".join((head, payload, ("A" if signature[0] != "A" else "B") + signature[1:]))


def test_a_stock_service_takes_our_tokens_before_and_after_the_keys_rotate(
    api: Api, inbox: Inbox, live_server: LiveServer
) -> None:
    token = api.account(inbox, "ada@example.com")
    refresh = api.login("ada@example.com").body["refresh"]
    user_id = str(User.objects.get().pk)
    with configured(JWT_AUDIENCE="https://another.example"):
        elsewhere = api.login("ada@example.com").body["access"]
    with travel("2026-03-01T12:00:00Z", tick=False):
        expired = api.account(inbox, "bob@example.com")
    good, *bad = asked(live_server, token, altered(token), elsewhere, expired, refresh)
    assert good == [200, user_id]
    assert [status for status, _ in bad] == [401] * 4
    old, _ = signing_keys.current_signing_key(timezone.now())
    known = set(SigningKey.objects.values_list("pk", flat=True))
    call_command("rotate_keys", stdout=StringIO())
    SigningKey.objects.exclude(pk__in=known).update(signs_at=timezone.now())  # ten minutes later
    later = api.login("ada@example.com").body["access"]
    assert jwt.get_unverified_header(later)["kid"] != old
    assert asked(live_server, token, later) == [[200, user_id]] * 2
