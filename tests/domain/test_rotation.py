"""A refresh token is rotated by one statement exactly where the transaction that it stands for would rotate it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from tests.contracts.stores import NOW
from tests.environment import PRODUCTION
from vestibule.accounts.models import Status, User
from vestibule.conf import conf
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Refusal
from vestibule.sessions import registry, relocation
from vestibule.sessions.models import RefreshToken, Session
from vestibule.sessions.refresh_tokens import (
    IssuedTokens,
    issue_first_tokens,
    rotate_refresh_token,
    rotate_refresh_token_at_once,
)
from vestibule.storage import database
from vestibule.storage.database import atomic

pytestmark = [
    pytest.mark.usefixtures("house"),
    pytest.mark.skipif(not PRODUCTION, reason="a statement of PostgreSQL"),
]

HOME, AWAY = ("192.0.2.1", "Firefox/131.0"), ("198.51.100.7", "curl/8.9.1")
SECOND = timedelta(seconds=1)


def changed(model: type[Any], **values: object) -> Callable[[], object]:
    return lambda: model.objects.update(**values)


# Whatever may be the case, each of one kind apart from the others.
CASES: list[dict[str, Callable[[], object]]] = [
    {
        "live": lambda: None,
        "revoked": changed(Session, revoked_at=NOW),
        "ends now": changed(Session, expires_at=NOW),
        "ends soon": changed(Session, expires_at=NOW + SECOND),
        "of a page": changed(Session, is_page=True, last_seen_at=NOW - conf.page_idle),
    },
    {"active": lambda: None, "suspended": changed(User, status=Status.SUSPENDED)},
    {
        "lasts": lambda: None,
        "too old": changed(RefreshToken, expires_at=NOW),
        "just not": changed(RefreshToken, expires_at=NOW + SECOND),
    },
    {
        "seen long ago": changed(Session, last_seen_at=NOW - registry.SEEN_ONCE_IN),
        "seen just now": changed(Session, last_seen_at=NOW - registry.SEEN_ONCE_IN + SECOND),
    },
]
CLIENTS = (HOME, (AWAY[0], HOME[1]), (HOME[0], AWAY[1]), AWAY)


def signed_in() -> tuple[Session, str]:
    """A session and its first refresh token."""
    user = User.objects.create(email="ada@example.com", status=Status.ACTIVE, email_verified_at=NOW)
    began = Client(at=NOW - timedelta(hours=1), ip_address=HOME[0], user_agent=HOME[1])
    session = registry.create_session(began, user, amr=["pwd"])
    return session, issue_first_tokens(began, session).refresh


def stored() -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What is kept of sessions and of their tokens, but for the numbers of rows."""
    tokens = RefreshToken.objects.order_by("created_at")
    return (
        list(Session.objects.values_list("pk", "last_seen_at", "revoked_at", "elsewhere")),
        list(tokens.values_list("digest", "parent__digest", "session", "created_at", "expires_at")),
    )


def undone(act: Callable[[], object]) -> tuple[Any, Any]:
    """What it returned and left, if it was not undone."""
    with atomic():
        try:
            result = act()
        except Refusal as refusal:
            result = refusal
        left = stored()
        database.connection().set_rollback(True)
    return result, left


def plainly(client: Client, token: str) -> IssuedTokens | None:
    """The tokens, where the session has not moved."""
    rotated = rotate_refresh_token(client, token)
    if not isinstance(rotated, IssuedTokens) or relocation.note_move_elsewhere(rotated.session, client):
        return None
    return rotated


def all_cases() -> list[tuple[tuple[str, ...], tuple[str, str]]]:
    """Each case with each other at home; and where all is well, each client."""
    well = tuple(next(iter(case)) for case in CASES)
    return [*((names, HOME) for names in product(*CASES)), *((well, whence) for whence in CLIENTS)]


def test_one_statement_rotates_what_a_transaction_would() -> None:
    session, token = signed_in()
    rotations = 0
    for names, whence in all_cases():
        client = Client(at=NOW, ip_address=whence[0], user_agent=whence[1])

        def act(rotate: Callable[..., Any], names: tuple[str, ...] = names, client: Client = client) -> Any:
            for case, name in zip(CASES, names, strict=True):
                case[name]()
            return rotate(client, token)

        before = undone(lambda act=act: act(lambda *_: None))[1]  # type: ignore[misc]
        one, left = undone(lambda act=act: act(rotate_refresh_token_at_once))  # type: ignore[misc]
        other, wanted = undone(lambda act=act: act(plainly))  # type: ignore[misc]
        if one is None:
            assert whence == AWAY or "of a page" in names or not isinstance(other, IssuedTokens), (names, whence)
            assert left == before
        else:
            assert (one.refresh, one.expires_in) == (other.refresh, other.expires_in)
            assert (one.session, one.session.user) == (session, session.user)
            assert left == wanted
            rotations += 1
    assert rotations == 2 * 2 * 2 + len(CLIENTS) - 1


@pytest.mark.parametrize("ago", [timedelta(), conf.refresh_grace + SECOND])
def test_a_token_that_was_used_is_not_rotated_by_it(ago: timedelta) -> None:
    _, token = signed_in()

    def use(at: datetime) -> IssuedTokens | None:
        return rotate_refresh_token_at_once(Client(at=at, ip_address=HOME[0], user_agent=HOME[1]), token)

    assert use(NOW - ago)
    before = RefreshToken.objects.count()
    assert use(NOW) is None
    assert RefreshToken.objects.count() == before


def test_a_token_of_nobody_is_not_rotated() -> None:
    signed_in()
    assert rotate_refresh_token_at_once(Client(at=NOW, ip_address=HOME[0]), "x") is None
