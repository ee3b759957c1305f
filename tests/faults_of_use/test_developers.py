"""While every mail ends in the mailbox, a developer at the machine is not stopped by what is there against strangers;
and nobody else gets anything of it (docs/decisions/0147)."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.configured import configured
from tests.fresh import fresh_settings
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.kernel import hosts
from vestibule.limits import rates
from vestibule.limits.rules import CAPS, DEFAULT_RATES, RULES, SMS_COST_CAPS
from vestibule.web.operators import FORWARDING_HEADERS

ADA = "ada@example.com"
DEVELOPER = {"MAILBOX": True, "RATES": {}}  # nobody set a rate
MAILS = 22  # more than one network may cause in an hour
STARTS = 6  # over the default for one network
WRONG = "quite another password"


def statuses(count: int, **sent: Any) -> set[int]:
    """What a script gets that signs so many people up."""
    api = Api(Http(**sent))
    return {api.start(email=f"{n}.{ADA}", password=PASSWORD).status for n in range(count)}


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1"])
def test_a_developer_signs_up_again_and_again_and_each_mail_comes(house: None, inbox: Inbox, peer: str) -> None:
    with configured(**DEVELOPER):
        assert statuses(MAILS, REMOTE_ADDR=peer) == {202}
        assert len(inbox.all()) == MAILS


def test_what_one_address_may_get_stays(house: None, inbox: Inbox) -> None:
    with configured(**DEVELOPER):
        api = Api(Http(REMOTE_ADDR="127.0.0.1"))
        assert {api.start(email=ADA, password=PASSWORD).status for _ in range(8)} == {202}
        assert len(inbox.all(ADA)) == 5


@pytest.mark.parametrize(
    "sent",
    [
        {"REMOTE_ADDR": "203.0.113.7"},
        {"REMOTE_ADDR": "192.168.1.2"},
        {"REMOTE_ADDR": "::ffff:203.0.113.7"},
        {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},  # of a proxy that is trusted
        {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "::1"},
        *({"REMOTE_ADDR": "127.0.0.1", header: "127.0.0.1"} for header in FORWARDING_HEADERS),
    ],
    ids=" ".join,
)
def test_nobody_else_is_let_off(house: None, sent: dict[str, str]) -> None:
    with configured(**DEVELOPER):
        assert 429 in statuses(STARTS, **sent)


def test_without_the_mailbox_this_machine_is_like_any_other(house: None) -> None:
    with configured(**{**DEVELOPER, "MAILBOX": False}):
        assert 429 in statuses(STARTS, REMOTE_ADDR="127.0.0.1")


def test_a_rate_that_somebody_set_is_meant(house: None) -> None:
    """Also one that is the default."""
    with configured(MAILBOX=True, RATES={"register_start": DEFAULT_RATES["register_start"]}):
        assert 429 in statuses(STARTS, REMOTE_ADDR="127.0.0.1")


def test_the_settings_hold_what_was_set_and_nothing_else(tmp_path: Path) -> None:
    with fresh_settings(tmp_path) as its:
        assert its.VESTIBULE["RATES"] == {}
    with fresh_settings(tmp_path, RATE_LOGIN="10/minute;100/hour", RATE_ANON="", RATE_SMS_TOTAL="7/day") as its:
        assert its.VESTIBULE["RATES"] == {"login": "10/minute;100/hour", "anon": "", "sms_total": "7/day"}
    with fresh_settings(tmp_path, RATE_LIMITS="off", RATE_LOGIN="9/minute", RATE_SMS_TOTAL="7/day") as its:
        off = its.VESTIBULE["RATES"]
    costs = {cap.name for cap in SMS_COST_CAPS}
    assert off == {**dict.fromkeys(DEFAULT_RATES.keys() - costs, ""), "sms_total": "7/day"}


def test_each_default_is_a_hundred_times_as_much() -> None:
    with configured(RATES={}):
        for rule in RULES:
            at_most = [(rate.amount * 100, rate.get_expiry()) for rate in rates.rates_per_network(rule)]
            assert at_most == [(r.amount, r.get_expiry()) for r in rates.rates_per_network(rule, relaxed=True)]
        for cap in CAPS:
            usual = [(amount * 100, span) for amount, span in rates.cap_allowance(cap).windows]
            assert usual == [*rates.cap_allowance(cap, relaxed=True).windows]


def test_the_budgets_of_guesses_stay(ada: str, inbox: Inbox) -> None:
    """Of passwords and of codes: a script on this machine tries out no more of them than ever."""
    with configured(**DEVELOPER):
        stranger = Api(Http(REMOTE_ADDR="::1"))
        tried = [stranger.login(ADA, WRONG) for _ in range(8)]
        handles = [stranger.start(email="bob@example.com", password=PASSWORD).registration for _ in range(4)]
        codes = [stranger.confirm(handle, "000000") for handle in handles for _ in range(5)]
        assert [each.code for each in tried] == ["invalid_credentials"] * 5 + ["locked"] * 3
        assert [each.code for each in codes] == (["otp_invalid"] * 4 + ["otp_exhausted"]) * 2 + ["locked"] * 10


def test_texts_may_cost_money_also_while_mails_end_in_the_mailbox(house: None, inbox: Inbox) -> None:
    number = "+14155550123"
    with configured(**DEVELOPER):
        api = Api(Http())
        for _ in range(5):
            api.start(phone_number=number, channel="sms", password=PASSWORD)
        assert len(inbox.all(number)) == 3


LOCAL = [
    "http://localhost:5173",
    "http://localhost",
    "http://127.0.0.1:3000",
    "http://[::1]:8080",
    "https://localhost:1",
]
FOREIGN = [
    *("https://evil.example", "http://localhost.evil.example", "http://localhost:80.evil.example", "null", ""),
    *("http://127.0.0.1.evil.example", "http://evil.example/http://localhost", "http://localhost:5173\n", "file://"),
    *("http://localhost@evil.example", "http://192.168.1.5:3000", "http://xlocalhost", "ftp://localhost"),
]


def test_a_page_of_this_machine_may_call_the_api_and_no_other() -> None:
    assert [origin for origin in LOCAL + FOREIGN if re.match(hosts.LOCAL_ORIGIN, origin)] == LOCAL


@pytest.mark.parametrize("origin", [LOCAL[0], *FOREIGN[:3]])
def test_the_answer_names_the_origin_on_the_api_alone(house: None, origin: str) -> None:
    with configured(CORS_ALLOWED_ORIGIN_REGEXES=[hosts.LOCAL_ORIGIN]):
        for path in ("/api/auth/config", "/dev/mailbox/", "/login/", "/metrics"):
            answer = Http().get(path, headers={"Origin": origin})
            allowed = origin in LOCAL and path.startswith("/api/")
            assert answer.get("Access-Control-Allow-Origin") == (origin if allowed else None)
            assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.parametrize(
    ("environment", "open_to_localhost"),
    [
        ({}, True),
        ({"BIND": "::1"}, True),
        ({"MAILBOX_PUBLIC": "on", "BIND": "0.0.0.0"}, False),
        ({"MAILBOX_PUBLIC": "on"}, False),
        ({"EMAIL_HOST": "smtp.example.com", "DEFAULT_FROM_EMAIL": "no-reply@example.com"}, False),
    ],
)
def test_localhost_may_call_only_where_the_mailbox_is_this_machine_s(
    tmp_path: Path, environment: dict[str, str], open_to_localhost: bool
) -> None:
    with fresh_settings(tmp_path, **environment) as its:
        assert bool(its.CORS_ALLOWED_ORIGIN_REGEXES) == open_to_localhost


def test_a_terminal_gets_lines_for_people_and_a_program_objects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at_terminal, given, used in (
        (True, {}, "console"),
        (False, {}, "json"),
        (True, {"LOG_FORMAT": "json"}, "json"),
        (False, {"LOG_FORMAT": "console"}, "console"),
    ):
        monkeypatch.setattr("sys.stdout.isatty", lambda at_terminal=at_terminal: at_terminal)
        with fresh_settings(tmp_path, **given) as its:
            assert its.ENVIRONMENT.values["LOG_FORMAT"] == used
