"""HOL-14, ABU-09: what SMS costs is counted for what is sent, and the end of it is told to nobody who must not know."""

from itertools import count

import pytest
from django.utils import timezone

from tests.attacks.allowances import defaults, stranger
from tests.world import PASSWORD, Api, Inbox
from vestibule.addresses.address import Phone
from vestibule.audit.models import AuditEvent
from vestibule.courier.models import Message
from vestibule.limits import ledger, sms_costs
from vestibule.limits.models import Tally
from vestibule.limits.sms_costs import Purse, SmsCap

pytestmark = pytest.mark.usefixtures("house")
NUMBER = "+14155550100"


def costs(**words: str) -> dict[str, str]:
    """These bounds on what texts cost, and no others."""
    return {"sms_network": "", "sms_prefix": "", "sms_total": "", **words}


def prove(api: Api, inbox: Inbox) -> None:
    """An account that has this number, and no address."""
    started = api.start(phone_number=NUMBER, channel="sms", password=PASSWORD)
    api.confirm(started.registration, inbox.newest(NUMBER).code)
    inbox.empty()


def forgot(number: str, who: int) -> int:
    return stranger(who).post("password/reset", {"phone_number": number}).status


def sign_up(number: str, who: int) -> int:
    return stranger(who).start(phone_number=number, channel="sms", password=PASSWORD).status


def test_hol_14_resets_for_numbers_that_nobody_has_cost_nothing(api: Api, inbox: Inbox) -> None:
    prove(api, inbox)
    with defaults():
        assert [forgot(f"+1415555{n:04d}", n) for n in range(1000, 1060)] == [202] * 60
        assert forgot(NUMBER, 2000) == 202  # which is paid out of the purse of resets
        assert inbox.newest(NUMBER).code
        assert sign_up("+14155550101", 1) == 202
        assert inbox.newest("+14155550101").code


def test_hol_14_nor_do_they_where_all_come_from_one_network(inbox: Inbox) -> None:
    with defaults():
        assert {forgot(f"+1415555{n:04d}", 1) for n in range(1000, 1048)} == {202}
        assert sign_up(NUMBER, 1) == 202


@pytest.mark.parametrize("cap", [SmsCap.NETWORK, SmsCap.PREFIX, SmsCap.TOTAL])
def test_hol_14_a_reset_never_says_that_a_text_would_cost_too_much(cap: SmsCap, api: Api, inbox: Inbox) -> None:
    """What is sent costs, what is not does not: so whoever asks must not be told where it ends."""
    for number in (NUMBER, "+14155550101"):
        started = api.start(phone_number=number, channel="sms", password=PASSWORD)
        api.confirm(started.registration, inbox.newest(number).code)
    inbox.empty()
    with defaults(**costs(**{f"sms_{cap}": "1/day"})):
        numbers = (NUMBER, "+14155550101", "+14155550199")
        assert [forgot(number, 1) for number in numbers] == [202] * 3
    assert [bool(inbox.all(number)) for number in numbers] == [True, False, False]


def test_hol_14_the_breaker_looks_at_codes_that_were_sent(inbox: Inbox, api: Api) -> None:
    with defaults():
        for n in range(60):
            forgot(f"+1415555{n + 2000:04d}", n)
        assert not sms_costs.is_breaker_open(timezone.now())


def test_abu_09_the_text_beyond_the_days_cap_is_refused_and_mail_goes_on(api: Api, inbox: Inbox) -> None:
    with defaults(**costs(sms_total="2/day")):
        replies = [
            api.start(phone_number=f"+1415555{n:04d}", channel="sms", password=PASSWORD) for n in range(3000, 3004)
        ]
        assert [reply.status for reply in replies] == [202, 202, 429, 429]
        assert replies[-1].code == "throttled"
        assert api.start(email="ada@example.com", password=PASSWORD).status == 202
    assert len(inbox.all()) == 3
    assert not AuditEvent.objects.filter(name="sms.refused").exists()  # counted by day, as every flood


@pytest.mark.parametrize("cap", [SmsCap.NETWORK, SmsCap.PREFIX, SmsCap.TOTAL])
def test_hol_14_the_429_of_a_sign_up_does_not_tell_whether_a_reset_was_sent(
    cap: SmsCap, api: Api, inbox: Inbox
) -> None:
    prove(api, inbox)
    caps = costs(**{f"sms_{cap}": "2/day"})
    told = {}
    for target in (NUMBER, "+14155550199"):
        Tally.objects.all().delete()
        inbox.empty()
        with defaults(**caps):
            told[target] = [sign_up("+14155554001", 1), forgot(target, 1), sign_up("+14155554002", 1)]
            told[target] += [sign_up("+14155554003", 1)]
        assert bool(inbox.all(target)) == (target == NUMBER)
    assert told[NUMBER] == told["+14155550199"] == [202, 202, 202, 429]


@pytest.mark.parametrize("target", [NUMBER, "+14155550199"], ids=["known", "unknown"])
def test_hol_14_nor_does_what_wrong_passwords_send(target: str, api: Api, inbox: Inbox) -> None:
    """The owner of a number is told of them by SMS; whoever typed them is told the same of a number that nobody has."""
    prove(api, inbox)
    with defaults(**costs(sms_total="1/day")):
        assert [sign_up(f"+1415555400{n}", n) for n in (1, 2)][-1] == 429
        wrong = {"phone_number": target, "password": "not this password"}
        assert [stranger(3).post("login", wrong).status for _ in range(6)] == [401] * 5 + [429]


def test_hol_14_nor_does_the_breaker(api: Api, inbox: Inbox) -> None:
    prove(api, inbox)
    Tally.objects.all().delete()
    with defaults(**costs()):
        for _ in range(sms_costs.BREAKER.windows[0][0] - 1):
            ledger.spend_all(
                timezone.now(), *sms_costs.counts_for_number(Phone("+14155554001"), "192.0.2.1", Purse.TOLD)
            )
        assert forgot(NUMBER, 1) == 202
        assert inbox.newest(NUMBER).code
        assert [sign_up(f"+1415555400{n}", n) for n in (2, 3)] == [202, 429]


def bounded(cap: SmsCap) -> dict[str, str]:
    """Three texts by that cap, which is the breaker's own business, and no other bound."""
    return costs() if cap is SmsCap.BREAKER else costs(**{f"sms_{cap}": "3/day"})


def close(cap: SmsCap) -> None:
    """Strangers spend what they can: of a day's budget, or of what makes the breaker open."""
    numbers = count(4000)
    while sign_up(f"+1415555{(n := next(numbers)):04d}", n) == 202:
        pass
    assert forgot(f"+1415555{next(numbers):04d}", 1) == 202
    assert sms_costs.is_breaker_open(timezone.now()) == (cap is SmsCap.BREAKER)


@pytest.mark.parametrize("cap", [SmsCap.PREFIX, SmsCap.TOTAL, SmsCap.BREAKER])
def test_hol_05b_strangers_who_spent_the_texts_delay_no_way_back_by_sms(cap: SmsCap, api: Api, inbox: Inbox) -> None:
    """The notice of a thief's sign-in, the link in it, and the reset that it brings, where there is no mail."""
    prove(api, inbox)
    with defaults(**bounded(cap)):
        close(cap)
        inbox.empty()
        assert stranger(9).post("login", {"phone_number": NUMBER, "password": PASSWORD}).status == 200
        told = inbox.newest(NUMBER)
        assert "New sign-in" in told.text
        assert stranger(8).post("sessions/disown", {"token": told.token}).status == 204
        chosen = {"phone_number": NUMBER, "otp": inbox.newest(NUMBER).code, "password": "another password entirely"}
        assert stranger(8).post("password/reset/confirm", chosen).status == 204


@pytest.mark.parametrize("cap", [SmsCap.PREFIX, SmsCap.TOTAL, SmsCap.BREAKER])
def test_hol_05b_nor_the_reset_of_a_network_that_the_account_knows(cap: SmsCap, api: Api, inbox: Inbox) -> None:
    prove(api, inbox)
    with defaults(**bounded(cap)):
        close(cap)
        inbox.empty()
        assert api.post("password/reset", {"phone_number": NUMBER}).status == 202
        assert inbox.newest(NUMBER).code


def test_abu_09_what_accounts_cause_is_bounded_too_and_not_lost(api: Api, inbox: Inbox) -> None:
    prove(api, inbox)
    with defaults(sms_network="1/day", sms_prefix="1/day", sms_total="1/day"):
        for number in (8, 9):
            assert stranger(number).post("login", {"phone_number": NUMBER, "password": PASSWORD}).status == 200
    assert Message.objects.filter(kind="new_sign_in").count() == 1
    assert Message.objects.get(kind="digest").state == "queued"
