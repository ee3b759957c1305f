"""While Redis is slow nobody waits for rows that a transaction holds (FLT)."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from redis.connection import AbstractConnection

from tests.attacks.walk import Walk
from tests.environment import PRODUCTION
from tests.world import Inbox
from vestibule.kernel import spans

# Their secret depends on what their transaction holds: whether the message may be sent, which one is the newest, what
# the account needs. The list gets shorter, never longer.
ISSUE_WITH_ROWS_HELD = {
    "account.close",
    "api_keys.create",
    "api_keys.remove",
    "applications.answer_device",
    "email_change.confirm",
    "email_change.start",
    "email_change.undo",
    "identities.link",
    "identities.link_visit",
    "identities.unlink",
    "magic_link.start",
    "passkeys.add",
    "passkeys.remove",
    "password_change.change",
    "password_change.remove",
    "password_reset.invite",
    "password_reset.start",
    "pending_registration.register",
    "phone_change.confirm",
    "phone_change.remove",
    "phone_change.start",
    "registration.redirect",
    "second_factors.confirm_totp",
    "second_factors.remove_totp",
    "second_factors.replace_recovery_codes",
    "sessions.disown",
    "sign_in.reauthenticate",
    "sign_in.second_factor",
    "sign_in.sign_in",
    "sign_in.text_second_factor",
    "social.receive_event",
    "support.reset_factors",
    "support.start_reset",
    "support.unlink_identities",
}


@pytest.mark.skipif(not PRODUCTION, reason="needs Redis")
def test_flt_02_no_row_is_held_while_a_flow_waits_for_redis(
    house: None, inbox: Inbox, printed: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    running: list[str] = []
    found: set[str] = set()
    open_span, send = spans.open_span, AbstractConnection.send_packed_command

    @contextmanager
    def note(name: str, *given: Any, **more: Any) -> Iterator[Any]:
        running.append(name)
        try:
            with open_span(name, *given, **more) as span:
                yield span
        finally:
            running.pop()

    def look(self: AbstractConnection, command: Any, *given: Any, **more: Any) -> Any:
        if connection.in_atomic_block:
            found.add(running[0] if running else "none")
        return send(self, command, *given, **more)  # type: ignore[no-untyped-call]  # theirs

    monkeypatch.setattr(spans, "open_span", note)
    monkeypatch.setattr(AbstractConnection, "send_packed_command", look)
    Walk(inbox, printed).go()
    assert found == ISSUE_WITH_ROWS_HELD
