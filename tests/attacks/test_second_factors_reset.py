"""MFA-09: whoever lost every second factor gets back in a day after the staff ordered it, and a thief who talked the
staff into it does not."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import Traveller, travel

from tests.contracts.stores import at_once
from tests.desk import ApiDesk, PageDesk, account, given
from tests.factors import Authenticator, enrol
from tests.letters import Post
from tests.world import Api, Http, Inbox
from vestibule.accounts.models import Status, User
from vestibule.audit.models import AuditEvent
from vestibule.factors import factor_resets
from vestibule.factors.models import FactorReset, RecoveryCode, Totp
from vestibule.flows.recovery import factor_reset
from vestibule.kernel.client import Client
from vestibule.kernel.errors import LinkExpired
from vestibule.service.worker import schedule
from vestibule.sessions.models import Session

ADA, BOSS, NUMBER = "ada@example.com", "boss@example.com", "+14155550100"
TOLD = "Your second factors will be removed"


@pytest.fixture
def clock(house: None) -> Iterator[Traveller]:
    """The time, which stands until it is moved."""
    with travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def app(clock: Traveller, api: Api, inbox: Inbox) -> Authenticator:
    """Ada, with an authenticator app and two proved addresses; and the boss."""
    ada = account(api, inbox, ADA)
    User.objects.filter(pk=ada.pk).update(phone_number=NUMBER, phone_verified_at=timezone.now() + timedelta(seconds=1))
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    return enrol(ada)


def ada() -> User:
    return User.objects.get(email=ADA)


def order() -> ApiDesk:
    desk = ApiDesk(BOSS)
    assert desk.act(ada(), "reset-factors").status == 200
    return desk


def told(inbox: Inbox, to: str = ADA) -> Post:
    return next(post for post in inbox.all(to) if TOLD in (post.subject + post.text))


def test_mfa_09_it_waits_a_day_and_then_the_password_alone_opens(
    app: Authenticator, clock: Traveller, api: Api, inbox: Inbox
) -> None:
    order()
    event = AuditEvent.objects.get(name="factors.reset_ordered")
    assert (event.user_id, event.reason) == (ada().pk, "Asked for by the person, ticket 4711")
    assert event.by_id
    clock.shift(86_399)
    schedule.run_due_sweeps()
    assert "mfa" in api.login(ADA).body
    clock.shift(1)
    schedule.run_due_sweeps()
    assert [model.objects.count() for model in (Totp, RecoveryCode, FactorReset)] == [0, 0, 0]
    assert not Session.objects.filter(user=ada(), revoked_at=None).exists()
    assert any(post.subject.startswith("Your second factors were removed") for post in inbox.all(ADA))
    assert "access" in api.login(ADA).body
    assert AuditEvent.objects.filter(name="factors.reset", user_id=ada().pk).count() == 1


@pytest.mark.parametrize("to", [ADA, NUMBER])
def test_mfa_09_a_link_at_every_proved_address_stops_it(
    app: Authenticator, clock: Traveller, api: Api, inbox: Inbox, to: str
) -> None:
    order()
    token = told(inbox, to).token
    if to == ADA:
        assert Http().get(f"/second-factors/keep/?token={token}").status_code in (200, 302)
        assert FactorReset.objects.exists()
        assert api.post("mfa/keep", {"token": token}).status == 204
        assert api.post("mfa/keep", {"token": token}).code == "token_used"
    else:
        kept = Http().post("/second-factors/keep/", {"token": token})
        assert (kept.status_code, b"Your second factors stay" in kept.content) == (200, True)
    clock.shift(86_401)
    schedule.run_due_sweeps()
    assert "mfa" in api.login(ADA).body
    assert AuditEvent.objects.get(name="factors.reset_stopped").code == "link"


def test_mfa_09_a_factor_that_is_proved_stops_it(app: Authenticator, clock: Traveller, api: Api) -> None:
    order()
    mfa = api.login(ADA).body["mfa"]
    assert api.post("login/mfa", {"mfa": mfa, "method": "totp", "code": app.code()}).status == 200
    clock.shift(86_401)
    schedule.run_due_sweeps()
    assert "mfa" in api.login(ADA).body
    assert AuditEvent.objects.get(name="factors.reset_stopped").code == "proved"


def test_mfa_09_a_recovery_stops_it(app: Authenticator, clock: Traveller, api: Api, inbox: Inbox) -> None:
    clock.shift(4 * 86_400)
    api.login(ADA, remembered_device="")
    order()
    away = Api(Http(REMOTE_ADDR="198.51.100.7", raise_request_exception=False))
    mfa = away.login(ADA).body["mfa"]
    away.post("login/mfa", {"mfa": mfa, "method": "recovery_code", "code": app.recovery_codes[0]})
    FactorReset.objects.create(user=ada(), created_at=timezone.now(), due_at=timezone.now() + timedelta(days=1))
    used = next(post for post in inbox.all(ADA) if post.subject.startswith("A recovery code was used"))
    assert api.post("sessions/disown", {"token": used.token}).status == 204
    assert not FactorReset.objects.exists()
    assert Totp.objects.exists()  # it was there long before


def test_mfa_09_nobody_orders_their_own_and_nothing_is_ordered_twice(app: Authenticator, api: Api) -> None:
    desk = order()
    again = desk.act(ada(), "reset-factors")
    assert (again.status, "ordered already" in again.text) == (400, True)
    boss = User.objects.get(email=BOSS)
    app_of_boss, own = enrol(boss), ApiDesk()
    by_code = {"mfa": api.login(BOSS).body["mfa"], "method": "totp", "code": app_of_boss.code()}
    own.access = api.post("login/mfa", by_code).body["access"]
    refused = own.act(boss, "reset-factors")
    assert (refused.status, "their own" in refused.text) == (400, True)


def test_mfa_09_only_an_active_account_with_a_factor(app: Authenticator) -> None:
    Totp.objects.all().delete()
    desk = ApiDesk(BOSS)
    assert desk.act(ada(), "reset-factors").status == 400
    enrol(ada())
    User.objects.filter(email=ADA).update(status=Status.SUSPENDED)
    assert desk.act(ada(), "reset-factors").status == 400
    assert not FactorReset.objects.exists()


def test_mfa_09_by_page_the_admin_says_why(app: Authenticator) -> None:
    desk = PageDesk(BOSS)
    assert desk.act(ada(), "reset-factors", reason="").status == 400
    assert desk.act(ada(), "reset-factors").status == 303
    assert FactorReset.objects.get().user == ada()


def test_mfa_09_stopped_and_due_at_the_same_moment_is_one_of_both(
    app: Authenticator, clock: Traveller, inbox: Inbox
) -> None:
    order()
    token = told(inbox).token
    at = FactorReset.objects.get().due_at
    client = Client(at=at - timedelta(seconds=1))

    def stop() -> bool:
        try:
            factor_reset.stop_reset(client=client, token=token)
        except LinkExpired:
            return False
        return True

    done = at_once(lambda n: bool(factor_reset.carry_out_due_resets(at, 10)) if n else stop(), 8)
    assert sum(done) == 1
    assert Totp.objects.exists() == done[0]
    assert factor_resets.find_order(ada().pk) is None
