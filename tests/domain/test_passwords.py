"""Passwords: the policy and the stored form."""

from collections.abc import Iterator

import pytest
from django.contrib.auth import hashers
from django.utils import timezone

from vestibule.accounts import hash_schemes, passwords
from vestibule.accounts.lifecycle import NO_PASSWORD
from vestibule.accounts.models import IMPORTED_HASH, User
from vestibule.kernel.client import Client
from vestibule.limits.admission import admission

GOOD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def visit() -> Iterator[None]:
    """Whoever asks for the hashes here."""
    with admission.attribute_work_to(Client.for_system("test", timezone.now())):
        yield


def codes(password: str, **own: str) -> list[str]:
    return [
        problem.code
        for problem in passwords.find_policy_violations(passwords.normalise_password(password), User(**own))
    ]


# The policy.


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        (GOOD, []),
        ("twelve chars", []),
        ("eleven char", ["password_too_short"]),
        ("e\u0301o\u0308a\u030a" * 4, ["password_too_common"]),
        ("Ze\u0301e\u0300o\u0308u\u0308 a\u030ai\u0302 fox", []),
        ("Ze\u0301e\u0300o\u0308u\u0308 a\u030ai\u0302 ox", ["password_too_short"]),  # eleven code points in NFC
        pytest.param("x" * 1021 + "yz!", [], id="1,024 bytes"),
        pytest.param("x" * 1025, ["password_too_long"], id="1,025 bytes"),
        pytest.param("é" * 512, [], id="1,024 bytes in 512 characters"),
        pytest.param(
            "é" * 512 + "x", ["password_too_long"], id="1,025 bytes in 513 characters"
        ),  # bytes, not characters
        ("🦉" * 12, []),
        ("            ", ["password_too_common"]),
        ("\x00 any character \x07", []),
        ("password1234", ["password_too_common"]),
        ("PASSWORD1234", ["password_too_common"]),
        ("", ["password_too_short"]),
    ],
)
def test_the_policy(password: str, wrong: list[str]) -> None:
    """PWD-01, PWD-02."""
    assert codes(password) == wrong


@pytest.mark.parametrize(
    "own", [{"email": "ada.lovelace@example.com"}, {"username": "ada.lovelace"}, {"full_name": "Ada.Lovelace"}]
)
def test_nobodys_password_is_their_own_name(own: dict[str, str]) -> None:
    assert codes("ada.lovelace1", **own) == ["password_too_similar"]
    assert codes(GOOD, **own) == []


# The stored form.


@pytest.mark.usefixtures("product_hashes")
def test_it_is_argon2id_as_owasp_wants_it_with_a_salt_of_its_own() -> None:
    """PWD-08."""
    one, two = passwords.hash_password(GOOD), passwords.hash_password(GOOD)
    for stored in (one, two):
        assert stored.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
        salt, digest = stored.split("$")[-2:]
        assert (len(salt) >= 22, len(digest)) == (True, 43)  # 16 bytes at least, and 32
    assert one != two
    assert one.split("$")[-2] != two.split("$")[-2]
    assert GOOD not in one


@pytest.mark.usefixtures("product_hashes")
def test_only_a_hash_of_other_parameters_counts_as_imported(house: None) -> None:
    """IMPORTED_HASH, on which there is an index, names the parameters of passwords.Argon2: both change together."""
    imported = hashers.make_password(GOOD, hasher="pbkdf2_sha256")
    for name, stored in {"ours": passwords.hash_password(GOOD), "none": NO_PASSWORD, "imported": imported}.items():
        User.objects.create(email=f"{name}@example.com", password=stored)
    assert [user.email for user in User.objects.filter(IMPORTED_HASH)] == ["imported@example.com"]


def test_todays_scheme_is_in_use_before_the_table_was_read() -> None:
    """And that of the hash at hand, without a query: a process that has just begun signs people in."""
    hash_schemes._imported_schemes.invalidate()
    [today] = hash_schemes.schemes_in_use("")
    assert today.startswith("argon2$argon2id$")
    assert set(hash_schemes.schemes_in_use(passwords.hash_password(GOOD))) == {today}
    imported = "pbkdf2_sha256$1000$salt$4xgDbJbHLSxT8gKCXRcJ8VGd"
    assert set(hash_schemes.schemes_in_use(imported)) == {today, "pbkdf2_sha256$1000"}
    assert imported not in hash_schemes.schemes_in_use(imported).values()
    assert set(hash_schemes.schemes_in_use("")) == {today}  # nothing of it is kept


def test_the_spellings_of_one_character_are_one_password() -> None:
    stored = passwords.hash_password(passwords.normalise_password("Zoe\u0308 und die Ångströme"))
    assert hashers.check_password(passwords.normalise_password("Zo\u00eb und die A\u030angstro\u0308me"), stored)
    assert not hashers.check_password(passwords.normalise_password("Zoe und die Angstrome"), stored)


def test_nothing_is_trimmed_or_folded() -> None:
    """PWD-04."""
    stored = passwords.hash_password(GOOD)
    for near in (f" {GOOD}", f"{GOOD} ", GOOD.upper(), GOOD[:-1], f"{GOOD}\x00", GOOD.replace("o", "\uff4f")):
        assert not hashers.check_password(passwords.normalise_password(near), stored)


def test_every_byte_of_the_longest_counts() -> None:
    longest = "x" * passwords.MAX_BYTES
    assert not hashers.check_password(longest[:-1] + "y", passwords.hash_password(longest))


def test_nobody_hashes_unasked_for() -> None:
    admission.end_request()
    with pytest.raises(RuntimeError):
        passwords.hash_password(GOOD)
