"""What SMS may cost: caps per network, prefix and day, countries, and the breaker; toll fraud earns nothing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.transaction import atomic

from tests.configured import configured, rated
from tests.contracts.stores import NOW, SECOND
from tests.world import PASSWORD, Api, Inbox
from vestibule.addresses import parsing
from vestibule.addresses.address import Phone
from vestibule.courier.models import Message
from vestibule.limits import ledger, rules, sms_costs
from vestibule.limits.sms_costs import Purse, SmsCap

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NUMBER = "+14155550100"


@pytest.fixture(autouse=True)
def caps(house: None) -> Iterator[None]:
    """The defaults, as the settings make them."""
    with rated(**{cap.name: cap.per_identifier for cap in rules.SMS_COST_CAPS}):
        yield


def spend(number: str = NUMBER, network: str = "192.0.2.1", at: timedelta = timedelta()) -> SmsCap | None:
    """One SMS; the cap that refused it."""
    if sms_costs.is_breaker_open(NOW + at):
        return SmsCap.BREAKER
    with atomic():
        spent = ledger.spend_all(NOW + at, *sms_costs.counts_for_number(Phone(number), network, Purse.TOLD))
    refused = sms_costs.find_refusing_cap(spent.full)
    return refused[0] if refused else None


def number(of: int, prefix: str = "") -> str:
    """A number, each with a prefix of its own unless one is given."""
    return f"{prefix or f'+4915{of:04d}'}{of:04d}"


def test_ten_an_hour_from_one_network() -> None:
    """ABU-07."""
    assert [spend(number(n)) for n in range(11)] == [None] * 10 + [SmsCap.NETWORK]
    assert spend(number(11), network="192.0.2.2") is None
    assert spend(number(12), at=HOUR) is None


def test_twenty_an_hour_to_one_prefix() -> None:
    """ABU-07."""
    prefix = "+4915123"
    assert [spend(number(n, prefix), network=f"192.0.2.{n}") for n in range(21)] == [None] * 20 + [SmsCap.PREFIX]
    assert spend(number(0, "+4915124"), network="192.0.2.99") is None


def test_a_hundred_a_day_in_all() -> None:
    """ABU-09."""
    used = [spend(number(n), network=f"10.0.{n}.1", at=n * SECOND) for n in range(49)]
    for n in range(20):
        sms_costs.count_code_used(NOW + n * SECOND)
    used += [spend(number(n), network=f"10.0.{n}.1", at=n * SECOND) for n in range(49, 52)]
    for _ in range(20):
        sms_costs.count_code_used(NOW + 60 * SECOND)
    used += [spend(number(n), network=f"10.0.{n}.1", at=n * SECOND) for n in range(52, 101)]
    assert used == [None] * 100 + [SmsCap.TOTAL]
    assert spend(number(200), network="10.1.0.1", at=DAY + 2 * HOUR) is None


@pytest.mark.parametrize(("proved", "answer"), [(14, SmsCap.BREAKER), (15, None)])
def test_the_breaker_opens_when_few_codes_come_back(proved: int, answer: SmsCap | None) -> None:
    """ABU-07."""
    for n in range(50):
        assert spend(number(n), network=f"10.0.{n}.1") is None  # too few to tell
    for _ in range(proved):
        sms_costs.count_code_used(NOW)
    assert spend(number(99), network="10.1.0.1") is answer
    assert spend(number(99), network="10.1.0.1", at=DAY + HOUR) is None


def test_what_was_refused_is_not_counted_and_nothing_is_half_done(api: Api, inbox: Inbox) -> None:
    for n in range(10):
        assert api.start(phone_number=f"+1415555{n:04d}", channel="sms", password=PASSWORD).status == 202
    before = Message.objects.count()
    refused = [api.start(phone_number="+14155551111", channel="sms", password=PASSWORD) for _ in range(2)]
    refused += [api.register(phone_number="+14155551111", channel="sms", password=PASSWORD)]
    assert {(reply.status, reply.code) for reply in refused} == {(429, "throttled")}
    assert all(0 < int(reply.headers["Retry-After"]) <= 3600 for reply in refused)
    assert Message.objects.count() == before
    assert api.start(email="ada@example.com", password=PASSWORD).status == 202  # mail goes on


def test_the_caps_say_nothing_of_accounts(api: Api, inbox: Inbox) -> None:
    """ABU-07: a number with an account costs the same: the caps fall at the same request."""
    registration = api.start(phone_number=NUMBER, channel="sms", password=PASSWORD).registration
    api.confirm(registration, inbox.newest(NUMBER).code)
    with rated(mail="", sms=""):
        for known in (NUMBER, "+14155550199"):
            with rated(sms_network="", sms_prefix="3/hour", sms_total=""):
                statuses = [api.start(phone_number=known, channel="sms", password=PASSWORD).status for _ in range(4)]
            if known == NUMBER:
                told = statuses
    assert told == [202, 202, 429, 429]


@pytest.mark.parametrize(
    ("countries", "typed", "texted"),
    [
        (["*"], NUMBER, True),
        (["US"], NUMBER, True),
        (["DE", "AT"], NUMBER, False),
        (["DE", "AT"], "+4915112345678", True),
        ([], NUMBER, False),
        (["US"], "+14165550100", False),  # Canada, under the same +1
        (["*"], "+18005550100", True),
        (["*"], "+19002345678", False),  # premium rate
    ],
)
def test_only_countries_that_are_allowed_get_texts(api: Api, countries: list[str], typed: str, texted: bool) -> None:
    """ABU-07."""
    with configured(SMS_COUNTRIES=countries):
        assert parsing.parse_phone(typed).is_sms_allowed is texted
        for reply in (
            api.start(phone_number=typed, channel="sms", password=PASSWORD),
            api.register(phone_number=typed, channel="sms", password=PASSWORD),
        ):
            assert reply.status in (201, 202) if texted else reply.body["codes"] == {"phone_number": ["unsupported"]}
        mailed = api.register(email="ada@example.com", phone_number=typed, password=PASSWORD).registration
        elsewhere = api.post("verify-phone/start", {"registration": mailed})
        assert (elsewhere.status == 202) is texted
