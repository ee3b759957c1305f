"""WAY: the link and the code that sign in, opened by whoever should not, by API and by page."""

from collections.abc import Callable
from functools import partial

import pytest
from django.utils import timezone

from tests.attacks.allowances import defaults, stranger
from tests.configured import configured
from tests.contracts.stores import at_once, unsettle
from tests.factors import enrol
from tests.magic import MagicApi, MagicDoor, MagicPages
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts import lifecycle
from vestibule.accounts.models import Status, User
from vestibule.audit.models import AuditEvent
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.sessions.models import Session

ADA, EVE, NEXT = "ada@example.com", "eve@example.com", "another long password"
NewDoor = Callable[[], MagicDoor]


@pytest.fixture(params=[MagicApi, MagicPages])
def new_door(request: pytest.FixtureRequest, api: Api, inbox: Inbox) -> NewDoor:
    """A way to make clients, all of the API or all of the pages; Ada has an account and is signed in nowhere."""
    api.account(inbox, ADA)
    Session.objects.all().delete()
    made: NewDoor = request.param
    return made


def asked(door: MagicDoor, inbox: Inbox, email: str = ADA) -> str:
    """Ask, and read the token of the mail."""
    assert door.start(email).status in (200, 202)
    return inbox.newest(email).token


def test_way_09_a_scanner_opens_nothing_and_the_person_once(new_door: NewDoor, inbox: Inbox) -> None:
    """The scanner runs from elsewhere, follows the link 20 times and presses the button, too."""
    door, scanner = new_door(), Http(REMOTE_ADDR="203.0.113.77", HTTP_USER_AGENT="scanner/1.0")
    token = asked(door, inbox)
    for method in ("get", "head") * 10:
        assert getattr(scanner, method)("/login/magic/", {"token": token}).status_code == 200
    assert scanner.post("/login/magic/", {"token": token}).status_code == 403
    assert not Session.objects.exists()
    assert door.open(token).status in (200, 303)
    assert door.is_inside
    again = door.open(token)
    assert (again.status, again.code) == (410, "token_used")
    elsewhere = new_door().open(token)
    assert elsewhere.status in (403, 410)
    assert Session.objects.count() == 1


def test_way_09_another_client_opens_nothing_and_uses_nothing_up(new_door: NewDoor, inbox: Inbox) -> None:
    """A forwarded mail: in a client that asked for nothing, for its own address, or for the same one."""
    door, nobody, own, same = (new_door() for _ in range(4))
    token = asked(door, inbox)
    own.start(EVE)
    same.start(ADA)
    for other in (nobody, own, same):
        refused = other.open(token)
        assert (refused.status, refused.code) == (403, "other_browser")
        assert not other.is_inside
    assert not Session.objects.exists()
    door.open(token)
    assert door.is_inside


def test_way_09_parallel_clicks_are_one_session(new_door: NewDoor, inbox: Inbox) -> None:
    door = new_door()
    token = asked(door, inbox)
    code = inbox.newest(ADA).code

    def click(number: int) -> int:
        return (door.open(token) if number % 2 else door.type_code(ADA, code)).status

    statuses = at_once(click, 16)
    assert Session.objects.count() == 1
    assert sum(status in (200, 303) for status in statuses) == 1
    assert set(statuses) <= {200, 303, 410, 429}
    assert AuditEvent.objects.filter(name="magic_link.used").count() == 1


def test_way_09_a_proof_whose_end_was_not_stored_works_once(api: Api, inbox: Inbox) -> None:
    """The session is committed, and the word to the store is lost: the audit log knows the proof."""
    api.account(inbox, ADA)
    Session.objects.all().delete()
    door = MagicApi()
    token = asked(door, inbox)
    assert door.open(token).status == 200
    unsettle(challenges.store, challenges.secrets.read_handle(Purpose.MAGIC_LINK, door.magic))
    for again in (door.open(token), door.type_code(ADA, inbox.newest(ADA).code)):
        assert (again.status, again.code) == (410, "token_used")
    assert Session.objects.count() == 1


def by_change(api: Api, inbox: Inbox) -> None:
    """Change the password in a session."""
    access = api.login(ADA).body["access"]
    body = {"current_password": PASSWORD, "password": NEXT}
    assert api.send("POST", "password/change", access, body).status == 204


def by_reset(api: Api, inbox: Inbox) -> None:
    """Reset it."""
    api.post("password/reset", {"email": ADA})
    reset = next(post for post in inbox.all(ADA) if "password reset code" in post.subject)
    assert api.post("password/reset/confirm", {"token": reset.token, "password": NEXT}).status == 204


def by_removal(api: Api, inbox: Inbox) -> None:
    """Remove it."""
    with configured(PASSWORDS="optional"):
        assert api.send("DELETE", "password", api.login(ADA).body["access"]).status == 204


def by_address(api: Api, inbox: Inbox) -> None:
    """Move to another address."""
    access = api.login(ADA).body["access"]
    api.send("POST", "email/change", access, {"email": EVE, "password": PASSWORD})
    assert api.send("POST", "email/change/confirm", access, {"otp": inbox.newest(EVE).code}).status == 200


def by_protest(api: Api, inbox: Inbox) -> None:
    """Say of a sign-in that it was not one's own."""
    api.login(ADA)
    Api(Http(REMOTE_ADDR="198.51.100.7")).login(ADA)
    told = next(post for post in inbox.all(ADA) if post.subject.startswith("New sign-in"))
    assert api.post("sessions/disown", {"token": told.token}).status == 204


@pytest.mark.parametrize("change", [by_change, by_reset, by_removal, by_address, by_protest])
def test_way_09_a_change_of_what_guards_the_account_ends_it(
    new_door: NewDoor, api: Api, inbox: Inbox, change: Callable[[Api, Inbox], None]
) -> None:
    door = new_door()
    token = asked(door, inbox)
    code = inbox.newest(ADA).code
    change(api, inbox)
    Session.objects.all().delete()
    for dead in (door.open(token), door.type_code(ADA, code)):
        assert dead.status == 410
        assert dead.code in ("token_expired", "otp_expired", "token_used")
    assert not Session.objects.exists()
    assert not door.is_inside


def test_way_09_whoever_is_suspended_or_closing_gets_none_and_enters_by_none(new_door: NewDoor, inbox: Inbox) -> None:
    door, user = new_door(), User.objects.get()
    token = asked(door, inbox)
    lifecycle.suspend_user(user.pk)
    refused = door.open(token)
    assert (refused.status, refused.code) == (403, "account_suspended")
    lifecycle.reactivate_user(user.pk)
    lifecycle.schedule_closing_by_owner(user.pk, timezone.now())
    inbox.empty()
    assert new_door().start(ADA).status in (200, 202)
    assert not inbox.all(ADA)
    assert not Session.objects.exists()


@pytest.mark.parametrize("waits", [True, False])
def test_way_09_neither_a_waiting_sign_up_nor_an_unknown_address_is_mailed(
    new_door: NewDoor, api: Api, inbox: Inbox, waits: bool
) -> None:
    if waits:
        api.register(email=EVE, password=PASSWORD)
    before = len(inbox.all(EVE))
    door = new_door()
    assert door.start(EVE).status in (200, 202)
    assert len(inbox.all(EVE)) == before
    refused = door.type_code(EVE, "12345678")
    assert (refused.status, refused.code) == (400, "otp_invalid")
    assert not User.objects.filter(email=EVE, status=Status.ACTIVE).exists()


def test_way_01_a_link_and_a_code_are_one_factor(new_door: NewDoor, inbox: Inbox) -> None:
    """MFA-02: no token, cookie or session row before the second one."""
    enrol(User.objects.get())
    for prove in ("link", "code"):
        door = new_door()
        token = asked(door, inbox)
        answer = door.open(token) if prove == "link" else door.type_code(ADA, inbox.newest(ADA).code)
        assert answer.status == 200
        assert not door.is_inside
        assert not {"access", "refresh"} & set(answer.body)
        assert "session" not in answer.headers.get("Set-Cookie", "")
    assert not Session.objects.exists()
    assert AuditEvent.objects.filter(name="second_factor.asked").count() == 2


def test_mfa_03_a_mailed_code_is_no_second_factor(api: Api, inbox: Inbox) -> None:
    """Neither for the ticket of a password, nor for that of its own mail; and the sign-in by mail steps nothing up."""
    access = api.account(inbox, ADA)
    door = MagicApi()
    app = enrol(User.objects.get())
    asked(door, inbox)
    code = inbox.newest(ADA).code
    for mfa in (api.login(ADA).body["mfa"], door.type_code(ADA, code).body["mfa"]):
        asked(door, inbox)
        for method in ("totp", "recovery_code"):
            wrong = api.post("login/mfa", {"mfa": mfa, "method": method, "code": inbox.newest(ADA).code})
            assert wrong.code == "mfa_invalid"
    assert api.send("GET", "me/export", access).code == "reauthentication_required"
    assert api.send("POST", "reauthenticate", access, {"method": "totp", "code": app.code()}).status == 200


def test_tok_05_no_token_of_another_kind_opens_it(api: Api, inbox: Inbox) -> None:
    """Handles and links are bound to their purpose."""
    api.account(inbox, ADA)
    api.post("password/reset", {"email": ADA})
    reset = inbox.newest(ADA)
    started = api.start(email=EVE, password=PASSWORD)
    door = MagicApi()
    token = asked(door, inbox)
    confirm = partial(api.post, "login/magic/confirm")
    assert confirm({"token": reset.token, "magic": door.magic}).code == "token_invalid"
    assert confirm({"token": door.magic, "magic": door.magic}).code == "token_invalid"
    assert confirm({"token": token, "magic": started.registration}).code == "other_browser"
    assert confirm({"magic": started.registration, "otp": "12345678"}).code == "token_invalid"
    for path, body in {
        "password/reset/confirm": {"token": token, "password": NEXT},
        "verify-email": {"token": token, "registration": door.magic},
        "sessions/disown": {"token": token},
        "me/keep": {"token": token},
        "login/mfa": {"mfa": door.magic, "method": "totp", "code": "123456"},
        "register/confirm": {"registration": door.magic, "otp": "123456"},
    }.items():
        assert api.post(path, body).code == "token_invalid", path
    assert door.open(token).status == 200


def test_otp_04_the_codes_of_an_address_have_one_budget_over_all_starts(api: Api, inbox: Inbox) -> None:
    """BF-05, BF-09: asking again buys no guess; and the owner's link opens all the same."""
    api.account(inbox, ADA)
    door = MagicApi()
    token = asked(door, inbox)
    answers = []
    for _ in range(4):
        magic = api.post("login/magic/start", {"email": ADA}).body["magic"]
        right = inbox.newest(ADA).code
        wrong = "00000000" if right != "00000000" else "00000001"
        answers += [api.post("login/magic/confirm", {"magic": magic, "otp": wrong}).code for _ in range(4)]
    assert answers[:10] == ["otp_invalid"] * 10
    assert set(answers[10:]) == {"locked"}
    assert door.open(token).status == 200


def test_hol_05_strangers_end_no_link_and_known_devices_have_mails_of_their_own(api: Api, inbox: Inbox) -> None:
    """ABU-11: ten strangers ask, and as many mails go as may, with that of the sign-up; the owner's older link opens,
    and another one is sent."""
    api.account(inbox, ADA)
    door, other = MagicApi(), MagicApi()
    token = asked(door, inbox)
    inbox.empty()
    with defaults():
        for number in range(10):
            stranger(number).post("login/magic/start", {"email": ADA})
        assert len(inbox.all(ADA)) == 5 - 1
        other.start(ADA)
        assert len(inbox.all(ADA)) == 5
    assert other.open(inbox.newest(ADA).token).status == 200
    assert door.open(token).status == 200
