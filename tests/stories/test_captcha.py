"""A captcha at the rules' word: never, suspicious, always; ours is a proof of work, and who has no JavaScript waits."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from io import StringIO
from typing import Any

import altcha
import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from time_machine import travel

from tests.browsing import alert_words
from tests.configured import captchas, configured, rated
from tests.contracts.stores import at_once
from tests.world import PASSWORD, Api, Http, Inbox, Reply
from vestibule.audit.models import AuditEvent
from vestibule.captcha import altcha as ours
from vestibule.conf import conf
from vestibule.courier.models import Message
from vestibule.kernel import cached
from vestibule.kernel.errors import CaptchaInvalid
from vestibule.limits import rate_counters
from vestibule.limits.models import Tally

ADA, NOON = "ada@example.com", "2026-03-01T12:00:00Z"
DOORS: dict[str, tuple[str, dict[str, str], int]] = {  # path, body, and the status of whoever is let in
    "register/start": ("register", {"email": "new@example.com", "password": PASSWORD}, 202),
    "register": ("register", {"email": "new@example.com", "password": PASSWORD}, 201),
    "login": ("login", {"email": "nobody@example.com", "password": PASSWORD}, 401),
    "password/reset": ("password_reset", {"email": ADA}, 202),
}
PAGES = {"/register/": "register", "/login/": "login", "/password/reset/": "password_reset"}


def words(word: str) -> Any:
    """That word at every door, and a proof of work that costs a test nothing."""
    return configured(**captchas(word), CAPTCHA_COST=1)


@pytest.fixture
def always(house: None) -> Iterator[None]:
    """Everybody is asked."""
    with words("always"):
        yield


@pytest.fixture
def suspicious(house: None) -> Iterator[None]:
    """Who looks suspicious is asked."""
    with words("suspicious"):
        yield


def payload(api: Api, purpose: str) -> altcha.Payload:
    """A challenge of ours, solved by the library's solver as the widget does it."""
    answer = api.http.get(f"/api/auth/captcha?for={purpose}")
    assert answer.status_code == 200
    challenge = altcha.Challenge.from_dict(answer.json())
    solution = altcha.solve_challenge(challenge)
    assert solution
    return altcha.Payload(challenge, solution)


def solve(api: Api, purpose: str = "register") -> str:
    """The same as the widget sends it."""
    return payload(api, purpose).to_base64()


def start(api: Api, captcha: str = "", email: str = "new@example.com") -> Reply:
    """Sign up."""
    return api.start(email=email, password=PASSWORD, captcha=captcha)


# Always.


@pytest.mark.parametrize("door", DOORS)
def test_every_door_asks_before_anything_is_done(always: None, api: Api, door: str, printed: StringIO) -> None:
    purpose, body, let_in = DOORS[door]
    refused = [api.post(door, body), api.post(door, {**body, "captcha": "rubbish"})]
    assert [(reply.status, reply.code) for reply in refused] == [(403, "captcha_required"), (400, "captcha_invalid")]
    assert not Message.objects.exists()
    assert not Tally.objects.exists()
    assert printed.getvalue().count('"captcha.refused"') == 2
    assert api.post(door, {**body, "captcha": solve(api, purpose)}).status == let_in


def test_an_answer_counts_once(always: None, api: Api) -> None:
    solved = solve(api)
    assert [start(api, solved).code for _ in range(3)] == ["", "captcha_invalid", "captcha_invalid"]
    respelled = b64encode(b" " + b64decode(solved)).decode()
    assert start(api, respelled).code == "captcha_invalid"


def test_of_two_at_once_with_one_answer_one_is_let_in(always: None, api: Api) -> None:
    solved = solve(api)
    codes = at_once(lambda n: start(Api(), solved, f"p{n}@example.com").code, times=4)
    assert sorted(codes) == ["", *["captcha_invalid"] * 3]


def test_where_nobody_can_say_whether_it_was_used_nobody_is_let_in(always: None, api: Api) -> None:
    solved = solve(api)

    def lost(execute: Any, sql: str, *rest: Any) -> Any:
        if "vestibule_limit_tally" in sql:
            raise OperationalError("the connection is lost")
        return execute(sql, *rest)

    with connection.execute_wrapper(lost):
        assert (start(api, solved).status, start(api, solved).code) == (503, "unavailable")
        assert Form("/register/").send(**TYPED, captcha=solved).status_code == 503
    assert start(api, solved).status == 202


def test_an_altered_answer_is_none(always: None, api: Api) -> None:
    for change in ("cost", "nonce", "salt", "expiry", "prefix", "signature", "counter", "unsigned"):
        changed = payload(api, "register")
        parameters = changed.challenge.parameters
        if change == "cost":
            parameters.cost += 1
        elif change == "nonce":
            parameters.nonce = parameters.nonce[::-1]
        elif change == "salt":
            parameters.salt = parameters.salt[::-1]
        elif change == "expiry":
            parameters.expires_at = 4_000_000_000
        elif change == "prefix":
            parameters.key_prefix = ""
        elif change == "signature":
            changed.challenge.signature = "0" * 64
        elif change == "counter":
            changed.solution.counter += 1
        else:
            changed.challenge.signature = None
        assert start(api, changed.to_base64()).code == "captcha_invalid", change


def test_a_foreign_answer_is_none(always: None, api: Api) -> None:
    """Made for another purpose, at another address, under another key; an older key of ours is recognised."""
    assert start(api, solve(api, "login")).code == "captcha_invalid"
    with configured(BASE_URL="https://elsewhere.example"):
        elsewhere = solve(api)
    assert start(api, elsewhere).code == "captcha_invalid"
    with configured(SECRET_KEY="the secret key of somebody else, long enough"):
        stranger = solve(api)
    assert start(api, stranger).code == "captcha_invalid"
    before = solve(api)
    with configured(SECRET_KEY="a newer secret key that is long enough", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert start(api, before).status == 202


def test_an_answer_expires(house: None, api: Api) -> None:
    with words("always"), travel(NOON, tick=False) as clock:
        early, late = solve(api), solve(api)
        clock.shift(599)
        assert start(api, early).status == 202
        clock.shift(1)
        assert start(api, late).code == "captcha_invalid"


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda raw: b64encode(raw).decode())))
def test_whatever_comes_is_refused_in_order(text: str) -> None:
    with pytest.raises(CaptchaInvalid):
        ours.check_solution(text, "register", timezone.now())


@pytest.mark.parametrize(
    "inner", ["[]", "{}", '{"challenge":[],"solution":{}}', '{"challenge":{"parameters":"x"}}', "1"]
)
def test_json_of_another_shape_is_refused_in_order(inner: str) -> None:
    with pytest.raises(CaptchaInvalid):
        ours.check_solution(b64encode(inner.encode()).decode(), "register", timezone.now())


def test_a_sign_up_that_goes_elsewhere_is_asked_like_one_that_begins(always: None, api: Api, inbox: Inbox) -> None:
    handle = start(api, solve(api)).registration
    elsewhere = {"registration": handle, "email": "other@example.com"}
    assert api.post("register/redirect", elsewhere).code == "captcha_required"
    assert api.post("verify-phone/start", {"registration": handle}).code == "captcha_required"
    moved = api.post("register/redirect", {**elsewhere, "captcha": solve(api)})
    assert moved.status == 202
    assert api.confirm(moved.registration, inbox.newest("other@example.com").code).status == 201


# Never, and what a client is told.


def test_never_looks_at_nothing(api: Api) -> None:
    with configured(CAPTCHA_PROVIDER="turnstile", CAPTCHA_VERIFY_URL="http://127.0.0.1:9"):
        assert start(api, "rubbish").status == 202
    assert all("captcha" not in api.http.get(page).content.decode() for page in PAGES)


def test_a_client_is_told_what_to_solve(always: None, api: Api) -> None:
    told = api.http.get("/api/auth/config").json()["captcha"]
    assert told == {"provider": "altcha", "site_key": "", **dict.fromkeys(conf.captchas, "always")}
    assert api.http.get("/api/auth/captcha?for=lunch").json()["codes"] == {"for": ["invalid_choice"]}
    assert api.http.get("/api/auth/captcha").status_code == 400
    work = api.http.get("/api/auth/captcha?for=login").json()["parameters"]
    assert (work["algorithm"], work["keyPrefix"], work["cost"]) == ("PBKDF2/SHA-256", "00", 1)


# Suspicious.


def test_a_network_that_used_half_of_its_rate_is_asked(suspicious: None, api: Api) -> None:
    with rated(register_start="5/hour"):
        assert [start(api, email=f"p{n}@example.com").status for n in range(2)] == [202, 202]
        assert start(api).code == "captcha_required"
        assert start(api, solve(api)).status == 202


def fail(api: Api, times: int, email: str = ADA, network: str = "198.51.100.7") -> list[str]:
    """Wrong passwords from a network; the codes of the answers."""
    return [api.login(email, "the wrong password").code for api in [strangers(network)] for _ in range(times)]


def strangers(network: str) -> Api:
    """Somebody behind the trusted proxy of the tests."""
    return Api(Http(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": network}, raise_request_exception=False))


def test_after_three_failures_strangers_are_asked_and_the_owner_is_not(
    suspicious: None, api: Api, inbox: Inbox
) -> None:
    """BF-11, and ENUM-01: a name that nobody has gets the same answers."""
    api.account(inbox, ADA)  # from this network, which is known from now on
    for email in (ADA, "nobody@example.com"):
        assert fail(api, 4, email) == [*["invalid_credentials"] * 3, "captcha_required"]
    away = strangers("203.0.113.9")
    assert away.login(ADA).code == "captcha_required"
    assert away.login(ADA, captcha=solve(api, "login")).status == 200
    fail(api, 3)
    assert api.login(ADA).status == 200
    streak = Tally.objects.filter(scope="passwords", streak__gt=0)
    assert all(tally.streak == 3 for tally in streak)  # who was asked was not counted


def test_while_strangers_wait_they_are_told_to(suspicious: None, api: Api) -> None:
    with travel(NOON, tick=False) as clock:
        fail(api, 3)
        for _ in range(2):
            assert api.login(ADA, "wrong", captcha=solve(api, "login")).code == "invalid_credentials"
        assert api.login(ADA, "wrong").code == "locked"
        clock.shift(61)
        assert api.login(ADA, "wrong").code == "captcha_required"


@pytest.mark.parametrize(("code", "within"), [("otp_invalid", 3600), ("invalid_credentials", 300)])
def test_while_the_whole_system_is_tried_everybody_is_asked(suspicious: None, api: Api, code: str, within: int) -> None:
    """SECURITY's number, and BF-12."""
    with travel(NOON, tick=False) as clock:
        event = {"at": timezone.now(), "name": "somebody.refused", "actor": "anonymous"}
        AuditEvent.objects.bulk_create(AuditEvent(**event, code=code) for _ in range(999))
        assert start(api).status == 202
        AuditEvent.objects.create(**event, code=code)
        clock.shift(11)
        cached.reset_all()  # each process looks every ten seconds
        assert start(api).code == "captcha_required"
        assert start(api, solve(api)).status == 202
        clock.shift(within)
        cached.reset_all()
        assert start(api).status == 202


# The pages, without JavaScript.


class Form:
    """A page with a form, as it stands in a browser without JavaScript."""

    def __init__(self, path: str) -> None:
        self.path, self.http = path, Http()
        self.html = self.http.get(path).content.decode()

    @property
    def ticket(self) -> str:
        """The ticket in it; empty where there is none."""
        found = re.search(r'name="wait" value="([^"]+)"', self.html)
        return found[1] if found else ""

    def send(self, **typed: str) -> Any:
        """Press the button: the next page."""
        answer = self.http.post(self.path, {"wait": self.ticket, **typed})
        self.html = answer.content.decode()
        return answer


TYPED = {"email": "new@example.com", "password": PASSWORD}


def test_without_javascript_a_person_waits(house: None, inbox: Inbox, printed: StringIO) -> None:
    with words("always"), travel(NOON, tick=False) as clock:
        form = Form("/register/")
        assert "30 seconds after you opened this page" in form.html
        clock.shift(10)
        early = form.send(**TYPED)
        assert (early.status_code, early["Retry-After"]) == (403, "20")
        assert alert_words(form.html) == "A check keeps robots out. Try again in 20 seconds."
        assert 'value="new@example.com"' in form.html
        clock.shift(20)
        form.send(email="nobody", password=PASSWORD)  # a slip of the pen costs no second wait
        assert form.send(**TYPED).status_code == 200
        assert inbox.newest("new@example.com").code
        assert '"captcha.waited"' in printed.getvalue()


@pytest.mark.parametrize(("path", "let_in"), [("/login/", 401), ("/password/reset/", 200)])
def test_so_at_the_other_forms(house: None, path: str, let_in: int) -> None:
    with words("always"), travel(NOON, tick=False) as clock:
        form = Form(path)
        clock.shift(30)
        assert form.send(name="nobody", email=ADA, password="the wrong password").status_code == let_in


def test_a_ticket_counts_once_for_one_thing_and_not_for_ever(house: None) -> None:
    with words("always"), travel(NOON, tick=False) as clock:
        form, other, late = Form("/register/"), Form("/login/"), Form("/register/")
        ticket, old = form.ticket, late.ticket
        clock.shift(30)
        assert form.send(**TYPED).status_code == 200
        for wrong in (ticket, other.ticket, ticket[:-2] + "AA", "wait.", "wait.é"):
            refused = Form("/register/")
            assert refused.send(**TYPED, wait=wrong).status_code == 400
            assert refused.ticket not in ("", wrong)  # a new one, to start over
        clock.shift(3600)
        assert late.send(**TYPED, wait=old).status_code == 400


def test_few_get_in_by_waiting(house: None) -> None:
    rate_counters.reset_rate_counters()
    with words("always"), rated(captcha_waited="2/hour"), travel(NOON, tick=False) as clock:
        forms = [Form("/password/reset/") for _ in range(3)]
        clock.shift(31)
        assert [form.send(email=ADA).status_code for form in forms] == [200, 200, 429]


def test_who_is_asked_sees_it_and_no_other(suspicious: None, api: Api) -> None:
    form = Form("/login/")
    assert form.ticket == ""
    for _ in range(3):
        form.send(name=ADA, password="the wrong password")
        assert "altcha-widget" not in form.html
    assert form.send(name=ADA, password="the wrong password").status_code == 403
    assert re.search('<altcha-widget name="captcha"[^>]* challenge="/api/auth/captcha[?]for=login"', form.html)
    answer = form.send(name=ADA, password="the wrong password", captcha=solve(api, "login"))
    assert answer.status_code == 401
    assert "altcha-widget" in form.html  # the next try needs another
