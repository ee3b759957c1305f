"""HOL-29: what gives a session more than it had wants a sign-in of the last ten minutes; what only takes away does not,
for whoever finds a stranger inside has no time to lose."""

from datetime import UTC, datetime

import pytest
from time_machine import travel

from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.models import User
from vestibule.sessions.models import Device, Session

ADA = "ada@example.com"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("fresh", [False, True])
def test_hol_29_a_name_and_trust_want_a_recent_sign_in(api: Api, inbox: Inbox, fresh: bool) -> None:
    with travel(NOON, tick=False) as clock:
        api.account(inbox, ADA)
        device = {"fingerprint_hash": "of my phone", "device_name": "My phone"}
        refresh = api.login(ADA, device=device).body["refresh"]
        clock.shift(601)
        access = api.post("token/refresh", {"refresh": refresh}).body["access"]
        if fresh:
            access = api.send("POST", "reauthenticate", access, {"password": PASSWORD}).body["access"]
        [path] = [f"devices/{each.pk}" for each in Device.objects.all()]
        for asked, body in ((path, {"is_trusted": True}), ("me", {"username": "ada"})):
            reply = api.send("PATCH", asked, access, body)
            assert (reply.status, reply.code) == ((200, "") if fresh else (403, "reauthentication_required"))
        assert (User.objects.get().username == "ada", Device.objects.get().is_trusted) == (fresh, fresh)
        assert api.send("PATCH", path, access, {"name": "Another name"}).status == 200
        assert api.send("DELETE", path, access).status == 204
        if not fresh:  # to forget the device has ended its sessions
            assert api.send("GET", "me", access).code == "session_revoked"
        refresh = api.login(ADA).body["refresh"]
        clock.shift(601)
        other = api.post("token/refresh", {"refresh": refresh}).body["access"]
        assert api.send("POST", "logout/all", other).status == 204
        assert not Session.objects.filter(revoked_at=None).exists()
