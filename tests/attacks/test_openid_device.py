"""OID-08: the device flow. A code guessed, typed by another person, answered twice, asked for too fast, and what ends
between the answer and the tokens."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import Traveller

from tests.browsing import Browser
from tests.contracts.stores import at_once
from tests.devices import DEVICE_CODE, Device, answer_device, create_device_application, type_code
from tests.interleaving import interleaved, statement
from tests.oauth import RelyingParty
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts.models import Status, User
from vestibule.applications import device_codes
from vestibule.applications.models import Application, Grant
from vestibule.audit.models import AuditEvent
from vestibule.challenges import codes
from vestibule.challenges.resealing import replace_payload
from vestibule.kernel import entropy
from vestibule.sessions.models import Session

ADA, EVE, NEXT = "ada@example.com", "eve@example.com", "another password entirely"
UNKNOWN = "That code is wrong, too old, or was used."
POLL, LIFE = timedelta(seconds=5), timedelta(minutes=10)


@pytest.fixture
def people(clock: Traveller, api: Api, inbox: Inbox) -> None:
    """Two accounts."""
    api.account(inbox, ADA)
    api.account(inbox, EVE)


@pytest.fixture
def ada_s(people: None) -> Browser:
    """Ada's browser."""
    return signed_in(ADA)


@pytest.fixture
def eve_s(people: None) -> Browser:
    """That of somebody else."""
    return signed_in(EVE)


@pytest.fixture
def device(clock: Traveller, house: None) -> Device:
    """A device that shows a code."""
    return Device(create_device_application()).ask()


def signed_in(name: str) -> Browser:
    return Browser().open("/login/").submit("/login/", name=name, password=PASSWORD)


def is_refused(browser: Browser) -> bool:
    """Whether the page says of the code what it says of every wrong one."""
    return browser.answer.status_code == 400 and UNKNOWN in browser.text


def wrong_codes(count: int) -> list[str]:
    return [entropy.random_user_code() for _ in range(count)]


def spellings(code: str) -> list[str]:
    """As people type it, and as a telephone corrects it."""
    letters = code.replace("-", "")
    similar = letters.translate(str.maketrans("BSZGV", "8526U"))
    wide = "".join(chr(ord(each) + 0xFEE0) for each in letters)
    return [code.lower(), letters, " ".join(letters), f" {letters[:4]}–{letters[4:]}\u200b", similar, wide]


def test_oid_08_a_code_is_accepted_as_it_is_typed(device: Device, ada_s: Browser) -> None:
    for typed in spellings(device.user_code):
        assert "on a device?" in type_code(ada_s, typed).text, typed
    for typed in ("", "12345678", "AEIOUYAE", device.user_code + "B", device.user_code[:-1], "B" * 65):
        assert is_refused(ada_s.open("/device/").submit("/device/", user_code=typed)), typed


def test_oid_08_codes_are_of_34_bits_and_no_two_live_ones_are_the_same(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len({entropy.random_user_code() for _ in range(1000)}) == 1000
    assert len(entropy.USER_CODE_ALPHABET) ** entropy.USER_CODE_LENGTH == 25_600_000_000
    taken, free = codes.parse_user_code(device.user_code), entropy.random_user_code()
    drawn = iter([taken, taken, free])
    monkeypatch.setattr(entropy, "random_user_code", lambda: next(drawn))
    assert codes.parse_user_code(Device(device.party).ask().user_code) == free


def test_oid_08_a_person_guesses_ten_codes_an_hour(clock: Traveller, device: Device, ada_s: Browser) -> None:
    for guessed in wrong_codes(10):
        assert is_refused(type_code(ada_s, guessed))
    right = type_code(ada_s, device.user_code)
    assert right.answer.status_code == 429
    assert int(right.answer["Retry-After"]) > 3500
    assert type_code(signed_in(ADA), device.user_code).answer.status_code == 429  # in any session
    clock.shift(3601)
    assert is_refused(type_code(signed_in(ADA), device.user_code))  # it is too old by now


def test_oid_08_a_network_guesses_thirty_whoever_asks(device: Device, people: None, api: Api, inbox: Inbox) -> None:
    for person in range(3):
        name = f"guesser{person}@example.com"
        api.account(inbox, name)
        browser = signed_in(name)
        assert all(is_refused(type_code(browser, guessed)) for guessed in wrong_codes(10))
    assert type_code(signed_in(ADA), device.user_code).answer.status_code == 429


def test_oid_08_right_codes_and_what_is_no_code_cost_nothing(device: Device, ada_s: Browser) -> None:
    for _ in range(12):
        assert "on a device?" in type_code(ada_s, device.user_code).text
        assert is_refused(type_code(ada_s, "no code at all"))


def test_oid_08_of_many_guesses_at_once_ten_are_compared(device: Device, ada_s: Browser) -> None:
    wrong, browsers = wrong_codes(16), [Browser() for _ in range(16)]
    for browser in browsers:
        browser.http.cookies.update(ada_s.http.cookies)

    def guess(n: int) -> int:
        return int(type_code(browsers[n], wrong[n]).answer.status_code)

    assert sorted(at_once(guess, 16)) == [400] * 10 + [429] * 6


def test_oid_08_who_types_it_first_answers_and_nobody_else(device: Device, ada_s: Browser, eve_s: Browser) -> None:
    type_code(ada_s, device.user_code)
    assert is_refused(type_code(eve_s, device.user_code))
    assert is_refused(type_code(signed_in(ADA), device.user_code))  # nor in another browser of hers
    sent = {"user_code": device.user_code, "answer": "allow"}
    for other in (eve_s, signed_in(ADA)):
        assert is_refused(other.open("/device/").submit("/device/", **sent))
    assert device.refused() == "authorization_pending"
    assert "is connected" in ada_s.submit("/device/", answer="allow").text


def test_oid_08_nobody_answers_what_they_were_not_shown(device: Device, ada_s: Browser) -> None:
    """A form of their own, with the answer in it, is no answer; nor is a link."""
    assert is_refused(ada_s.open("/device/").submit("/device/", user_code=device.user_code, answer="allow"))
    ada_s.open(f"/device/?user_code={device.user_code}&answer=allow")
    assert device.refused() == "authorization_pending"


def test_oid_08_of_two_people_who_type_it_at_once_one_is_asked(device: Device, ada_s: Browser, eve_s: Browser) -> None:
    found = device_codes.find_device(codes.parse_user_code(device.user_code) or "")
    assert found
    assert sum(at_once(lambda _: replace_payload(found.seen, found.asked, now=found.seen.sent_at), 16)) == 1
    shown = at_once(lambda n: type_code((ada_s, eve_s)[n], device.user_code).answer.status_code, 2)
    assert sorted(shown) == [200, 400]


def test_oid_08_answered_twice_the_first_counts(device: Device, ada_s: Browser) -> None:
    asks = type_code(ada_s, device.user_code)
    sent = {**asks.forms[0].fields}
    for answer in ("allow", "allow", "cancel"):
        told = asks.http.post("/device/", {**sent, "answer": answer})
        assert "is connected" in told.content.decode()
    assert device.poll().status_code == 200
    assert "is connected" in asks.http.post("/device/", {**sent, "answer": "allow"}).content.decode()
    assert AuditEvent.objects.filter(name="application.allowed").count() == 1
    assert Grant.objects.count() == 1


def test_oid_08_sixteen_who_ask_at_once_get_one_set_of_tokens(device: Device, ada_s: Browser) -> None:
    answer_device(ada_s, device.user_code)
    parties = [RelyingParty("tv") for _ in range(16)]
    answers = at_once(lambda n: device.poll(parties[n]), 16)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 15
    assert Grant.objects.count() == 1


def test_oid_08_a_replay_ends_what_it_gave(clock: Traveller, device: Device, ada_s: Browser) -> None:
    answer_device(ada_s, device.user_code)
    tokens = device.poll().json()
    assert device.party.introspect(tokens["access_token"])["active"]
    clock.shift(POLL)
    assert device.refused() == "invalid_grant"
    assert device.party.introspect(tokens["access_token"]) == {"active": False}


def test_oid_08_who_asks_too_fast_is_slowed_down(clock: Traveller, device: Device, ada_s: Browser) -> None:
    assert device.refused() == "authorization_pending"
    clock.shift(2)
    assert device.refused() == "slow_down"
    clock.shift(POLL)
    assert device.refused() == "slow_down"  # ten seconds now, of which seven have passed; then fifteen
    answer_device(ada_s, device.user_code)
    clock.shift(6)
    assert device.refused() == "slow_down"  # and now twenty
    clock.shift(7)
    assert device.poll().status_code == 200


def test_oid_08_another_application_s_code_is_worth_nothing(device: Device, ada_s: Browser) -> None:
    other = create_device_application("radio")
    assert device.poll(other).json()["error"] == "invalid_grant"
    answer_device(ada_s, device.user_code)
    assert device.poll(other).json()["error"] == "invalid_grant"
    assert device.poll(RelyingParty("tv", secret="wrong")).status_code == 401
    assert device.poll().status_code == 200  # of which the other's attempts cost it nothing
    assert device.poll(other).json()["error"] == "invalid_grant"
    assert Grant.objects.get().revoked_at is None


@pytest.mark.parametrize("code", ["", "x", "a-made_up-token-of-the-usual-length-0123456"])
def test_oid_08_a_made_up_device_code(device: Device, code: str) -> None:
    answer = device.party.post("/oauth/token", grant_type=DEVICE_CODE, device_code=code)
    assert answer.status_code == 400
    assert answer.json()["error"] == ("invalid_grant" if code else "invalid_request")


def test_oid_08_an_expired_code(clock: Traveller, device: Device, ada_s: Browser) -> None:
    asks = type_code(ada_s, device.user_code)
    clock.shift(LIFE)
    assert is_refused(asks.submit("/device/", answer="allow"))
    assert is_refused(type_code(ada_s, device.user_code))
    assert device.refused() == "expired_token"


def test_oid_08_one_that_was_let_in_and_comes_too_late(clock: Traveller, device: Device, ada_s: Browser) -> None:
    answer_device(ada_s, device.user_code)
    clock.shift(LIFE)
    assert device.refused() == "expired_token"


def suspend() -> None:
    User.objects.filter(email=ADA).update(status=Status.SUSPENDED)


def sign_out() -> None:
    Session.objects.filter(user__email=ADA).update(revoked_at=timezone.now())


def change_password() -> None:
    api = Api()
    changed = {"current_password": PASSWORD, "password": NEXT, "password2": NEXT}
    assert api.send("POST", "password/change", api.login(ADA).body["access"], changed).status == 204


@pytest.mark.parametrize("end", [suspend, sign_out, change_password])
def test_oid_08_what_ends_before_the_tokens_gives_none(device: Device, ada_s: Browser, end: Callable[[], None]) -> None:
    answer_device(ada_s, device.user_code)
    end()
    assert device.refused() == "invalid_grant"
    assert not Grant.objects.exists()


def test_oid_08_who_is_signed_out_while_they_answer(device: Device, ada_s: Browser) -> None:
    asks = type_code(ada_s, device.user_code)
    told, _ = interleaved(
        lambda: asks.submit("/device/", answer="allow"),
        statement("vestibule_limit_tally"),
        sign_out,
    )
    assert "is connected" not in told.text
    assert device.refused() in ("authorization_pending", "invalid_grant")
    assert not Grant.objects.exists()


def test_oid_08_a_removed_application(device: Device, ada_s: Browser) -> None:
    asks = type_code(ada_s, device.user_code)
    Application.objects.all().delete()
    assert is_refused(asks.submit("/device/", answer="allow"))


def test_oid_08_a_form_of_another_site_answers_nothing(device: Device, ada_s: Browser) -> None:
    asks = type_code(ada_s, device.user_code)
    forged = asks.http.post("/device/", {"user_code": device.user_code, "answer": "allow"})
    assert forged.status_code == 403
    assert asks.answer["X-Frame-Options"] == "DENY"
    assert device.refused() == "authorization_pending"
