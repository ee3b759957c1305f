"""The key ring: digests, sealed matter and signed handles open for their purpose, place and keys, and nothing else."""

from base64 import urlsafe_b64decode
from zlib import compress

import pytest

from vestibule.kernel import entropy
from vestibule.kernel.sealing import KeyRing, Unsealable

OLD, NEW = "the older secret of the ring", "the newer secret of the ring"
BEFORE, DURING, AFTER = KeyRing([OLD]), KeyRing([NEW, OLD]), KeyRing([NEW])
PLAIN = b'{"code": "042042"}'


def test_a_ring_needs_a_key() -> None:
    with pytest.raises(ValueError, match="at least one"):
        KeyRing([])


# Digests.


def test_a_digest_is_keyed_and_bound_to_its_purpose() -> None:
    digests = {
        BEFORE.digest("a", b"x"),
        AFTER.digest("a", b"x"),
        BEFORE.digest("b", b"x"),
        BEFORE.digest("a", b"y"),
        BEFORE.digest("a"),
        BEFORE.digest("a", b""),
    }
    assert len(digests) == 6
    assert {len(digest) for digest in digests} == {32}
    assert BEFORE.digest("a", b"x") == KeyRing([OLD]).digest("a", b"x")


def test_parts_do_not_run_into_one_another() -> None:
    spellings = [(b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""), (b"", b"abc"), (b"a", b"b", b"c")]
    assert len({DURING.digest("p", *parts) for parts in spellings}) == len(spellings)


def test_every_key_of_the_ring_is_recognised_and_the_newest_makes() -> None:
    made = BEFORE.digest("p", b"x")
    assert DURING.matches_digest(made, "p", b"x")
    assert not AFTER.matches_digest(made, "p", b"x")
    assert DURING.digest("p", b"x") == AFTER.digest("p", b"x")
    assert DURING.all_digests("p", b"x") == [AFTER.digest("p", b"x"), made]


@pytest.mark.parametrize("expected", [b"", b"x", bytes(32), bytes(64)])
def test_what_is_no_digest_of_ours_matches_nothing(expected: bytes) -> None:
    assert not DURING.matches_digest(expected, "p", b"x")


# Sealing.


def test_what_is_sealed_anew_outlives_the_older_key() -> None:
    sealed = DURING.reseal("payload", BEFORE.seal("payload", PLAIN, context=b"here"), context=b"here")
    assert AFTER.unseal("payload", sealed, context=b"here") == PLAIN
    with pytest.raises(Unsealable):
        AFTER.reseal("payload", BEFORE.seal("payload", PLAIN, context=b"here"), context=b"here")


def test_what_was_sealed_opens_for_its_purpose_and_place() -> None:
    sealed = DURING.seal("payload", PLAIN, context=b"here")
    assert DURING.unseal("payload", sealed, context=b"here") == PLAIN
    assert AFTER.unseal("payload", sealed, context=b"here") == PLAIN
    assert PLAIN not in sealed
    assert DURING.unseal("payload", DURING.seal("payload", b"", context=b""), context=b"") == b""


@pytest.mark.parametrize(
    ("ring", "purpose", "context"),
    [
        (DURING, "message", b"here"),
        (DURING, "payload", b"there"),
        (DURING, "payload", b""),
        (BEFORE, "payload", b"here"),
    ],
    ids=["purpose", "place", "no place", "key"],
)
def test_it_opens_nowhere_else(ring: KeyRing, purpose: str, context: bytes) -> None:
    sealed = DURING.seal("payload", PLAIN, context=b"here")
    with pytest.raises(Unsealable):
        ring.unseal(purpose, sealed, context=context)


def test_an_older_key_still_opens_until_it_leaves_the_ring() -> None:
    sealed = BEFORE.seal("payload", PLAIN, context=b"here")
    assert DURING.unseal("payload", sealed, context=b"here") == PLAIN
    with pytest.raises(Unsealable):
        AFTER.unseal("payload", sealed, context=b"here")


def test_every_bit_of_it_is_guarded() -> None:
    sealed = DURING.seal("payload", PLAIN, context=b"here")
    for at in range(len(sealed)):
        altered = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(Unsealable):
            DURING.unseal("payload", altered, context=b"here")
    for length in range(len(sealed)):
        with pytest.raises(Unsealable):
            DURING.unseal("payload", sealed[:length], context=b"here")


def test_the_same_thing_never_seals_to_the_same_bytes() -> None:
    assert len({DURING.seal("payload", PLAIN, context=b"here") for _ in range(100)}) == 100


# Signing.


@pytest.mark.parametrize("body", [b"", b"\x00", bytes(range(16)), b"x" * 1000])
def test_a_signed_body_comes_back(body: bytes) -> None:
    signed = DURING.sign("handle", body)
    assert DURING.unsign("handle", signed) == body
    assert signed.isascii()
    assert not set(signed) & set("=+/ \n")


def test_a_signature_is_of_its_purpose_and_key() -> None:
    signed = BEFORE.sign("handle", b"body")
    assert DURING.unsign("handle", signed) == b"body"
    for ring, purpose in ((AFTER, "handle"), (DURING, "other"), (DURING, "")):
        with pytest.raises(Unsealable):
            ring.unsign(purpose, signed)


@pytest.mark.parametrize("body", [b"x" * 15, b"x" * 16, b"x" * 17], ids=["no rest", "rest of 1", "rest of 2"])
def test_a_token_has_one_spelling(body: bytes) -> None:
    signed = DURING.sign("handle", body)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = {signed[:-1] + last for last in alphabet} | {signed + more for more in ("=", "==", "A", "\n", " ", "é")}
    others |= {signed[:at] + junk + signed[at:] for at in (0, 7) for junk in ("!", "=", " ", "\n", "\x00")}
    others |= {signed[:length] for length in range(len(signed))} | {signed.swapcase()}
    for other in others - {signed}:
        with pytest.raises(Unsealable):
            DURING.unsign("handle", other)


@pytest.mark.parametrize("junk", ["\ud800", "ключ", "٠" * 64, "-" * 64, "A" * 43, "%41" * 20])
def test_junk_is_no_token(junk: str) -> None:
    with pytest.raises(Unsealable):
        DURING.unsign("handle", junk)


# The entropy that all of it stands on.


def test_codes_are_uniform_and_keep_their_leading_zeros() -> None:
    """OTP-01: chi-square over each digit of 20,000 codes, far beyond any luck (9 degrees of freedom, p < 1e-9)."""
    codes = [entropy.random_code(6) for _ in range(20_000)]
    assert {len(code) for code in codes} == {6}
    expected = len(codes) / 10
    for place in range(6):
        counts = [sum(code[place] == digit for code in codes) for digit in "0123456789"]
        assert sum((count - expected) ** 2 / expected for count in counts) < 65


def test_long_codes_and_tokens_never_come_twice() -> None:
    """OTP-08, TOK-21: nor do ten thousand of them have anything that could be left out."""
    long, tokens = {entropy.random_long_code() for _ in range(1000)}, {entropy.random_token() for _ in range(10_000)}
    assert (len(long), len(tokens)) == (1000, 10_000)
    assert {len(code) for code in long} == {23}
    assert set("".join(long)) == set(entropy.LONG_CODE_ALPHABET) | {"-"}
    assert {len(token) for token in tokens} == {43}
    chance = b"".join(urlsafe_b64decode(token + "=") for token in tokens)
    assert len(chance) == 32 * 10_000
    assert len(compress(chance, 9)) >= len(chance)
