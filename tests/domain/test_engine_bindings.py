"""What a proof is bound to: its purpose, its handle, its keys, its kind of secret; and decoys, which never open."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.contracts.stores import KINDS, NOW, kept, opened
from tests.domain.engines import (
    DATA,
    NEW,
    OLD,
    POLICY,
    RESET,
    SIGN_UP,
    SUBJECT,
    Data,
    code_of,
    engine,
    issue,
    link_of,
    resent,
    told,
    told_of_link,
    wrong,
)
from vestibule.challenges.engine import Engine
from vestibule.challenges.policy import SecretKind
from vestibule.challenges.store import Store
from vestibule.kernel import errors
from vestibule.kernel.sealing import KeyRing

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, house: None) -> Store:
    return opened(request.param)


@pytest.fixture
def desk(store: Store) -> Engine:
    return engine(store)


# Purpose and handle.


def test_a_handle_of_one_purpose_opens_no_other(desk: Engine) -> None:
    """OTP-10."""
    sign_up = issue(desk)
    with (
        pytest.raises(errors.TokenInvalid),
        desk.verify(desk.find_by_handle(RESET, sign_up.handle), code_of(sign_up), Data, now=NOW),
    ):
        raise AssertionError("the body ran")
    with pytest.raises(errors.TokenInvalid), desk.resend(desk.find_by_handle(RESET, sign_up.handle), Data, now=NOW):
        raise AssertionError("the body ran")
    reset = desk.issue(RESET, subject=SUBJECT, payload=DATA, now=NOW)
    assert told(desk, reset.handle, code_of(reset)) == "token_invalid"
    assert told(desk, sign_up.handle, code_of(sign_up)) == "proved"


def test_a_code_opens_only_its_own_challenge(desk: Engine) -> None:
    """OTP-09."""
    mine, other = issue(desk), issue(desk, subject=b"o" * 32)
    if mine.code != other.code:
        assert told(desk, mine.handle, code_of(other)) == "otp_invalid"
    assert told(desk, mine.handle, code_of(mine)) == "proved"
    assert told(desk, other.handle, code_of(other)) == "proved"


def altered(handle: str) -> Mapping[str, str]:
    """Ways to spell a handle that are none."""
    flipped = "A" if handle[5] != "A" else "B"
    stray = handle[:-1] + chr(ord(handle[-1]) + 1)
    return {
        "nothing": "",
        "truncated": handle[:-1],
        "extended": handle + "A",
        "padded": handle + "=",
        "padded twice": handle + "==",
        "flipped": handle[:5] + flipped + handle[6:],
        "case": handle.swapcase(),
        "stray bits": stray,
        "space": f" {handle}",
        "line break": f"{handle}\n",
        "encoded twice": handle.replace(handle[3], f"%{ord(handle[3]):02X}", 1),
        "standard alphabet": handle + "+/",
        "halves swapped": handle[32:] + handle[:32],
        "no text": "\ud800\x00é",
        "long": "A" * 100_000,
    }


def test_an_altered_handle_is_no_handle(desk: Engine) -> None:
    """OTP-20."""
    issued = issue(desk)
    for how, spelling in altered(issued.handle).items():
        assert told(desk, spelling, code_of(issued)) == "token_invalid", how
    assert kept(desk.store, issued.id).attempts == 0
    assert told(desk, issued.handle, code_of(issued)) == "proved"


def test_a_forged_handle_is_no_handle(desk: Engine) -> None:
    issued = issue(desk)
    forged = KeyRing(["a secret that is not in the ring of keys"]).sign(f"handle {SIGN_UP}", issued.id.bytes)
    assert told(desk, forged, code_of(issued)) == "token_invalid"
    assert told(desk, desk.keys.sign("handle", issued.id.bytes), code_of(issued)) == "token_invalid"
    assert told(desk, desk.keys.sign(f"handle {SIGN_UP}", b"no id"), code_of(issued)) == "token_invalid"


def test_a_handle_whose_record_is_gone_has_expired(desk: Engine) -> None:
    unknown = desk.keys.sign(f"handle {SIGN_UP}", bytes(range(16)))
    assert told(desk, unknown, "123456") == "otp_expired"


# Keys.


def test_a_key_that_rotates_out_ends_what_it_made(store: Store) -> None:
    before, during, after = (engine(store, keys=KeyRing(ring)) for ring in ([OLD], [NEW, OLD], [NEW]))
    first, second = issue(before), issue(before)
    assert told(during, first.handle, wrong(first.code)) == "otp_invalid"
    assert told(during, first.handle, code_of(first)) == "proved"
    assert told(after, second.handle, code_of(second)) == "token_invalid"
    new = issue(during)
    assert told(before, new.handle, code_of(new)) == "token_invalid"
    assert told(after, new.handle, code_of(new)) == "proved"


def test_a_payload_of_a_retired_key_has_expired(store: Store) -> None:
    old, new = engine(store, keys=KeyRing([OLD])), engine(store, keys=KeyRing([NEW]))
    issued = issue(old)
    handle = new.keys.sign(f"handle {SIGN_UP}", issued.id.bytes)
    assert told(new, handle, code_of(issued)) == "otp_expired"


def test_a_resend_moves_the_secret_to_the_newest_key(store: Store) -> None:
    issued = issue(engine(store, keys=KeyRing([OLD])))
    again = resent(engine(store, keys=KeyRing([NEW, OLD])), issued.handle, now=NOW + POLICY.cooldowns[0])
    assert told(engine(store, keys=KeyRing([NEW, OLD])), again.handle, code_of(again), now=NOW) == "proved"


# Decoys.


def test_a_decoy_looks_like_any_other_and_never_opens(desk: Engine) -> None:
    real, decoy = issue(desk), issue(desk, decoy=True)
    assert (decoy.code, decoy.link) == (None, None)
    kept_real, kept_decoy = kept(desk.store, real.id), kept(desk.store, decoy.id)
    for field in fields(kept_real):
        one, two = getattr(kept_real, field.name), getattr(kept_decoy, field.name)
        if isinstance(one, bytes) and field.name != "sealed_payload":
            assert len(one) == len(two), field.name
        elif field.name not in {"id", "sealed_payload"}:
            assert one == two, field.name
    assert {told(desk, decoy.handle, secret) for secret in ("", "\x00" * 32, "x" * 43, "1" * 7)} == {"otp_invalid"}
    answers = [told(desk, decoy.handle, secret) for secret in ("999999", "000000", code_of(real), "111111", "222222")]
    assert answers == ["otp_invalid"] * 4 + ["otp_exhausted"]


def test_a_decoy_stays_one_through_a_resend(desk: Engine) -> None:
    decoy = resent(desk, issue(desk, decoy=True).handle, now=NOW + POLICY.cooldowns[0])
    assert (decoy.decoy, decoy.code, decoy.link) == (True, None, None)


def test_no_comparison_opens_a_decoy(desk: Engine) -> None:
    decoy = issue(desk, decoy=True)
    assert told(desk, decoy.handle, "123456", matches=lambda payload, secret: True) == "otp_invalid"


# Kinds of secret.


@pytest.mark.parametrize("which", ["code", "link"])
def test_code_and_link_each_open_once_and_end_both(store: Store, which: str) -> None:
    desk = engine(store, secret=SecretKind.CODE_AND_LINK)
    issued = issue(desk)
    assert told(desk, issued.handle, wrong(issued.code)) == "otp_invalid"
    assert told(desk, issued.handle, code_of(issued), by=SecretKind.LINK) == "otp_invalid"  # a code is no link
    opened_by = told(desk, issued.handle, code_of(issued)) if which == "code" else told_of_link(desk, link_of(issued))
    assert opened_by == "proved"
    assert told(desk, issued.handle, code_of(issued)) == "token_used"
    assert told_of_link(desk, link_of(issued)) == "token_used"


def test_a_code_beside_a_link_dies_earlier(store: Store) -> None:
    desk = engine(store, secret=SecretKind.CODE_AND_LINK, ttl=6 * HOUR, code_ttl=MINUTE * 10)
    issued = issue(desk)
    assert (issued.status.expires_in, issued.status.code_expires_in) == (6 * 3600, 600)
    late = NOW + 10 * MINUTE
    for code in (wrong(issued.code), code_of(issued)):
        assert told(desk, issued.handle, code, now=late) == "otp_expired"
    assert kept(desk.store, issued.id).attempts == 0  # what has expired is not compared
    assert told_of_link(desk, link_of(issued), now=late + 5 * HOUR + 49 * MINUTE) == "proved"
    other = issue(desk)
    assert told_of_link(desk, link_of(other), now=NOW + 6 * HOUR) == "otp_expired"


def test_a_link_carries_256_bits_and_no_handle(store: Store) -> None:
    """OTP-08."""
    desk = engine(store, secret=SecretKind.LINK)
    issued = issue(desk)
    assert issued.code is None
    body = urlsafe_b64decode(link_of(issued) + "==")
    assert len(body) == 16 + 43 + 32  # the id, the secret as text, the MAC
    assert told(desk, link_of(issued), "") == "token_invalid"  # whoever holds the mail alone is not the browser
    with pytest.raises(errors.TokenInvalid):
        desk.find_by_link(SIGN_UP, issued.handle)
    for how, spelling in altered(link_of(issued)).items():
        assert told_of_link(desk, spelling) == "token_invalid", how
    assert kept(desk.store, issued.id).attempts == 0
    assert told_of_link(desk, link_of(issued)) == "proved"


def test_a_newer_link_replaces_the_older(store: Store) -> None:
    """OTP-06."""
    desk = engine(store, secret=SecretKind.CODE_AND_LINK)
    old = issue(desk)
    new = resent(desk, old.handle, now=NOW + POLICY.cooldowns[0])
    assert told_of_link(desk, link_of(old)) == "token_invalid"
    assert told_of_link(desk, link_of(new)) == "proved"


def test_a_link_whose_record_is_gone_has_expired(desk: Engine) -> None:
    assert told_of_link(desk, desk.secrets.sign_link_token(SIGN_UP, uuid4(), "x" * 43)) == "otp_expired"


def test_no_link_opens_a_decoy(store: Store) -> None:
    desk = engine(store, secret=SecretKind.CODE_AND_LINK)
    decoy = issue(desk, decoy=True)
    assert told_of_link(desk, desk.secrets.sign_link_token(SIGN_UP, decoy.id, "x" * 43)) == "token_invalid"


def test_the_records_of_an_address_are_found_newest_first(desk: Engine) -> None:
    issued = [issue(desk, now=NOW + n * MINUTE) for n in range(3)]
    issue(desk, subject=b"o" * 32)
    desk.issue(RESET, subject=SUBJECT, payload=DATA, now=NOW)
    found = desk.list_newest(SIGN_UP, [b"n" * 32, SUBJECT], limit=2)
    assert [each.id for each in found] == [issued[2].id, issued[1].id]
    assert desk.unseal_payload(found[0], Data) == DATA


def test_a_ticket_opens_by_the_supplied_comparison_alone(store: Store) -> None:
    desk = engine(store, secret=SecretKind.TICKET)
    issued = issue(desk)
    assert (issued.code, issued.link) == (None, None)

    def matches(payload: Data, secret: str) -> bool:
        return bool(payload.n == 1 and secret == "right")

    for secret in ("", "right"):
        assert told(desk, issued.handle, secret) == "otp_invalid"  # nothing to compare with
    assert told(desk, issued.handle, "wrong", matches=matches) == "otp_invalid"
    assert told(desk, issued.handle, "right", matches=matches) == "proved"
    assert told(desk, issued.handle, "right", matches=matches) == "token_used"


def test_a_comparison_that_raises_has_cost_its_attempt(desk: Engine) -> None:
    def matches(payload: Data, secret: str) -> bool:
        raise ZeroDivisionError

    issued = issue(desk)
    with pytest.raises(ZeroDivisionError):
        told(desk, issued.handle, "123456", matches=matches)
    assert kept(desk.store, issued.id).attempts == 1


@pytest.mark.parametrize("odd", ["", "١٢٣٤٥٦", "\ud800", "\x00", " 123456", pytest.param("9" * 100_000, id="long")])
def test_an_odd_secret_is_a_wrong_one(desk: Engine, odd: str) -> None:
    assert told(desk, issue(desk).handle, odd) == "otp_invalid"


# At rest.


def test_no_secret_is_kept_in_clear(store: Store) -> None:
    """OTP-02."""
    desk = engine(store, secret=SecretKind.CODE_AND_LINK)
    issued = issue(desk)
    assert issued.link is not None
    record = kept(store, issued.id)
    everything = b"|".join(
        value if isinstance(value, bytes) else str(value).encode()
        for value in (getattr(record, field.name) for field in fields(record))
    )
    for secret in (code_of(issued), issued.link, DATA.email, "decoy", NEW, OLD):
        assert secret.encode() not in everything
        assert secret.encode().hex().encode() not in everything


def test_codes_are_even_and_keep_their_zeros(desk: Engine) -> None:
    codes = [code_of(issue(desk)) for _ in range(300)]
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert len(set(codes)) > 290
    assert {code[0] for code in codes} == set("0123456789")
