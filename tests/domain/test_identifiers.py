"""Addresses, numbers and names: what is accepted, its one spelling, and what only looks like it (INP-03, -04, -05)."""

import pytest

from vestibule.accounts import identifiers
from vestibule.addresses import parsing
from vestibule.addresses.address import Address, Email, Phone
from vestibule.kernel.errors import Malformed


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada@Example.COM\n", "ada@example.com"),
        ("a.d.a+tag@example.com", "a.d.a+tag@example.com"),
        ("a_d-a%x!#$&'*/=?^`{|}~@example.com", "a_d-a%x!#$&'*/=?^`{|}~@example.com"),
        ("ada@BÜCHER.example.com", "ada@xn--bcher-kva.example.com"),
        ("ada@bu\u0308cher.example.com", "ada@xn--bcher-kva.example.com"),
        ("ada@XN--BCHER-KVA.example.com", "ada@xn--bcher-kva.example.com"),
        ("ada@пример.example.com", "ada@xn--e1afmkfd.example.com"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_an_address_has_one_spelling(typed: str, canonical: str) -> None:
    assert parsing.parse_email(typed) == Email(canonical)
    assert parsing.parse_email(canonical) == Email(canonical)


def test_dots_and_tags_tell_addresses_apart() -> None:
    spellings = ["ada@example.com", "a.da@example.com", "ada+1@example.com", "ada+2@example.com"]
    assert len({parsing.parse_email(typed) for typed in spellings}) == 4
    assert len({parsing.parse_email(typed).digest for typed in spellings}) == 4


@pytest.mark.parametrize(
    "typed",
    [
        "m\u0131ke@example.org",  # dot-less i
        "M\u0130KE@example.org",  # I with a dot
        "mi\u212ae@example.org",  # the Kelvin sign, which NFC makes a K
        "mi\u017fe@example.org",  # long s
        "mike\u0301@example.org",
        "m\u0456ke@example.org",  # Cyrillic
        "\uff4dike@example.org",  # fullwidth
        "mike\u200b@example.org",
        "mike\uff20example.org",  # fullwidth @
        "attacker\uff20evil.com@victim.com",
        "attacker@evil.com\uff0cvictim@example.org",  # fullwidth comma
        "\uff1cmike@example.org\uff1e",
    ],
)
def test_what_looks_like_an_address_is_none(typed: str) -> None:
    """INP-04."""
    with pytest.raises(Malformed):
        parsing.parse_email(typed)


def test_a_domain_that_looks_alike_is_another() -> None:
    """INP-03."""
    try:
        found = parsing.parse_email("mike@\u0131xample.org")
    except Malformed:
        return
    assert found != Email("mike@ixample.org")
    assert found.value.isascii()


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "ada",
        "@example.com",
        "ada@",
        "ada@localhost",
        "ada@example",
        "ada@example.com.",
        "ada@.example.com",
        "ada@example..com",
        "ada@-example.com",
        "ada@[127.0.0.1]",
        "ada@127.0.0.1",
        "ada@[IPv6:::1]",
        '"a@evil"@victim.com',
        '"ada"@example.com',
        "ada(comment)@example.com",
        "Ada <ada@example.com>",
        "<ada@example.com>",
        ".ada@example.com",
        "ada.@example.com",
        "a..da@example.com",
        "a da@example.com",
        "a" * 65 + "@example.com",
        "ada@" + "a" * 64 + ".com",
        "ada@" + ".".join(["a"] * 130) + ".com",
        pytest.param("ada@" + ".".join(["a"] * 100_000), id="many labels"),
        "ada@example.com,eve@example.com",
        "ada@example.com;eve@example.com",
        "ada@example.com eve@example.com",
        "ada@example.com\neve@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com%0aeve@example.com",
        "ada\x00@example.com",
        "ada@exam\x00ple.com",
        "ada@xn--.com",
        "ada@xn--a.com",
        "ada\ud800@example.com",
        "ada@\ud800.com",
    ],
)
def test_what_is_no_address(typed: str) -> None:
    """INP-05."""
    with pytest.raises(Malformed) as refused:
        parsing.parse_email(typed)
    assert refused.value.error.code == "invalid"


def test_an_address_is_254_characters_at_most() -> None:
    domain = ".".join(["d" * 59] * 3) + ".example.com"  # 191 characters
    longest = "a" * (254 - 1 - len(domain)) + "@" + domain
    assert len(longest) == 254
    assert parsing.parse_email(longest) == Email(longest)
    with pytest.raises(Malformed):
        parsing.parse_email(f"a{longest}")
    with pytest.raises(Malformed):  # short as typed, long as sent
        parsing.parse_email("ada@" + ".".join(["ü" * 55] * 4) + ".com")


@pytest.mark.parametrize(
    "typed",
    [
        "+14155550100",
        "+1 (415) 555-0100",
        " +1.415.555.0100 ",
        "+1-415-555-0100",
        "\uff0b14155550100",
        "+١٤١٥٥٥٥٠١٠٠",  # Arabic-Indic digits
        "+１４１５５５５０１００",
    ],
)
def test_a_number_has_one_spelling(typed: str) -> None:
    """ABU-08."""
    assert parsing.parse_phone(typed) == Phone("+14155550100")


def test_the_trunk_zero_in_parentheses_is_no_digit() -> None:
    """ABU-08."""
    assert parsing.parse_phone("+44 (0)20 7946 0958") == Phone("+442079460958")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "4155550100",
        "0014155550100",
        "+1415555",
        "+1415555010000000",
        "+999123456789",
        "+4920100000000000",  # sixteen digits, which the library takes for a German number
        "+1 415 555 0100 ext. 5",
        "+14155550100x5",
        "tel:+14155550100;ext=5",
        "+14155550100,+14155550101",
        "+14155550100\r\nBcc: x",
        "+",
        "++",
        pytest.param("1" * 100_000, id="many digits"),
        "\x00",
        "\ud800",
    ],
)
def test_what_is_no_number(typed: str) -> None:
    """ABU-08."""
    with pytest.raises(Malformed):
        parsing.parse_phone(typed)


@pytest.mark.parametrize("typed", ["ada", "Ada_Lovelace", "a-b.c", "123", "a" * 30, " ada "])
def test_a_username_is_kept_as_typed(typed: str) -> None:
    assert identifiers.parse_username(typed) == typed.strip()


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ab",
        "a" * 31,
        "-ada",
        "ada-",
        ".ada",
        "a da",
        "ad\u0430",
        "ada\u0660",
        "ada@x",
        "ada\n\nb",
        "ada\x00",
        "adä",
    ],
)
def test_what_is_no_username(typed: str) -> None:
    with pytest.raises(Malformed):
        identifiers.parse_username(typed)


def test_a_name_is_anybodys() -> None:
    assert identifiers.parse_full_name("  Zoe\u0308 O'Brien-Łukasz 李  ") == "Zoë O'Brien-Łukasz 李"
    assert identifiers.parse_full_name("a" * 150)
    for bad in ("a" * 151, "a\x00b", "a\r\nb", "a\u202eb", "a\u2066b", "a\u200bb", "a\x1bb"):
        with pytest.raises(Malformed):
            identifiers.parse_full_name(bad)


@pytest.mark.parametrize(
    ("address", "masked"), [(Email("ada@example.com"), "a…@example.com"), (Phone("+14155550100"), "…0100")]
)
def test_what_logs_may_see(address: Address, masked: str) -> None:
    assert address.masked == masked
    assert repr(address) == f"<{type(address).__name__} {masked}>"


def test_a_digest_is_of_one_address() -> None:
    ada = Email("ada@example.com")
    assert ada.matches_digest(ada.digest)
    assert not ada.matches_digest(Email("bob@example.com").digest)
    assert not ada.matches_digest(b"")
    assert ada.digest != Phone("+14155550100").digest
    assert b"ada" not in ada.digest
