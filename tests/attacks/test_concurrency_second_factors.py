"""RACE-14, RACE-15, WAY-04: of many who use one code at once, or in a forced order, one gets in; and the rule of the
last factor holds whoever removes what meanwhile."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import travel

from tests.attacks.factor_moves import ADA, SPELLINGS, person, prove, sign_in, step_up, ticket
from tests.configured import configured
from tests.contracts.stores import at_once
from tests.factors import Authenticator
from tests.interleaving import interleaved, transaction
from tests.world import Api, Inbox, Reply
from vestibule.accounts.models import Role, User
from vestibule.audit.models import AuditEvent
from vestibule.factors.models import Passkey, RecoveryCode, Totp
from vestibule.kernel import entropy
from vestibule.sessions.models import Session

MANY = 16
SPELLED = list(SPELLINGS.values())


@pytest.fixture
def app(api: Api, inbox: Inbox) -> Authenticator:
    """Ada's."""
    return person(api, inbox)


def answers(act: Callable[[int], Reply]) -> Counter[tuple[int, str]]:
    """What so many got at once."""
    return Counter((reply.status, reply.code) for reply in at_once(act, MANY))


def test_race_14_way_04_one_code_from_many_opens_one_session(api: Api, app: Authenticator) -> None:
    """RACE-14, WAY-04: a ticket each, and each in a spelling of its own."""
    tickets, code = [ticket(api) for _ in range(MANY)], app.code()
    told = answers(lambda n: prove(Api(), tickets[n], SPELLED[n % len(SPELLED)](code)))
    assert told[200, ""] == 1
    assert set(told) <= {(200, ""), (401, "mfa_invalid"), (429, "locked")}
    assert Session.objects.count() == 1
    assert AuditEvent.objects.filter(name="second_factor.proved").count() == 1


def test_race_14_one_recovery_code_from_many_opens_one_session(api: Api, app: Authenticator) -> None:
    tickets, code = [ticket(api) for _ in range(MANY)], app.recovery_codes[0]
    told = answers(lambda n: prove(Api(), tickets[n], code, "recovery_code"))
    assert told[200, ""] == 1
    assert set(told) <= {(200, ""), (401, "mfa_invalid"), (429, "locked")}
    assert Session.objects.count() == 1
    assert RecoveryCode.objects.filter(used_at__isnull=False).count() == 1
    assert AuditEvent.objects.filter(name="recovery_code.used").count() == 1


def test_race_14_one_ticket_from_many_opens_one_session(api: Api, app: Authenticator) -> None:
    """By the app and by paper: whatever comes first, the ticket is used."""
    mfa = ticket(api)
    ways = [(app.code(), "totp"), *((code, "recovery_code") for code in app.recovery_codes)]
    told = answers(lambda n: prove(Api(), mfa, *ways[n % len(ways)]))
    assert told[200, ""] == 1
    assert Session.objects.count() == 1
    assert RecoveryCode.objects.filter(used_at__isnull=False).count() <= 1


ORDERS: dict[str, Callable[[Authenticator], tuple[str, str]]] = {
    "totp": lambda app: (app.code(), "totp"),
    "recovery_code": lambda app: (app.recovery_codes[0], "recovery_code"),
}


@pytest.mark.parametrize("door", ["sign-in", "step-up"])
@pytest.mark.parametrize("kind", ORDERS)
def test_race_14_what_was_compared_is_used_only_if_nobody_used_it_meanwhile(
    api: Api, app: Authenticator, kind: str, door: str
) -> None:
    """RACE-14, MFA-05: the first has compared, and stands before its transaction; the second does all of it."""
    access = sign_in(api, app.code(-1)).body["access"]
    code, method = ORDERS[kind](app)
    first, second = ticket(api), ticket(api)
    compared = {"totp": 'FROM "vestibule_totp"', "recovery_code": 'FROM "vestibule_recovery_code"'}[kind]
    act = {
        "sign-in": lambda: prove(Api(), first, code, method),
        "step-up": lambda: step_up(Api(), access, code, method),
    }[door]
    late, early = interleaved(
        act,
        transaction(after=f"{compared} WHERE", nth=1),
        lambda: prove(Api(), second, code, method),
    )
    assert early.status == 200
    assert (late.status, late.code) == (401, "mfa_invalid")
    assert Session.objects.count() == 2


def test_race_14_many_confirmations_make_one_factor(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    app = Authenticator(api.send("POST", "mfa/totp", access).body["secret"], [])
    code = app.code()
    told = at_once(lambda _: Api().send("POST", "mfa/totp/confirm", access, {"code": code}), MANY)
    [confirmed] = [reply for reply in told if reply.status == 200]
    assert {reply.code for reply in told} <= {"", "otp_invalid", "locked", "reauthentication_required"}
    assert (Totp.objects.count(), RecoveryCode.objects.count()) == (1, 10)
    assert AuditEvent.objects.filter(name="totp.added").count() == 1
    with travel(timezone.now() + timedelta(hours=2)):  # who lost the race spent a try of the account
        assert sign_in(api, confirmed.body["recovery_codes"][0], "recovery_code").status == 200


def add_passkey() -> Passkey:
    """A passkey of Ada's."""
    return Passkey.objects.create(
        user=User.objects.get(email=ADA),
        credential_id=entropy.random_bytes(16),
        public_key=b"",
        aaguid=entropy.random_uuid(),
        is_backup_eligible=False,
        is_backed_up=False,
        name="A key",
        created_at=timezone.now(),
    )


@configured(MFA_REQUIRED_ROLES=("admin", "manager"))
@pytest.mark.parametrize("first", ["app", "passkey"])
def test_race_15_the_last_factor_is_kept_whoever_removes_the_other_meanwhile(
    api: Api, app: Authenticator, first: str
) -> None:
    """The first has seen that there are two, and stands before its transaction; then the other one goes."""
    User.objects.update(role=Role.MANAGER)
    access = sign_in(api, app.code()).body["access"]
    paths = ["mfa/totp", f"passkeys/{add_passkey().pk}"]
    here, there = paths if first == "app" else reversed(paths)
    late, early = interleaved(
        lambda: Api().send("DELETE", here, access),
        transaction(nth=1),
        lambda: Api().send("DELETE", there, access),
    )
    assert early.status == 204
    assert (late.status, late.code) == (409, "last_way_in")
    assert Totp.objects.count() + Passkey.objects.count() == 1
    assert RecoveryCode.objects.count() == 10
    assert api.send("GET", "mfa", access).status == 200


@configured(MFA_REQUIRED_ROLES=("admin", "manager"))
def test_race_15_both_factors_at_once_leave_one(api: Api, app: Authenticator) -> None:
    User.objects.update(role=Role.MANAGER)
    access = sign_in(api, app.code()).body["access"]
    paths = ["mfa/totp", f"passkeys/{add_passkey().pk}"]
    told = at_once(lambda n: Api().send("DELETE", paths[n], access), 2)
    assert sorted((reply.status, reply.code) for reply in told) == [(204, ""), (409, "last_way_in")]
    assert Totp.objects.count() + Passkey.objects.count() == 1


@configured(MFA_REQUIRED_ROLES=("admin", "manager"))
def test_race_15_many_removals_are_one(api: Api, app: Authenticator, inbox: Inbox) -> None:
    User.objects.update(role=Role.MANAGER)
    access = sign_in(api, app.code()).body["access"]
    assert answers(lambda _: Api().send("DELETE", "mfa/totp", access)) == {(409, "last_way_in"): MANY}
    add_passkey()
    inbox.empty()
    assert answers(lambda _: Api().send("DELETE", "mfa/totp", access)) == {(204, ""): MANY}
    assert AuditEvent.objects.filter(name="totp.removed").count() == 1
    assert [post.subject.partition(" · ")[0] for post in inbox.all(ADA)] == ["Your authenticator app was removed"]
    assert api.send("GET", "mfa", access).body["passkeys"] == 1
