"""FAULTS 22: a code is read as people type it, at every door; what has not its form is no guess."""

from collections.abc import Callable

import pytest
from time_machine import travel

from tests.world import PASSWORD, Api, Door, Inbox
from vestibule.accounts.models import User
from vestibule.challenges import codes
from vestibule.kernel import entropy

ADA, NEW, NUMBER = "ada@example.com", "new@example.com", "+14155550100"
START = {"email": ADA, "password": PASSWORD}


def in_digits_from(zero: int) -> Callable[[str], str]:
    return lambda code: "".join(chr(zero + int(digit)) for digit in code)


TYPED: dict[str, Callable[[str], str]] = {
    "a blank": lambda code: f"{code[:3]} {code[3:]}",
    "a no-break space": lambda code: f"{code[:3]}\u00a0{code[3:]}",
    "a hyphen": lambda code: f"{code[:3]}-{code[3:]}",
    "an en dash": lambda code: f"{code[:3]}\u2013{code[3:]}",
    "lines around": lambda code: f" {code}\r\n\t",
    "zero-width space": lambda code: f"\u200b{code[:2]}\u200b{code[2:]}",
    "a direction mark": lambda code: f"\u200e{code}\u202c",
    "arabic": in_digits_from(0x0660),
    "persian": in_digits_from(0x06F0),
    "full width": in_digits_from(0xFF10),
    "devanagari": in_digits_from(0x0966),
    "mathematical": in_digits_from(0x1D7CE),
    "every digit apart": lambda code: "\u2009-\u2009".join(code),
}
NO_CODES = ["+12345", "1234567", "1", "abc", "-1", "12345a", "1.5e10", "\u00b2\u00b2\u00b2\u00b2\u00b2\u00b2", "9" * 64]


@pytest.mark.parametrize("typed", TYPED)
def test_fault_22_a_right_code_however_it_is_typed(door: Door, inbox: Inbox, typed: str) -> None:
    registration = door.start(**START).registration
    assert door.confirm(registration, TYPED[typed](inbox.newest(ADA).code)).status in (201, 303)
    assert User.objects.get().email == ADA


def test_fault_22_what_is_no_code_is_no_guess(door: Door, inbox: Inbox) -> None:
    """OTP-17: the same for a fresh and a known address, and the right code is as good as before."""
    known = door.start(**START).registration
    door.confirm(known, inbox.newest(ADA).code)
    for registration in (door.start(**START).registration, door.start(**{**START, "email": NEW}).registration):
        for typed in NO_CODES:
            reply = door.confirm(registration, typed)
            assert (reply.status, reply.code) == (400, "otp_invalid")
            assert reply.body.get("attempts_left", 5) == 5
    assert door.confirm(registration, inbox.newest(NEW).code).status in (201, 303)


def test_fault_22_wrong_codes_still_count(door: Door, inbox: Inbox) -> None:
    registration = door.start(**START).registration
    code = inbox.newest(ADA).code
    wrong = [f"{(int(code) + add) % 10**6:06d}" for add in (1, 2, 3, 4, 5)]
    told = []
    for each in wrong:
        told.append(door.confirm(registration, "12345").code)
        told.append(door.confirm(registration, f"{each[:3]}\u2013{each[3:]}").code)
    assert told == ["otp_invalid"] * 9 + ["otp_exhausted"]
    assert door.confirm(registration, "not a code").code == "otp_exhausted"
    assert door.confirm(registration, code).code == "otp_exhausted"


@pytest.mark.parametrize("number", [123456, 12345.6, True, [], ["123456"], {"otp": "123456"}, None])
def test_otp_17_what_is_no_string_names_the_field(api: Api, inbox: Inbox, number: object) -> None:
    registration = api.start(**START).registration
    reply = api.post("register/confirm", {"registration": registration, "otp": number})
    assert (reply.status, reply.code, list(reply.body["errors"])) == (400, "invalid", ["otp"])
    assert api.confirm(registration, inbox.newest(ADA).code).status == 201


def spaced(code: str) -> str:
    return "\u2009".join(in_digits_from(0x0660)(code))


def test_fault_22_every_purpose_reads_codes_alike(api: Api, inbox: Inbox) -> None:
    ada = api.account(inbox, ADA)
    api.send("POST", "email/change", ada, {"email": NEW, "password": PASSWORD})
    assert api.send("POST", "email/change/confirm", ada, {"otp": "1"}).body["attempts_left"] == 5
    assert api.send("POST", "email/change/confirm", ada, {"otp": spaced(inbox.newest(NEW).code)}).status == 200
    api.send("POST", "phone/change", ada, {"phone_number": NUMBER, "password": PASSWORD})
    assert api.send("POST", "phone/change/confirm", ada, {"otp": spaced(inbox.newest(NUMBER).code)}).status == 200
    api.post("password/reset", {"email": NEW})
    told = {"email": NEW, "password": "another password entirely"}
    assert api.post("password/reset/confirm", {**told, "otp": "123456"}).body["attempts_left"] == 5
    assert api.post("password/reset/confirm", {**told, "otp": spaced(inbox.newest(NEW).code)}).status == 204


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("by", ["registration", "password"])
def test_fault_22_a_right_code_of_a_waiting_sign_up_however_it_is_typed(
    api: Api, inbox: Inbox, by: str, typed: str
) -> None:
    registration = api.register(**START).registration
    code, shown = TYPED[typed](inbox.newest(ADA).code), {"registration": registration, "password": PASSWORD}[by]
    assert api.post("verify-email", {"email": ADA, "otp": code, by: shown}).status == 200


@pytest.mark.parametrize("typed", TYPED)
def test_fault_22_a_code_that_is_too_old_is_known_however_it_is_typed(api: Api, inbox: Inbox, typed: str) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        api.register(**START)
        clock.shift(601)
        told = {"email": ADA, "otp": TYPED[typed](inbox.newest(ADA).code), "password": PASSWORD}
        assert api.post("verify-email", told).code == "otp_expired"


@pytest.mark.parametrize("by", ["registration", "password"])
def test_fault_22_a_waiting_sign_up_reads_codes_alike(api: Api, inbox: Inbox, by: str) -> None:
    registration = api.register(**START).registration
    code, shown = inbox.newest(ADA).code, {"registration": registration, "password": PASSWORD}[by]
    for typed in NO_CODES:
        wrong = api.post("verify-email", {"email": ADA, "otp": typed, by: shown})
        assert (wrong.status, wrong.body["attempts_left"]) == (400, 5)
        if by == "password":
            unknown = api.post("verify-email", {"email": ADA, "otp": typed, by: "not the one of the sign-up"})
            assert {**unknown.body, "request_id": ""} == {**wrong.body, "request_id": ""}
    assert api.post("verify-email", {"email": ADA, "otp": spaced(code), by: shown}).status == 200


def test_fault_22_a_long_code_is_read_as_people_copy_it() -> None:
    code = entropy.random_long_code()
    for typed in (code, code.lower(), code.replace("-", " "), code.replace("-", "\u2013"), f"\u200b{code}\n"):
        assert codes.parse_code(typed, 6) == code
    assert codes.parse_code(code.replace("-", "")[:-1], 6) is None
    assert codes.parse_code(code[:-1] + "0", 6) is None  # no 0 in the alphabet
