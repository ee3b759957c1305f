"""RACE: what many do at once, and what is done twice, comes out as if one had been first."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID

import pytest
from django.db.transaction import atomic
from django.utils import timezone
from time_machine import travel

from tests.configured import rated
from tests.contracts.stores import at_once
from tests.environment import PRODUCTION
from tests.interleaving import VERIFIED, Place, beside, interleaved, statement, transaction
from tests.world import PASSWORD, Api, Http, Inbox, Reply
from vestibule.accounts import lifecycle
from vestibule.accounts.models import Profile, User
from vestibule.addresses.address import Email
from vestibule.audit.models import AuditEvent
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.models import StoredChallenge
from vestibule.challenges.store import State
from vestibule.challenges.store_redis import RedisStore
from vestibule.sessions.models import RefreshToken, Session

ADA, BOB, NEW, NUMBER = "ada@example.com", "bob@example.com", "new@example.com", "+14155550100"
NOON, NEXT = "2026-03-01T12:00:00Z", "another password entirely"
# A case, a case of the host, letters of another width (NFKC), the dot of another script.
SPELLINGS = ["ada@example.com", "Ada@example.com", "ada@EXAMPLE.com", "ada@ｅｘａｍｐｌｅ.com", " ADA@example。com"]


def refresh(token: str, **environ: Any) -> Reply:
    return Api(Http(**environ)).post("token/refresh", {"refresh": token})


# Where a refresh can be stopped before it looks: at the one statement that it is on PostgreSQL; in the transaction of
# SQLite, and of whoever comes from elsewhere by another client.
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7", "HTTP_USER_AGENT": "curl/8.9.1"}
ROTATIONS = {
    **({"at once": (lambda: statement("WITH found"), {})} if PRODUCTION else {}),
    "in a transaction": (lambda: transaction(after=""), ELSEWHERE),
}
rotating = pytest.mark.parametrize(("place", "whence"), ROTATIONS.values(), ids=ROTATIONS)


def reset(token: str, password: str = NEXT) -> Reply:
    return Api().post("password/reset/confirm", {"token": token, "password": password})


# RACE-02: one proof, one work. The settling of the proof was lost, and its record lies there as if it waited.


def unsettle(*more: UUID) -> None:
    store = challenges.store
    settled = AuditEvent.objects.filter(challenge_id__isnull=False).values_list("challenge_id", flat=True)
    for id in {each for each in (*settled, *more) if each}:
        StoredChallenge.objects.filter(pk=id).update(state=State.WAITING, attempts=0)
        if isinstance(store, RedisStore):
            store._redis.hset(store._record_key(id), mapping={"state": "waiting", "attempts": 0})


def moved_back() -> None:
    with atomic():
        held = lifecycle.lock_user(User.objects.get().pk)
        assert held
        lifecycle.set_verified_address(held, Email(ADA), timezone.now())


def closing_again() -> None:
    assert lifecycle.schedule_closing_by_owner(User.objects.get().pk, timezone.now() + timedelta(days=14))


Use = Callable[[], Reply]


def epoch_of_before() -> None:
    """As if no recovery had ended what was sent before it."""
    User.objects.update(epoch=0)


def nothing() -> None:
    """Nothing else stands in the way of a second time."""


def of_sign_up(inbox: Inbox) -> tuple[Use, Callable[[], None]]:
    handle = Api().start(email=ADA, password=PASSWORD).registration
    return partial(Api().confirm, handle, inbox.newest(ADA).code), lambda: cast(None, User.objects.all().delete())


def of_rejection(inbox: Inbox) -> tuple[Use, Callable[[], None]]:
    Api().register(email=ADA, password=PASSWORD)
    return partial(Api().post, "verify-email/reject", {"token": inbox.newest(ADA).token}), nothing


def of_reset(inbox: Inbox) -> tuple[Use, Callable[[], None]]:
    Api().account(inbox, ADA)
    Api().post("password/reset", {"email": ADA})
    return partial(reset, inbox.newest(ADA).token), epoch_of_before


def of_email_change(inbox: Inbox) -> tuple[Use, Callable[[], None]]:
    access = Api().account(inbox, ADA)
    Api().send("POST", "email/change", access, {"email": NEW, "password": PASSWORD})
    code = inbox.newest(NEW).code
    return partial(Api().send, "POST", "email/change/confirm", access, {"otp": code}), moved_back


def of_email_undo(inbox: Inbox) -> tuple[Use, Callable[[], None]]:
    of_email_change(inbox)[0]()
    return partial(Api().post, "email/change/undo", {"token": inbox.newest(ADA).token}), epoch_of_before


def of_phone_change(inbox: Inbox) -> tuple[Use, Callable[[], None]]:
    access = Api().account(inbox, ADA)
    Api().send("POST", "phone/change", access, {"phone_number": NUMBER, "password": PASSWORD})
    code = inbox.newest(NUMBER).code
    return partial(Api().send, "POST", "phone/change/confirm", access, {"otp": code}), nothing


def of_not_me(inbox: Inbox) -> tuple[Use, Callable[[], None]]:
    Api().account(inbox, ADA)
    Session.objects.update(address="198.51.100.1")
    Api().login(ADA)
    return partial(Api().post, "sessions/disown", {"token": inbox.newest(ADA).token}), epoch_of_before


def of_account_undo(inbox: Inbox) -> tuple[Use, Callable[[], None]]:
    Api().send("DELETE", "me", Api().account(inbox, ADA))
    return partial(Api().post, "me/keep", {"token": inbox.newest(ADA).token}), closing_again


PROOFS = [
    *(of_sign_up, of_rejection, of_reset, of_email_change, of_email_undo, of_phone_change, of_not_me),
    of_account_undo,
]


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("proof", PROOFS, ids=lambda each: each.__name__.removeprefix("of_"))
def test_race_02_no_proof_is_committed_twice(
    inbox: Inbox, proof: Callable[[Inbox], tuple[Use, Callable[[], None]]]
) -> None:
    """Where the settling was lost, the record of the work refuses the second (M04)."""
    use, as_before = proof(inbox)
    assert use().status in (200, 201, 204)
    as_before()
    people, work = list(User.objects.values()), AuditEvent.objects.filter(challenge_id__isnull=False)
    done = work.count()
    unsettle()
    again = use()
    assert (again.status, again.code) == (410, "token_used")
    assert work.count() == done
    assert list(User.objects.values()) == people


# RACE-04: one address, however it is written.


@rated(mail="", own_mail="", sms="")
@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("path", ["register/start", "register"])
def test_race_04_spellings_of_one_address_are_one_account(inbox: Inbox, path: str) -> None:
    replies = at_once(lambda n: Api().post(path, {"email": SPELLINGS[n], "password": PASSWORD}), len(SPELLINGS))
    assert len({(reply.status, tuple(sorted(reply.body))) for reply in replies if reply.status < 400}) == 1
    assert {reply.status for reply in replies} <= {201, 202, 400}
    assert User.objects.count() == (path == "register")
    handles = [reply.registration for reply in replies if reply.registration]
    codes = [letter.code for letter in inbox.all(ADA)]
    made = [Api().confirm(handle, code).status for handle in handles for code in codes]
    assert made.count(201) == 1
    assert User.objects.get().email == ADA
    assert Profile.objects.count() == 1


# RACE-05 to RACE-07, RACE-12: a token has one successor, and a family ends with all its branches, at once.


def test_race_06_a_theft_ends_every_branch_that_a_race_left(api: Api, ada: str) -> None:
    with travel(NOON, tick=False) as clock:
        first = api.login(ADA).body["refresh"]
        children = {reply.body["refresh"] for reply in at_once(lambda _: refresh(first), 8)}
        assert len(children) == 1
        [child] = children
        grandchild = refresh(child).body
        clock.shift(61)
        assert refresh(first).code == "session_revoked"  # the theft
        assert [refresh(each).code for each in (child, grandchild["refresh"])] == ["session_revoked"] * 2
        assert api.send("GET", "me", grandchild["access"]).code == "session_revoked"
        assert AuditEvent.objects.filter(name="session.refresh_reused").count() == 1


def test_race_07_grace_is_for_the_immediate_parent_only(api: Api, ada: str) -> None:
    first = api.login(ADA).body["refresh"]
    second = refresh(first).body["refresh"]
    assert refresh(second).status == 200
    assert refresh(first).code == "session_revoked"
    assert Session.objects.filter(revoked_at=None).count() == 1  # the other one


@rotating
def test_race_05_two_refreshes_in_flight_get_the_same_successor(
    api: Api, ada: str, place: Callable[[], Place], whence: dict[str, str]
) -> None:
    token = api.login(ADA).body["refresh"]
    tokens = RefreshToken.objects.count()
    late, first = interleaved(partial(refresh, token, **whence), place(), partial(refresh, token))
    assert (late.status, late.body["refresh"]) == (200, first.body["refresh"])
    assert RefreshToken.objects.count() == tokens + 1


def suspended() -> None:
    assert lifecycle.suspend_user(User.objects.get().pk)


# By the access token of another session, or by the refresh token itself.
REVOKED: dict[str, Callable[[str, str], Any]] = {
    "signed out": lambda access, token: Api().post("logout", {"refresh": token}),
    "signed out everywhere": lambda access, token: Api().send("POST", "logout/all", access),
    "password changed": lambda access, token: Api().send(
        "POST", "password/change", access, {"current_password": PASSWORD, "password": NEXT}
    ),
    "closed": lambda access, token: Api().send("DELETE", "me", access),
    "suspended": lambda access, token: suspended(),
}


@rotating
@pytest.mark.parametrize("how", REVOKED)
def test_race_12_no_refresh_survives_what_ends_its_session(
    api: Api, ada: str, how: str, place: Callable[[], Place], whence: dict[str, str]
) -> None:
    """The refresh came first, and stops before it looks; then its session ends."""
    token = api.login(ADA).body["refresh"]
    tokens = RefreshToken.objects.count()
    late, _ = interleaved(partial(refresh, token, **whence), place(), partial(REVOKED[how], ada, token))
    assert (late.status, late.code) == (401, "session_revoked")
    assert RefreshToken.objects.count() == tokens
    assert refresh(token).status == 401


@pytest.mark.skipif(not PRODUCTION, reason="SQLite has no locks of rows to wait for")
def test_race_12_a_refresh_that_waits_for_the_end_of_its_session_is_refused(api: Api, ada: str) -> None:
    """The statement has begun, and waits for the lock of a session that has ended when it gets it."""
    token = api.login(ADA).body["refresh"]
    tokens = RefreshToken.objects.count()
    _, late = beside(
        partial(REVOKED["signed out"], ada, token),
        lambda sql, within: within and 'INTO "vestibule_audit_event"' in sql,
        partial(refresh, token),
    )
    assert (late.status, late.code) == (401, "session_revoked")
    assert RefreshToken.objects.count() == tokens


@pytest.mark.parametrize("how", REVOKED)
def test_race_12_what_ends_a_session_ends_what_was_refreshed_meanwhile(api: Api, ada: str, how: str) -> None:
    """The other way round: the session is about to end, and is refreshed."""
    token = api.login(ADA).body["refresh"]
    place = statement('UPDATE "vestibule_user"') if how == "suspended" else transaction(after="")
    _, fresh = interleaved(partial(REVOKED[how], ada, token), place, partial(refresh, token))
    assert fresh.status == 200
    assert refresh(fresh.body["refresh"]).status == 401
    assert api.send("GET", "me", fresh.body["access"]).status == 401


# RACE-08, RACE-11: one thing, and two who want it.


@pytest.mark.usefixtures("ada")
def test_race_08_of_two_passwords_by_one_link_one_is_set(api: Api, inbox: Inbox) -> None:
    api.post("password/reset", {"email": ADA})
    token = inbox.newest(ADA).token
    late, first = interleaved(
        partial(reset, token, "the first of two passwords"),
        transaction(after='FROM "vestibule_challenge_newest"'),
        partial(reset, token, "the second of two passwords"),
    )
    assert sorted(reply.status for reply in (late, first)) in ([204, 410], [204, 429])
    won = "first" if late.status == 204 else "second"
    assert User.objects.get().check_password(f"the {won} of two passwords")
    assert AuditEvent.objects.filter(name="password.reset").count() == 1


@pytest.mark.parametrize(
    ("path", "field", "wanted", "code"),
    [("email/change", "email", NEW, "email_taken"), ("phone/change", "phone_number", NUMBER, "phone_taken")],
)
def test_race_11_of_two_who_prove_one_address_one_has_it(
    api: Api, inbox: Inbox, ada: str, path: str, field: str, wanted: str, code: str
) -> None:
    bob = api.account(inbox, BOB)
    proofs = []
    for access in (ada, bob):
        assert api.send("POST", path, access, {field: wanted, "password": PASSWORD}).status == 202
        proofs.append((access, inbox.newest(wanted).code))
    first, second = (partial(Api().send, "POST", f"{path}/confirm", who, {"otp": otp}) for who, otp in proofs)
    late, won = interleaved(first, transaction(nth=VERIFIED), second)
    assert (won.status, late.status, late.code) == (200, 409, code)
    assert User.objects.filter(**{field: wanted}).get().email == (wanted if field == "email" else BOB)
