"""HOL-10: what was compared is still so when it is acted on, or nothing is done. Each pair by a forced interleaving:
the act stops after it compared, the other thing is done meanwhile, then it goes on."""

from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db.transaction import atomic

from tests.desk import given
from tests.interleaving import VERIFIED, interleaved, statement, transaction
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts import lifecycle
from vestibule.accounts.models import User
from vestibule.addresses.address import Email
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.challenges.store import State
from vestibule.sessions.models import Session

ADA, NEW, NUMBER = "ada@example.com", "new@example.com", "+14155550100"
NEXT, OTHER = "another password entirely", "a third password altogether"
REHASH = statement('UPDATE "vestibule_user" SET "password"')


def change(access: str, password: str = NEXT) -> Reply:
    return Api().send("POST", "password/change", access, {"current_password": PASSWORD, "password": password})


def reset(token: str, password: str = OTHER) -> Reply:
    return Api().post("password/reset/confirm", {"token": token, "password": password})


def login() -> Reply:
    return Api().login(ADA)


def link(inbox: Inbox) -> str:
    Api().post("password/reset", {"email": ADA})
    return inbox.newest(ADA).token


def suspended() -> None:
    assert lifecycle.suspend_user(User.objects.get(email=ADA).pk)


def opened_by() -> list[str]:
    return [each for each in (PASSWORD, NEXT, OTHER) if User.objects.get(email=ADA).check_password(each)]


def sessions() -> int:
    return Session.objects.filter(revoked_at=None).count()


def test_hol_10_a_change_in_flight_loses_to_a_reset(inbox: Inbox, ada: str) -> None:
    token = link(inbox)
    changed, done = interleaved(partial(change, ada), transaction(), partial(reset, token))
    assert (done.status, changed.status, changed.code) == (204, 401, "invalid_credentials")
    assert opened_by() == [OTHER]


def test_hol_10_a_reset_in_flight_loses_to_a_change(inbox: Inbox, ada: str) -> None:
    """What the change called off does not come true afterwards."""
    token = link(inbox)
    done, changed = interleaved(partial(reset, token), transaction(), partial(change, ada))
    assert (changed.status, done.status) == (204, 410)
    assert opened_by() == [NEXT]
    assert reset(token).code == "token_used"


def test_hol_10_of_three_changes_with_one_password_one_is_made(ada: str) -> None:
    second = partial(interleaved, partial(change, ada, OTHER), transaction(), partial(change, ada))
    third, (two, one) = interleaved(partial(change, ada, "the fourth of the passwords"), transaction(), second)
    assert one.status == 204
    assert [(each.status, each.code) for each in (two, third)] == [(401, "invalid_credentials")] * 2
    assert opened_by() == [NEXT]


def disabled() -> None:
    """What undo and "this wasn't me" do."""
    with atomic():
        held = lifecycle.lock_user(User.objects.get(email=ADA).pk)
        assert held
        lifecycle.set_password_hash(held, "!", held.updated_at)
        Session.objects.update(revoked_at=held.updated_at)


@pytest.mark.parametrize(("how", "left"), [("changed", 1), ("reset", 0), ("disabled", 0)])
def test_hol_10_no_session_opens_by_the_password_of_before(inbox: Inbox, ada: str, how: str, left: int) -> None:
    token = link(inbox)
    acts: dict[str, Callable[[], object]] = {
        "changed": partial(change, ada),
        "reset": partial(reset, token),
        "disabled": disabled,
    }
    entered, _ = interleaved(login, transaction(), acts[how])
    assert (entered.status, entered.code) == (401, "invalid_credentials")
    assert sessions() == left


def test_hol_10_no_session_opens_in_an_account_that_is_suspended_meanwhile(ada: str) -> None:
    before = sessions()
    entered, _ = interleaved(login, transaction(), suspended)
    assert entered.code == "account_suspended"
    assert sessions() == before


def test_hol_10_no_session_opens_in_an_account_that_is_closed_meanwhile(ada: str) -> None:
    entered, closed = interleaved(login, transaction(), lambda: Api().send("DELETE", "me", ada))
    assert (closed.status, entered.code, sessions()) == (204, "account_suspended", 0)


def test_hol_10_the_password_of_before_is_no_recent_sign_in(api: Api, ada: str) -> None:
    other = api.login(ADA).body["access"]
    again = partial(Api().send, "POST", "reauthenticate", ada, {"password": PASSWORD})
    reply, changed = interleaved(again, transaction(after='FROM "vestibule_session"'), partial(change, other))
    assert (changed.status, reply.status, reply.code) == (204, 401, "invalid_credentials")


@pytest.mark.parametrize(
    ("path", "body", "purpose"),
    [
        ("email/change", {"email": NEW}, Purpose.EMAIL_CHANGE),
        ("phone/change", {"phone_number": NUMBER}, Purpose.PHONE_CHANGE),
    ],
)
def test_hol_10_no_change_begins_by_the_password_of_before(
    inbox: Inbox, ada: str, path: str, body: dict[str, str], purpose: Purpose
) -> None:
    asked = partial(Api().send, "POST", path, ada, {**body, "password": PASSWORD})
    reply, _ = interleaved(asked, transaction(), partial(change, ada))
    assert (reply.status, reply.code) == (401, "invalid_credentials")
    found = challenges.list_for_person(purpose, User.objects.get().pk)
    assert [seen for seen in found if seen.state is not State.SETTLED] == []
    assert inbox.all(NEW) == inbox.all(NUMBER) == []


@pytest.mark.parametrize(
    ("path", "body", "to"),
    [("email/change", {"email": NEW}, NEW), ("phone/change", {"phone_number": NUMBER}, NUMBER)],
)
@pytest.mark.parametrize("how", ["signed out", "suspended"])
def test_hol_10_a_proof_counts_in_a_session_that_is_still_there(
    inbox: Inbox, ada: str, path: str, body: dict[str, str], to: str, how: str
) -> None:
    Api().send("POST", path, ada, {**body, "password": PASSWORD})
    code = inbox.newest(to).code
    proved = partial(Api().send, "POST", f"{path}/confirm", ada, {"otp": code})
    acts: dict[str, Callable[[], object]] = {
        "signed out": partial(Api().send, "POST", "logout/all", ada),
        "suspended": suspended,
    }
    reply, _ = interleaved(proved, transaction(nth=VERIFIED), acts[how])
    assert (reply.status, reply.code) == (401, "session_revoked")
    assert (User.objects.get().email, User.objects.get().phone_number) == (ADA, None)


def test_hol_10_an_address_is_changed_from_the_one_that_it_was(inbox: Inbox, ada: str) -> None:
    Api().send("POST", "email/change", ada, {"email": NEW, "password": PASSWORD})
    proved = partial(Api().send, "POST", "email/change/confirm", ada, {"otp": inbox.newest(NEW).code})

    def moved() -> None:
        with atomic():
            held = lifecycle.lock_user(User.objects.get().pk)
            assert held
            lifecycle.set_verified_address(held, Email("third@example.com"), held.updated_at)

    reply, _ = interleaved(proved, transaction(nth=VERIFIED), moved)
    assert (reply.status, User.objects.get().email) == (410, "third@example.com")


def test_hol_10_a_typed_number_does_not_take_the_place_of_a_proved_one(inbox: Inbox, ada: str) -> None:
    Api().send("POST", "phone/change", ada, {"phone_number": NUMBER, "password": PASSWORD})
    code = inbox.newest(NUMBER).code
    typed = partial(Api().send, "PATCH", "me", ada, {"phone_number": "+14155550199"})
    proved = partial(Api().send, "POST", "phone/change/confirm", ada, {"otp": code})
    reply, done = interleaved(typed, transaction(after='FROM "vestibule_session"'), proved)
    assert (done.status, reply.status) == (200, 400)
    assert reply.body["codes"] == {"phone_number": ["proof_required"]}
    assert User.objects.get().phone_number == NUMBER


def hashed_as_before() -> None:
    User.objects.update(password=PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1))


def test_hol_10_an_old_hash_made_anew_does_not_bring_the_old_password_back(ada: str) -> None:
    hashed_as_before()
    entered, changed = interleaved(login, REHASH, partial(change, ada))
    assert (changed.status, entered.status, entered.code) == (204, 401, "invalid_credentials")
    assert opened_by() == [NEXT]


def test_hol_10_two_sign_ins_by_an_old_hash_are_both_let_in(ada: str) -> None:
    hashed_as_before()
    assert [reply.status for reply in interleaved(login, REHASH, login)] == [200, 200]


def test_hol_10_a_device_that_is_forgotten_meanwhile_is_no_failure(api: Api, ada: str) -> None:
    mine = {"fingerprint_hash": "of my phone"}
    api.login(ADA, device=mine)
    [device] = api.send("GET", "devices", ada).body
    entered, gone = interleaved(
        lambda: Api().login(ADA, device=mine),
        transaction(),
        lambda: Api().send("DELETE", f"devices/{device['id']}", ada),
    )
    assert (gone.status, entered.status) == (204, 200)


@pytest.mark.parametrize("act", ["role", "suspend", "close", "sign-out"])
def test_hol_10_who_is_no_admin_any_more_does_nothing_as_one(api: Api, inbox: Inbox, ada: str, act: str) -> None:
    """Two admins turn on each other: one of them was first, and the other is admin no more."""
    bob = api.account(inbox, "bob@example.com")
    api.account(inbox, "carol@example.com")
    given("carol@example.com", "admin")  # somebody else is admin anyway
    people = [given(ADA, "admin"), given("bob@example.com", "admin")]

    def do(name: str, access: str, whom: User) -> Reply:
        body = {"reason": "leaving", **({"role": "user"} if name == "role" else {})}
        return Api().send("POST", f"/api/admin/users/{whom.pk}/{name}", access, body)

    first, second = interleaved(partial(do, act, ada, people[1]), transaction(), partial(do, "role", bob, people[0]))
    assert (second.status, first.status, first.code) == (200, 403, "permission_denied")
    left = User.objects.get(email="bob@example.com")
    assert (left.role, left.status) == ("admin", "active")
    assert User.objects.get(email=ADA).role == "user"
    assert api.send("GET", "me", bob).status == 200
