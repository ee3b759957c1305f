"""HOL-14, ABU-09: what SMS costs is counted for what is sent, and the end of it is told to nobody who must not know."""

import pytest
from django.utils import timezone

from tests.attacks.allowances import defaults, stranger
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts import identifiers
from vestibule.audit.models import AuditEvent
from vestibule.courier.models import Message
from vestibule.guards import rates, rules, texting
from vestibule.guards.allowance import UNBOUNDED, Allowance
from vestibule.guards.texting import Cap

pytestmark = pytest.mark.usefixtures("house")
NUMBER = "+14155550100"


def allowed(words: str) -> Allowance:
    return rates.of_cap(rules.SMS_TOTAL, lambda *_: words)


def forgot(number: str, who: int) -> int:
    return stranger(who).post("password/reset", {"phone_number": number}).status


def sign_up(number: str, who: int) -> int:
    return stranger(who).start(phone_number=number, channel="sms", password=PASSWORD).status


def test_hol_14_resets_for_numbers_that_nobody_has_cost_nothing(inbox: Inbox) -> None:
    with defaults():
        assert [forgot(f"+1415555{n:04d}", n) for n in range(1000, 1060)] == [202] * 60
        assert sign_up(NUMBER, 1) == 202
        assert inbox.newest(NUMBER).code


def test_hol_14_nor_do_they_where_all_come_from_one_network(inbox: Inbox) -> None:
    with defaults():
        assert {forgot(f"+1415555{n:04d}", 1) for n in range(1000, 1048)} == {202}
        assert sign_up(NUMBER, 1) == 202


@pytest.mark.parametrize(("cap", "words"), [(Cap.NETWORK, "1/day"), (Cap.PREFIX, "3/day"), (Cap.TOTAL, "3/day")])
def test_hol_14_a_reset_never_says_that_a_text_would_cost_too_much(
    cap: Cap, words: str, api: Api, inbox: Inbox
) -> None:
    """What is sent costs, what is not does not: so whoever asks must not be told where it ends."""
    for number in (NUMBER, "+14155550101"):
        started = api.start(phone_number=number, channel="sms", password=PASSWORD)
        api.confirm(started.registration, inbox.newest(number).code)
    inbox.empty()
    caps = {**dict.fromkeys(Cap, UNBOUNDED), cap: allowed(words)}
    with defaults(SMS_CAPS=caps):
        numbers = (NUMBER, "+14155550101", "+14155550199")
        assert [forgot(number, 1) for number in numbers] == [202] * 3
    assert [bool(inbox.all(number)) for number in numbers] == [True, False, False]


def test_hol_14_the_breaker_looks_at_codes_that_were_sent(inbox: Inbox, api: Api) -> None:
    with defaults():
        for n in range(60):
            forgot(f"+1415555{n + 2000:04d}", n)
        assert not texting.closed(timezone.now())


def test_abu_09_the_text_beyond_the_days_cap_is_refused_and_mail_goes_on(api: Api, inbox: Inbox) -> None:
    total = allowed("2/day")
    with defaults(SMS_CAPS={**dict.fromkeys(Cap, UNBOUNDED), Cap.TOTAL: total}):
        replies = [
            api.start(phone_number=f"+1415555{n:04d}", channel="sms", password=PASSWORD) for n in range(3000, 3004)
        ]
        assert [reply.status for reply in replies] == [202, 202, 429, 429]
        assert replies[-1].code == "throttled"
        assert api.start(email="ada@example.com", password=PASSWORD).status == 202
    assert len(inbox.all()) == 3
    assert not AuditEvent.objects.filter(name="sms.refused").exists()  # counted by day, as every flood


def test_abu_09_a_refused_text_leaves_the_owner_of_a_number_their_sign_in(api: Api, inbox: Inbox) -> None:
    """The notice of a new sign-in goes by SMS where there is no mail: its cost refuses nobody, and it is not lost."""
    started = api.start(phone_number=NUMBER, channel="sms", password=PASSWORD)
    api.confirm(started.registration, inbox.newest(NUMBER).code)
    spent = dict.fromkeys(Cap, allowed("1/day"))
    with defaults(SMS_CAPS=spent):
        assert sign_up("+14155554001", 1) == 429
        entered = stranger(9).post("login", {"phone_number": identifiers.phone(NUMBER), "password": PASSWORD})
        assert entered.status == 200
    assert Message.objects.get(kind="digest").state == "queued"
