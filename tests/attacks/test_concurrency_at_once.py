"""RACE: many at once, and the store and the database decide, once. In a forced order: test_concurrency.py."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from uuid import UUID

from time_machine import travel

from tests.configured import rated
from tests.contracts.stores import at_once
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts.models import Profile, User
from vestibule.audit.models import AuditEvent
from vestibule.courier.models import Message
from vestibule.sessions.models import RefreshToken, Session

ADA = "ada@example.com"
MANY, ROUNDS = 32, 10


def answers_at_once(act: Callable[[int], Reply], times: int = MANY) -> Counter[tuple[int, str]]:
    """Do it in so many threads at once; how often each (status, code) was answered."""
    return Counter((reply.status, reply.code) for reply in at_once(act, times))


def refresh(token: str) -> Reply:
    """POST token/refresh."""
    return Api().post("token/refresh", {"refresh": token})


def test_race_02_one_right_code_from_many_makes_one_account(api: Api, inbox: Inbox) -> None:
    registration = api.start(email=ADA, password=PASSWORD, username="ada").registration
    code = inbox.newest(ADA).code
    answers = answers_at_once(lambda _: Api().confirm(registration, code))
    assert answers[201, ""] == 1
    assert not {status for status, _ in answers if status >= 500}
    assert User.objects.count() == Profile.objects.count() == Session.objects.count() == 1
    assert AuditEvent.objects.filter(name="account.registered").count() == 1
    assert api.confirm(registration, code).code == "token_used"


def test_race_01_of_many_wrong_codes_five_are_compared(api: Api, inbox: Inbox) -> None:
    registration = api.start(email=ADA, password=PASSWORD).registration
    code = int(inbox.newest(ADA).code)
    answers = answers_at_once(lambda number: Api().confirm(registration, f"{(code + 1 + number) % 1_000_000:06d}"))
    assert answers[400, "otp_invalid"] + answers[410, "otp_exhausted"] + answers[429, "locked"] == MANY
    assert answers[400, "otp_invalid"] <= 4  # the fifth is told that none is left
    assert api.confirm(registration, f"{code:06d}").code == "otp_exhausted"
    assert not User.objects.exists()


def test_race_09_many_resends_are_one_message(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        registration = api.start(email=ADA, password=PASSWORD).registration
        inbox.all()
        clock.shift(61)
        answers = answers_at_once(lambda _: Api().resend(registration))
        assert answers[202, ""] == 1
        assert answers[429, "cooldown"] + answers[429, "locked"] == MANY - 1
        assert Message.objects.count() == 2
        assert api.confirm(registration, inbox.newest(ADA).code).status == 201


def test_race_03_many_registrations_of_one_address_are_one_account(api: Api, inbox: Inbox) -> None:
    spellings = ["ada@example.com", "ADA@example.com", "Ada@Example.Com", " ada@EXAMPLE.com"]
    started = [api.start(email=spellings[n % 4], password=PASSWORD).registration for n in range(8)]
    codes = [post.code for post in reversed(inbox.all(ADA))]
    answers = answers_at_once(lambda n: Api().confirm(started[n], codes[n]), times=8)
    assert answers[201, ""] == 1
    assert answers[410, "token_used"] == 7
    assert User.objects.count() == 1


def test_race_03_one_username_for_many_goes_to_one(api: Api, inbox: Inbox) -> None:
    people = [f"p{n}@example.com" for n in range(8)]
    started = [api.start(email=person, password=PASSWORD, username="handle").registration for person in people]
    codes = [inbox.newest(person).code for person in people]
    answers = answers_at_once(lambda n: Api().confirm(started[n], codes[n]), times=8)
    assert answers == {(201, ""): 1, (409, "username_taken"): 7}


@rated(sms_network="", sms_prefix="", sms_total="")
def test_race_03_two_pending_sign_ups_are_one_row_and_one_account(api: Api, inbox: Inbox) -> None:
    """Some rounds: two people, or two taps, at one address or one number; then both proofs at once."""
    for turn in range(ROUNDS):
        by_mail = turn % 2 == 0
        address = f"p{turn}@example.com" if by_mail else f"+1415555{turn:04d}"
        field, path = ("email", "verify-email") if by_mail else ("phone_number", "verify-phone/confirm")
        typed = {field: address, "channel": "email" if by_mail else "sms"}
        [row, handles, codes] = two_at_once(typed, inbox)
        shown = [{field: address, "otp": code, "registration": handle} for handle in handles for code in codes]
        answers = answers_at_once(partial(first_that_fits, path, shown), times=2)
        assert answers == {(200, ""): 1, (410, "token_used"): 1}
        user = User.objects.get(pk=row)
        assert user.username in ("someone0", "someone1")
        assert user.check_password(f"the password of {user.username}")  # all of one, nothing of the other
        User.objects.filter(pk=row).update(username=None)  # free for the next round
    assert User.objects.filter(status="active").count() == User.objects.count() == Profile.objects.count() == ROUNDS


def two_at_once(typed: dict[str, str], inbox: Inbox) -> tuple[UUID, list[str], set[str]]:
    """Two sign-ups at once: the one row that waits, both handles, and the codes that were sent."""
    handles = ["", ""]
    inbox.empty()

    def sign_up(one: int) -> Reply:
        name = f"someone{one}"
        reply = Api().register(**typed, username=name, password=f"the password of {name}")
        handles[one] = reply.registration
        return reply

    assert answers_at_once(sign_up, times=2) == {(201, ""): 2}
    [row] = User.objects.filter(status="pending")
    address = typed.get("email") or typed["phone_number"]
    return row.pk, handles, {post.code for post in inbox.all(address)}


def first_that_fits(path: str, shown: list[dict[str, str]], one: int) -> Reply:
    """The answer to the code that belongs to the handle of this one."""
    mine = shown[one * len(shown) // 2 : (one + 1) * len(shown) // 2]
    replies = (Api().post(path, body) for body in mine)
    return next(reply for reply in replies if reply.code != "otp_invalid")


def test_race_05_many_tabs_at_once_get_the_same_successor(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    given, seen = api.login(ADA).body["refresh"], set()

    def one(_: int) -> Reply:
        reply = refresh(given)
        seen.add(reply.body.get("refresh"))
        return reply

    for tabs in [16] * 2 + [2] * ROUNDS:
        seen.clear()
        assert answers_at_once(one, times=tabs) == {(200, ""): tabs}
        assert len(seen) == 1
        given = seen.pop()
    assert RefreshToken.objects.count() == 2 + ROUNDS + 2


def test_race_10_many_wrong_passwords_at_once_are_few_comparisons(api: Api, inbox: Inbox) -> None:
    """Counted before they are compared."""
    api.account(inbox, ADA)
    Session.objects.all().delete()  # so that each of them is a stranger
    answers = answers_at_once(lambda n: Api().login(ADA, f"wrong {n}"))
    assert answers[401, "invalid_credentials"] <= 5
    assert {code for _, code in answers} <= {"invalid_credentials", "locked", "unavailable"}
