"""HOL-03, HOL-05: no stranger spends what the account itself causes, and what is capped changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import travel

from tests.attacks.allowances import defaults, spend, stranger
from tests.configured import configured, rated
from tests.world import PASSWORD, Api, Inbox, Pages, Reply
from vestibule.accounts.models import User
from vestibule.addresses import parsing
from vestibule.addresses.address import restore_address
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.challenges.store import Challenge
from vestibule.conf import conf
from vestibule.flows.recovery import password_reset
from vestibule.kernel.client import Client
from vestibule.limits import rate_counters
from vestibule.limits.rules import RULES

ADA, NEW, BOB, NUMBER = "ada@example.com", "new@example.com", "bob@example.com", "+14155550100"
NEXT = "another password entirely"


@pytest.fixture
def ada(api: Api, inbox: Inbox) -> Iterator[str]:
    """An account, from long before the strangers came."""
    access = api.account(inbox, ADA)
    with defaults():
        yield access


def by_api(api: Api, email: str = ADA) -> Reply:
    return api.post("password/reset", {"email": email})


def by_page(_: Api, email: str = ADA) -> Reply:
    pages = Pages()
    pages.http.defaults["REMOTE_ADDR"] = "203.0.113.77"
    return pages._post("/password/reset/", {"email": email})


def reset(api: Api, **proof: str) -> Reply:
    return api.post("password/reset/confirm", {**proof, "password": NEXT})


def test_hol_03_what_the_account_causes_is_told_though_strangers_spent_the_allowance(
    api: Api, inbox: Inbox, ada: str
) -> None:
    spend(ADA)
    inbox.all()
    inbox.empty()
    access = stranger(99).login(ADA).body["access"]
    assert api.send("POST", "email/change", access, {"email": NEW, "password": PASSWORD}).status == 202
    assert api.send("POST", "email/change/confirm", access, {"otp": inbox.newest(NEW).code}).status == 200
    subjects = {post.subject.split(" · ")[0] for post in inbox.all(ADA)}
    assert subjects == {
        "New sign-in to your account",
        "Your email address is about to change",
        "Your email address was changed",
    }
    undo = next(post for post in inbox.all(ADA) if "was changed" in post.subject)
    assert api.post("email/change/undo", {"token": undo.token}).status == 204
    assert "password reset code" in inbox.newest(ADA).subject  # and the owner's own way in, at once


def test_hol_03_a_thief_who_is_in_hides_nothing_by_a_flood(api: Api, inbox: Inbox, ada: str) -> None:
    for number in range(30):
        assert stranger(number).login(ADA).status == 200
    access = stranger(1).login(ADA).body["access"]
    inbox.empty()
    api.send("POST", "email/change", access, {"email": NEW, "password": PASSWORD})
    api.send("POST", "email/change/confirm", access, {"otp": inbox.newest(NEW).code})
    assert any("Your email address was changed" in post.subject for post in inbox.all(ADA))


def test_hol_03_beyond_the_budget_one_digest_holds_every_way_back(api: Api, inbox: Inbox, ada: str) -> None:
    start = timezone.now()
    for number in range(26):
        assert stranger(number).login(ADA).status == 200
    mails = [post for post in inbox.all(ADA) if "New sign-in" in post.subject]
    assert len(mails) == 20
    with travel(start + timedelta(hours=1, minutes=2)):
        digest = inbox.newest(ADA)
        assert len([post for post in inbox.all(ADA) if "Recent activity" in post.subject]) == 1
        assert "New sign-in to your account: 6 times" in digest.text
        assert digest.text.count("/not-me/?token=") == 6
        assert digest.html.count("/not-me/?token=") == 6
        assert api.post("sessions/disown", {"token": digest.token}).status == 204


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A flow that sends a secret: how it is asked for, and how the older secret is used; `address`: where it goes."""

    purpose: Purpose
    address: str
    first: Callable[[Api, str], Reply]
    again: Callable[[Api, str, Reply], object]
    use: Callable[[Api, str, Reply, str], int]


def change(kind: str, **typed: str) -> Callable[..., Reply]:
    return lambda api, access, *_: api.send("POST", f"{kind}/change", access, {**typed, "password": PASSWORD})


def confirm_change(kind: str) -> Callable[[Api, str, Reply, str], int]:
    return lambda api, access, _, code: api.send("POST", f"{kind}/change/confirm", access, {"otp": code}).status


def pend(api: Api, *_: object) -> Reply:
    return api.register(email=BOB, username="bob", password=PASSWORD)


FLOWS = {
    "reset by API": Asked(
        purpose=Purpose.PASSWORD_RESET,
        address=ADA,
        first=lambda api, _: by_api(stranger(50)),
        again=lambda api, *_: [by_api(stranger(n)) for n in range(60, 64)],
        use=lambda api, access, _, code: reset(api, email=ADA, otp=code).status,
    ),
    "reset by page": Asked(
        purpose=Purpose.PASSWORD_RESET,
        address=ADA,
        first=lambda api, _: by_api(stranger(50)),
        again=lambda api, *_: by_page(api),
        use=lambda api, access, _, code: reset(api, email=ADA, otp=code).status,
    ),
    "e-mail change": Asked(
        purpose=Purpose.EMAIL_CHANGE,
        address=NEW,
        first=change("email", email=NEW),
        again=change("email", email=NEW),
        use=confirm_change("email"),
    ),
    "phone change": Asked(
        purpose=Purpose.PHONE_CHANGE,
        address=NUMBER,
        first=change("phone", phone_number=NUMBER),
        again=change("phone", phone_number=NUMBER),
        use=confirm_change("phone"),
    ),
    "resend of a start": Asked(
        purpose=Purpose.REGISTRATION,
        address=BOB,
        first=lambda api, _: api.start(email=BOB, password=PASSWORD),
        again=lambda api, _, reply: api.resend(reply.registration),
        use=lambda api, _, reply, code: api.confirm(reply.registration, code).status,
    ),
    "resend of a pending sign-up, by address": Asked(
        purpose=Purpose.PENDING_REGISTRATION,
        address=BOB,
        first=pend,
        again=lambda api, *_: api.post("verify-email/resend", {"email": BOB}),
        use=lambda api, _, reply, code: (
            api.post("verify-email", {"email": BOB, "otp": code, "password": PASSWORD}).status
        ),
    ),
    "resend of a pending sign-up, by handle": Asked(
        purpose=Purpose.PENDING_REGISTRATION,
        address=BOB,
        first=pend,
        again=lambda api, _, reply: api.resend(reply.registration),
        use=lambda api, _, reply, code: api.confirm(reply.registration, code).status,
    ),
    "sign-ups of strangers on a pending one": Asked(
        purpose=Purpose.PENDING_REGISTRATION,
        address=BOB,
        first=pend,
        again=lambda api, *_: [stranger(n).register(email=BOB, username=f"x{n}", password=NEXT) for n in range(60, 70)],
        use=lambda api, _, reply, code: (
            api.post("verify-email", {"email": BOB, "otp": code, "password": PASSWORD}).status
        ),
    ),
    "redirect": Asked(
        purpose=Purpose.REGISTRATION,
        address=BOB,
        first=lambda api, _: api.start(email=BOB, password=PASSWORD),
        again=lambda api, _, reply: api.post("register/redirect", {"registration": reply.registration, "email": NEW}),
        use=lambda api, _, reply, code: api.confirm(reply.registration, code).status,
    ),
}


@pytest.mark.parametrize("name", FLOWS)
def test_hol_05a_what_is_capped_changes_nothing(name: str, api: Api, inbox: Inbox, ada: str) -> None:
    """The older secret opens what it opened, and the clock of the next one does not begin anew."""
    asked, start = FLOWS[name], timezone.now() - timedelta(minutes=5)
    with travel(start, tick=False) as clock:
        access = api.login(ADA).body["access"]
        inbox.all()
        inbox.empty()
        reply = asked.first(api, access)
        code = inbox.newest(asked.address).code
        before = [*newest(asked)]
        for address in {asked.address, NEW}:
            spend(address)
        inbox.all()
        inbox.empty()
        clock.shift(90)
        asked.again(api, access, reply)
        assert not [post for post in inbox.all(asked.address) if "about to change" not in post.subject]
        after = {seen.id: seen for seen in newest(asked)}
        assert [after[seen.id] for seen in before] == before
        assert asked.use(api, access, reply, code) < 300


def newest(asked: Asked) -> list[Challenge]:
    """What stands of the purpose, whoever it belongs to."""
    person = User.objects.get(email=ADA).pk.bytes
    subjects = [*restore_address(asked.address).all_digests, *conf.keys.all_digests("person", person)]
    return challenges.list_newest(asked.purpose, subjects, limit=100)


def test_hol_05b_strangers_who_spent_the_allowance_leave_the_owner_a_reset(api: Api, inbox: Inbox, ada: str) -> None:
    """From the network of an earlier session, by API; the strangers' own requests send nothing."""
    spend(ADA)
    inbox.all()
    inbox.empty()
    assert by_api(stranger(99)).status == 202
    assert not inbox.all(ADA)
    assert by_api(api).status == 202
    assert reset(api, token=inbox.newest(ADA).token).status == 204


def test_hol_05b_a_known_browser_has_a_budget_of_its_own_on_any_network(inbox: Inbox, house: None) -> None:
    pages = Pages()
    code = pages.start(email=ADA, password=PASSWORD).registration
    assert pages.confirm(code, inbox.newest(ADA).code).status < 400
    with defaults():
        spend(ADA)
        inbox.all()
        inbox.empty()
        pages.http.defaults["REMOTE_ADDR"] = "203.0.113.78"
        assert pages._post("/password/reset/", {"email": ADA}).status == 200
        assert "password reset code" in inbox.newest(ADA).subject


def test_hol_05b_whoever_solved_a_captcha_has_a_budget_that_others_do_not_spend(
    api: Api, inbox: Inbox, ada: str
) -> None:
    spend(ADA)
    inbox.all()
    inbox.empty()
    vouched = Client(at=timezone.now(), ip_address="203.0.113.79", captcha_solved=True)
    password_reset.start(client=vouched, address=parsing.parse_email(ADA))
    assert reset(api, token=inbox.newest(ADA).token).status == 204


def per_identifier(words: str) -> configured:
    """The rates with that one per identifier, and no others."""
    return rated(**{f"{rule.name}_per_identifier": words for rule in RULES})


@pytest.mark.parametrize("ask", [by_api, by_page])
def test_hol_05c_a_rate_per_identifier_answers_nobody_and_refuses_no_owner(
    ask: Callable[..., Reply], api: Api, inbox: Inbox, ada: str
) -> None:
    rate_counters.reset_rate_counters()
    with per_identifier("2/hour"), travel(timezone.now()) as clock:
        replies = []
        for _ in range(4):
            replies.append(ask(stranger(98)))
            clock.shift(61)
        assert len({reply.status for reply in replies}) == 1
        assert replies[0].status < 300
        assert len([post for post in inbox.all(ADA) if "password reset code" in post.subject]) == 2
        inbox.empty()
        assert by_api(api).status == 202  # the owner, from where they signed in before
        assert reset(api, token=inbox.newest(ADA).token).status == 204


@pytest.mark.parametrize("way", ["start", "register"])
def test_hol_05c_nor_does_it_at_sign_up(way: str, api: Api, inbox: Inbox) -> None:
    rate_counters.reset_rate_counters()
    with per_identifier("2/hour"):
        body = {"email": BOB, "password": PASSWORD}
        path = "register/start" if way == "start" else "register"
        replies = [api.post(path, body | {"username": f"bob{n}"}) for n in range(4)]
        assert len({reply.status for reply in replies}) == 1
        assert len({frozenset(reply.body) for reply in replies}) == 1
        assert len(inbox.all(BOB)) == 2
