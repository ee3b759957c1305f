"""The list of breached passwords against its documented API: at every door, told almost nothing, never in the way."""

from collections.abc import Iterator

import pytest

from tests.configured import configured
from tests.vendors import Pwned, serving
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.breaches import is_breached

STOLEN = "a stolen password of somebody"


@pytest.fixture
def pwned() -> Iterator[Pwned]:
    """A list that has one."""
    with serving(vendor := Pwned(STOLEN)) as url, configured(PASSWORD_BREACH_URL=url):
        yield vendor


def test_the_list_is_told_five_characters(pwned: Pwned) -> None:
    """PWD-03."""
    assert is_breached(STOLEN)
    assert not is_breached(PASSWORD)
    assert [len(path) for path in pwned.asked] == [len("/range/") + 5] * 2


def test_at_every_door(pwned: Pwned, api: Api, inbox: Inbox) -> None:
    """PWD-03, PWD-11."""
    access = api.account(inbox, "ada@example.com")
    api.post("password/reset", {"email": "ada@example.com"})
    token = inbox.newest("ada@example.com").token
    told = [
        api.start(email="new@example.com", password=STOLEN),
        api.register(email="new@example.com", password=STOLEN),
        api.post("password/reset/confirm", {"token": token, "password": STOLEN}),
        api.send("POST", "password/change", access, {"current_password": PASSWORD, "password": STOLEN}),
    ]
    assert [reply.body["codes"] for reply in told] == [{"password": ["password_breached"]}] * 4
    assert api.login("ada@example.com").status == 200


@pytest.mark.parametrize("status", [429, 500])
def test_a_list_that_fails_keeps_nobody_out(pwned: Pwned, api: Api, status: int) -> None:
    """FLT-14."""
    pwned.status = status
    assert api.start(email="new@example.com", password=STOLEN).status == 202
    with configured(PASSWORD_BREACH_URL="http://127.0.0.1:9"):
        assert api.start(email="new@example.com", password=STOLEN).status == 202


def test_without_a_list_nothing_is_asked(pwned: Pwned) -> None:
    with configured(PASSWORD_BREACH_URL=""):
        assert not is_breached(STOLEN)
    assert pwned.asked == []
