"""BF-10: who knows the password guesses at the second factor five times in five minutes, twenty in an hour, fifty in a
day, whatever is begun anew, by whichever door and factor."""

from collections.abc import Callable
from itertools import cycle

import pytest
from time_machine import Traveller

from tests.attacks.factor_moves import ADA, BOB, person, prove, sign_in, step_up, ticket
from tests.contracts.stores import at_once as parallel
from tests.factors import Authenticator
from tests.world import PASSWORD, Api, Http, Inbox, Reply
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.factors.holdings import delete_factors
from vestibule.limits import rate_counters
from vestibule.sessions.models import Session

MINUTE, HOUR, DAY = 60, 3600, 86_400
WRONG = {"totp": "000000", "recovery_code": "aaaa-aaaa-aaaa-aaaa"}


@pytest.fixture
def app(clock: Traveller, api: Api, inbox: Inbox) -> Authenticator:
    """Ada's, by a clock that the test moves."""
    return person(api, inbox)


Guess = Callable[[], str]


@pytest.fixture
def doors(api: Api, app: Authenticator, clock: Traveller) -> list[Guess]:
    """Each way to guess, of somebody who knows the password and of one who sits in a session; what each is told."""
    inside = sign_in(api, app.code()).body
    clock.shift(MINUTE)
    kept = ticket(api)

    def by_page() -> str:
        answer = Http().post("/login/mfa/", {"mfa": ticket(api), "method": "totp", "code": "000000"})
        return "mfa_invalid" if answer.status_code == 401 else "locked"

    def by_kept_ticket() -> str:
        told = prove(api, kept, "000000").code
        return "mfa_invalid" if told == "otp_exhausted" else told

    return [
        lambda: sign_in(api, WRONG["totp"]).code,
        lambda: sign_in(api, WRONG["recovery_code"], "recovery_code").code,
        lambda: step_up(api, inside["access"], WRONG["totp"]).code,
        by_page,
        by_kept_ticket,
    ]


@pytest.mark.parametrize("at_once", [False, True])
def test_bf_10_the_owner_is_told_once_of_a_ticket_without_tries(
    api: Api, app: Authenticator, inbox: Inbox, clock: Traveller, at_once: bool
) -> None:
    """Of each ticket; guesses that come at once and those that come too late tell nothing more, and are answered the
    same."""
    for number in (1, 2):
        mfa = ticket(api)

        def guess(_: int, mfa: str = mfa) -> Reply:
            return prove(api, mfa, "000000")

        if at_once:
            parallel(guess, 8)
        answers = [guess(0) for _ in range(7)]
        assert {(answer.status, answer.code) for answer in answers[-3:]} == {(410, "otp_exhausted")}
        assert sum(post.subject.startswith("Failed second-factor attempts") for post in inbox.all(ADA)) == number
        clock.shift(5 * MINUTE)
    user = User.objects.get(email=ADA)
    assert AuditEvent.objects.filter(name="second_factor.exhausted", user_id=user.pk).count() == 2


def test_bf_10_five_in_five_minutes_over_all_doors(api: Api, app: Authenticator, doors: list[Guess]) -> None:
    """A ticket each, a kept one, a step-up, a page, a recovery code; then the right ones are not looked at either."""
    assert [guess() for guess in doors] == ["mfa_invalid"] * 5
    assert [guess() for guess in doors] == ["locked"] * 5
    locked = sign_in(api, app.code())
    assert (locked.status, locked.code, locked.body["retry_after"]) == (429, "locked", 300)
    assert sign_in(api, app.recovery_codes[0], "recovery_code").code == "locked"


def test_bf_10_the_wait_ends_and_what_is_right_opens(api: Api, app: Authenticator, clock: Traveller) -> None:
    for _ in range(5):
        assert sign_in(api, "000000").code == "mfa_invalid"
    clock.shift(299)
    assert sign_in(api, app.code()).code == "locked"
    clock.shift(1)
    assert sign_in(api, app.code()).status == 200


def test_bf_10_neither_a_sign_in_nor_lost_rates_give_fresh_tries(
    api: Api, app: Authenticator, clock: Traveller
) -> None:
    """The right password between the guesses, four of each ticket, as in the attack; Redis forgets; a restart."""
    told = []
    for _ in range(6):
        mfa = ticket(api)
        told += [prove(api, mfa, "000000").code for _ in range(4)]
        rate_counters.reset_rate_counters()
    assert told.count("mfa_invalid") == 5
    assert told.count("locked") == len(told) - 5


@pytest.mark.parametrize(("most", "window", "pause"), [(20, HOUR, 5 * MINUTE), (50, DAY, HOUR)])
def test_bf_10_twenty_an_hour_and_fifty_a_day(
    api: Api, app: Authenticator, clock: Traveller, most: int, window: int, pause: int
) -> None:
    """As often as the shorter waits let anybody."""
    compared, elapsed = 0, 0
    kinds = cycle(WRONG)
    while elapsed < window - pause:
        for _ in range(6):
            kind = next(kinds)
            compared += sign_in(api, WRONG[kind], kind).code == "mfa_invalid"
        clock.shift(pause)
        elapsed += pause
    assert compared == most
    assert sign_in(api, app.code()).code == "locked"
    clock.shift(window)
    assert sign_in(api, app.code()).status == 200


def test_bf_10_setting_up_an_app_spends_the_same_tries(api: Api, inbox: Inbox, clock: Traveller) -> None:
    """A thief in a session who guesses at a seed that waits, and an owner who confirms it in the end."""
    access = api.account(inbox, BOB)
    app = Authenticator(api.send("POST", "mfa/totp", access).body["secret"], [])

    def confirm(code: str) -> str:
        return api.send("POST", "mfa/totp/confirm", access, {"code": code}).code

    assert [confirm("000000") for _ in range(6)] == ["otp_invalid"] * 5 + ["locked"]
    assert confirm(app.code()) == "locked"
    for method in ("DELETE", "POST"):  # another seed, and the first one's end: or one account raised every alarm
        again = api.send(method, "mfa/totp", access)
        assert confirm("000000") == "locked"
    app = Authenticator(again.body["secret"], [])
    clock.shift(300)
    assert confirm(app.code()) == ""


def test_bf_10_a_proof_ends_the_run_but_not_the_windows(api: Api, app: Authenticator, clock: Traveller) -> None:
    """The owner comes in between; the thief has no more for it."""
    for _ in range(4):
        assert sign_in(api, "000000").code == "mfa_invalid"
    assert sign_in(api, app.code()).status == 200
    assert sign_in(api, "000000").code == "mfa_invalid"
    assert sign_in(api, "000000").code == "locked"
    assert Session.objects.count() == 1


def test_bf_10_who_guesses_at_one_account_locks_no_other(api: Api, app: Authenticator, inbox: Inbox) -> None:
    other = person(api, inbox, BOB)
    for _ in range(6):
        sign_in(api, "000000")
    assert sign_in(api, app.code()).code == "locked"
    assert sign_in(api, other.code(), email=BOB).status == 200
    assert api.login(ADA, PASSWORD).status == 200  # who guesses is not told at the first step


def guess_a_hundred_times(api: Api, clock: Traveller) -> None:
    """Over three days, at the code of the app; in digits with spaces between, which are no longer code."""
    for _ in range(3):
        for _ in range(50):
            clock.shift(5 * MINUTE)
            sign_in(api, "0 0 0 0 0 0")
        clock.shift(DAY)


def test_bf_10_a_hundred_in_a_row_shut_the_app_until_another_proof(
    api: Api, app: Authenticator, clock: Traveller
) -> None:
    """BF-10, BF-11: the owner still has a recovery code, and after it the app."""
    guess_a_hundred_times(api, clock)
    clock.shift(30 * DAY)
    assert sign_in(api, app.code()).code == "locked"
    assert sign_in(api, "aaaa-aaaa-aaaa-aaaa", "recovery_code").code == "mfa_invalid"
    assert sign_in(api, app.code()).code == "locked"
    assert sign_in(api, app.recovery_codes[0], "recovery_code").status == 200
    assert sign_in(api, app.code()).status == 200


def test_bf_10_an_account_whose_factors_were_removed_can_have_new_ones(
    api: Api, app: Authenticator, clock: Traveller
) -> None:
    """By the staff, or by a recovery: the thief's guesses do not outlive what they were at."""
    guess_a_hundred_times(api, clock)
    delete_factors(User.objects.get(email=ADA))
    access = api.login(ADA).body["access"]
    new = Authenticator(api.send("POST", "mfa/totp", access).body["secret"], [])
    assert api.send("POST", "mfa/totp/confirm", access, {"code": new.code()}).status == 200
    clock.shift(MINUTE)
    assert sign_in(api, new.code()).status == 200


def test_bf_10_a_start_gives_no_fresh_tries_at_what_counts(api: Api, app: Authenticator, clock: Traveller) -> None:
    access = sign_in(api, app.code()).body["access"]
    for _ in range(5):
        assert sign_in(api, "000000").code == "mfa_invalid"
    assert api.send("POST", "mfa/totp", access).status == 200
    clock.shift(MINUTE)
    assert sign_in(api, app.code()).code == "locked"
