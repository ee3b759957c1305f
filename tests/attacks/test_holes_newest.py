"""HOL-18: every start is one claim on "the newest" of its subject. Of any number at once, one secret is live then;
what is not sent takes no place, and what was rolled back never had one."""

from collections.abc import Sequence
from functools import partial
from uuid import uuid4

import pytest
from django.db.transaction import atomic, set_rollback
from django.utils import timezone
from time_machine import travel

from tests.configured import rated
from tests.contracts.stores import at_once
from tests.environment import PRODUCTION
from tests.interleaving import beside, interleaved, transaction
from tests.letters import Post
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts.models import User
from vestibule.addresses.address import Email
from vestibule.challenges import newest
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.models import Newest
from vestibule.challenges.payloads import RecoveryPayload
from vestibule.challenges.policy import Purpose
from vestibule.challenges.results import Issued
from vestibule.challenges.store import State
from vestibule.flows.recovery import password_reset
from vestibule.kernel.client import Client
from vestibule.service.worker import schedule

ADA, NEW, NOON = "ada@example.com", "new@example.com", "2026-03-01T12:00:00Z"
NEXT = "another password entirely"
RESET = Purpose.PASSWORD_RESET


def ask(_: int = 0) -> Reply:
    return Api().post("password/reset", {"email": ADA})


def reset(**proof: str) -> Reply:
    return Api().post("password/reset/confirm", {**proof, "password": NEXT})


def letters(inbox: Inbox) -> list[Post]:
    return [post for post in inbox.all(ADA) if "token=" in post.text]


def subjects() -> list[bytes]:
    return list(Email(ADA).all_digests)


def issue(subject: bytes) -> Issued[RecoveryPayload]:
    payload = RecoveryPayload(user_id=uuid4(), address=ADA)
    return challenges.issue(RESET, subject=subject, payload=payload, now=timezone.now())


def holder(found: Sequence[bytes]) -> object:
    placed = newest.find_newest(RESET, found)
    return placed and placed.id


@pytest.mark.usefixtures("ada")
def test_hol_18_many_resets_at_once_are_one_link(inbox: Inbox) -> None:
    assert {reply.status for reply in at_once(ask, 8)} == {202}
    [letter] = letters(inbox)
    assert reset(token=letter.token).status == 204


@pytest.mark.usefixtures("ada")
def test_hol_18_a_reset_finds_the_one_that_came_between(inbox: Inbox) -> None:
    first, second = interleaved(ask, transaction(), ask)
    assert (first.status, second.status, len(letters(inbox))) == (202, 202, 1)


@pytest.mark.skipif(not PRODUCTION, reason="SQLite's transactions come one after the other")
@pytest.mark.usefixtures("ada")
def test_hol_18_a_reset_waits_for_the_one_that_holds_the_place(inbox: Inbox) -> None:
    """The place is there from an earlier reset: nobody is stopped by inserting it."""
    with travel(NOON, tick=False) as clock:
        ask()
        clock.shift(61)
        before = len(letters(inbox))
        first, second = beside(ask, lambda sql, within: within and "vestibule_limit_tally" in sql, ask)
        assert (first.status, second.status) == (202, 202)
        assert len(letters(inbox)) == before + 1


@pytest.mark.usefixtures("house")
def test_hol_18_of_many_invitations_at_once_one_is_live(inbox: Inbox) -> None:
    at_once(lambda _: password_reset.invite_admin(client=Client.for_system("cli", timezone.now()), email=Email(ADA)), 4)
    tokens = [post.token for post in inbox.all(ADA)]
    assert sorted(reset(token=token).status for token in tokens) == [204] + [410] * (len(tokens) - 1)
    assert User.objects.get().role == "admin"


@rated(sms_network="", sms_prefix="", sms_total="")
@pytest.mark.parametrize(
    ("path", "field", "purpose", "wanted"),
    [
        ("email/change", "email", Purpose.EMAIL_CHANGE, [f"n{n}@example.com" for n in range(4)]),
        ("phone/change", "phone_number", Purpose.PHONE_CHANGE, [f"+1415555010{n}" for n in range(4)]),
    ],
)
def test_hol_18_of_many_changes_at_once_one_is_live(
    inbox: Inbox, ada: str, path: str, field: str, purpose: Purpose, wanted: list[str]
) -> None:
    replies = at_once(lambda n: Api().send("POST", path, ada, {field: wanted[n], "password": PASSWORD}), 4)
    assert {reply.status for reply in replies} == {202}
    found = challenges.list_for_person(purpose, User.objects.get().pk)
    assert [seen.state for seen in found].count(State.WAITING) == 1
    codes = [inbox.newest(each).code for each in wanted]
    answers = [Api().send("POST", f"{path}/confirm", ada, {"otp": code}).status for code in codes]
    assert answers.count(200) == 1


@rated(mail="1/hour", own_mail="1/hour")
@pytest.mark.parametrize("proof", ["link", "code"])
def test_hol_18_a_mail_that_is_held_back_takes_no_place(api: Api, inbox: Inbox, proof: str) -> None:
    with travel(NOON, tick=False) as clock:
        api.account(inbox, ADA)
        clock.shift(3600)
        ask()
        [letter] = letters(inbox)
        clock.shift(61)
        assert ask().status == 202
        assert letters(inbox) == [letter]
        shown = {"token": letter.token} if proof == "link" else {"email": ADA, "otp": letter.code}
        assert reset(**shown).status == 204


@rated(mail="1/hour", own_mail="1/hour")
def test_hol_18_a_change_that_is_held_back_takes_no_place(inbox: Inbox, ada: str) -> None:
    with travel(NOON, tick=False):
        ada = str(Api().login(ADA).body["access"])
        for address in ("first@example.com", "second@example.com", "second@example.com"):
            assert Api().send("POST", "email/change", ada, {"email": address, "password": PASSWORD}).status == 202
        code = inbox.newest("second@example.com").code
        assert len(inbox.all("second@example.com")) == 1
        assert Api().send("POST", "email/change/confirm", ada, {"otp": code}).body["email"] == "second@example.com"


@pytest.mark.usefixtures("ada")
def test_hol_18_what_is_rolled_back_leaves_the_older_one_alive(inbox: Inbox) -> None:
    ask()
    [letter] = letters(inbox)
    with atomic():
        newest.lock_pointer(RESET, subjects(), timezone.now()).point_to(issue(subjects()[0]))
        set_rollback(True)
    assert reset(email=ADA, otp=letter.code).status == 204


@pytest.mark.usefixtures("ada")
def test_hol_18_what_another_took_the_place_of_is_dead_though_nobody_came_to_bury_it(inbox: Inbox) -> None:
    """The process ends right after the commit."""
    ask()
    [letter] = letters(inbox)
    with atomic():
        place = newest.lock_pointer(RESET, subjects(), timezone.now())
        newest.NewestPointer(place.row, place.subjects, None).point_to(issue(subjects()[0]))
    assert reset(token=letter.token).code == "token_used"
    assert reset(email=ADA, otp=letter.code).code == "otp_invalid"
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.usefixtures("house")
def test_hol_18_a_place_outlives_the_key_that_named_its_subject() -> None:
    new, old = b"n" * 32, b"o" * 32
    with atomic():
        before = issue(old)
        newest.lock_pointer(RESET, [old], timezone.now()).point_to(before)
    assert holder([new, old]) == before.id
    with atomic():
        place = newest.lock_pointer(RESET, [new, old], timezone.now())
        assert place.challenge
        assert place.challenge.id == before.id
        after = issue(new)
        place.point_to(after)
    assert holder([new, old]) == holder([new]) == after.id
    assert holder([old]) == before.id  # known, and settled
    seen = challenges.store.get(before.id)
    assert seen
    assert seen.state is State.SETTLED


@pytest.mark.usefixtures("ada")
def test_hol_18_places_go_with_what_had_them() -> None:
    with travel(NOON, tick=False) as clock:
        ask()
        clock.shift(2 * 3600 + 1)
        schedule.run_due_sweeps()
        assert not Newest.objects.exists()


@pytest.mark.usefixtures("ada")
def test_otp_19_of_two_links_the_newer_works_once(api: Api, inbox: Inbox) -> None:
    with travel(NOON, tick=False) as clock:
        ask()
        clock.shift(61)
        ask()
        second, first = letters(inbox)
        replies = [reset(token=each.token) for each in (second, second, first)]
    assert [reply.status for reply in replies] == [204, 410, 410]


@pytest.mark.usefixtures("ada")
def test_otp_19_of_two_links_at_once_the_newer_works(inbox: Inbox) -> None:
    """Race: the older is shown while the newer one is being sent."""
    with travel(NOON, tick=False) as clock:
        ask()
        [first] = letters(inbox)
        clock.shift(61)
        _, done = interleaved(ask, transaction(), partial(reset, token=first.token))
        assert done.status == 204  # it was the newest when it was used
        second = letters(inbox)[0]
        assert second.token != first.token
        assert reset(token=first.token).code == "token_used"
