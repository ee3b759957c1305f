"""How many statements each request costs: a new one has to be meant."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.attacks.openid_moves import create_person, signed_in
from tests.environment import PRODUCTION
from tests.magic import ask
from tests.oauth import RelyingParty, create_application
from tests.world import PASSWORD, Api, Inbox
from vestibule.sessions import signing_keys

ADA, BOB = "ada@example.com", "bob@example.com"


def asked(act: Callable[[], object]) -> list[str]:
    """The statements of an act, transactions included."""
    with CaptureQueriesContext(connection) as queries:
        act()
    return [query["sql"] for query in queries.captured_queries]


# Where challenges are kept in the database, their statements count too.
@pytest.mark.parametrize(
    ("request_", "embedded", "production"),
    [
        ("start", 10, 8),
        ("register", 13, 11),
        ("confirm", 21, 4),  # the guess is counted by the same statements for who proved a code before
        ("login", 12, 9),  # from a known network: its try is taken back from the name's count, which stays
        ("wrong login", 6, 5),
        ("refresh", 4, 1),
        ("me", 1, 1),
        ("sessions", 2, 2),
        ("logout", 5, 5),
        ("forgot", 13, 12),
        ("magic start", 11, 9),
        ("magic confirm", 23, 8),
    ],
)
def test_a_request_costs_so_many_statements(
    request_: str, embedded: int, production: int, api: Api, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys._opened_keys, "_keep_for", 3600)  # however slow this is, they are read once
    access = api.account(inbox, ADA)
    refresh = api.login(ADA).body["refresh"]
    waiting = api.start(email=BOB, password=PASSWORD).registration
    code = inbox.newest(BOB).code
    api.post("token/refresh", {"refresh": api.login(ADA).body["refresh"]})  # what is read once is read
    acts: dict[str, Callable[[], object]] = {
        "start": lambda: api.start(email="eve@example.com", password=PASSWORD),
        "register": lambda: api.register(email="eve@example.com", username="eve", password=PASSWORD),
        "confirm": lambda: api.confirm(waiting, code),
        "login": lambda: api.login(ADA),
        "wrong login": lambda: api.login(ADA, "not this password"),
        "refresh": lambda: api.post("token/refresh", {"refresh": refresh}),
        "me": lambda: api.send("GET", "me", access),
        "sessions": lambda: api.send("GET", "sessions", access),
        "logout": lambda: api.send("POST", "logout", access),
        "forgot": lambda: api.post("password/reset", {"email": ADA}),
        "magic start": lambda: api.post("login/magic/start", {"email": ADA}),
        "magic confirm": ask(api, inbox, ADA).by_link,
    }
    statements = asked(acts[request_])
    assert len(statements) == (production if PRODUCTION else embedded), "\n".join(statements)


@pytest.mark.parametrize(("request_", "statements"), [("userinfo", 1), ("introspect", 3)])
def test_a_request_of_an_application_costs_so_many(request_: str, statements: int, api: Api, inbox: Inbox) -> None:
    """Who it is, and whether its grant lives with all that it hangs on."""
    create_person(api, inbox)
    create_application()
    shop = RelyingParty()
    token = shop.sign_in(signed_in())["access_token"]
    acts: dict[str, Callable[[], object]] = {
        "userinfo": lambda: shop.userinfo(token),
        "introspect": lambda: shop.introspect(token),
    }
    acts[request_]()  # what is read once is read
    asked_for = asked(acts[request_])
    assert len(asked_for) == statements, "\n".join(asked_for)
