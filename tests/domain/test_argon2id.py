"""Argon2id in memory that is kept: the same hashes as argon2-cffi's own, and no more memory than hashes at once."""

import mmap
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from argon2 import PasswordHasher, low_level
from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vestibule.accounts import argon2id
from vestibule.accounts.passwords import Argon2

SALT = b"sixteen bytes..."


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> list[argon2id.HashMemory]:
    """What is kept, nothing at first."""
    memories: list[argon2id.HashMemory] = []
    monkeypatch.setattr(argon2id, "_kept", memories)
    return memories


def hashed(memory_cost: int = 64) -> bytes:
    return argon2id.hash_in_kept_memory(b"open sesame", SALT, 1, memory_cost)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(password=st.binary(max_size=200), salt=st.binary(min_size=8, max_size=40), time_cost=st.integers(1, 3))
def test_it_is_the_digest_that_argon2_cffi_computes(password: bytes, salt: bytes, time_cost: int) -> None:
    theirs = hash_secret_raw(password, salt, time_cost, 64, 1, 32, Type.ID)
    assert argon2id.hash_in_kept_memory(password, salt, time_cost, 64) == theirs


def test_one_hash_after_the_other_has_the_same_memory(kept: list[argon2id.HashMemory]) -> None:
    assert hashed() == hashed()
    [first] = kept
    hashed()
    assert kept == [first]


def test_hashes_at_once_have_each_their_own(kept: list[argon2id.HashMemory], monkeypatch: pytest.MonkeyPatch) -> None:
    alone, both, core = hashed(), Barrier(2), low_level.core

    def wait_and_hash(context: object, kind: int) -> int:
        both.wait()
        return core(context, kind)

    monkeypatch.setattr(argon2id, "core", wait_and_hash)
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(hashed, [64, 64])) == [alone, alone]
    assert len(set(kept)) == 2


@pytest.mark.parametrize("advice", [9999, None])
def test_a_kernel_or_a_system_without_huge_pages_hashes_too(
    monkeypatch: pytest.MonkeyPatch, advice: int | None
) -> None:
    """The kernel refuses advice that it was not built for (madvise(2): EINVAL)."""
    alone = hashed()
    argon2id._kept.clear()
    if advice is None:
        monkeypatch.delattr(mmap, "MADV_HUGEPAGE")
    else:
        monkeypatch.setattr(mmap, "MADV_HUGEPAGE", advice)
    assert hashed() == alone


def test_memory_of_another_size_is_given_back(kept: list[argon2id.HashMemory]) -> None:
    hashed(64)
    hashed(128)
    assert [memory.size for memory in kept] == [128 * 1024]


def test_what_argon2_refuses_is_an_error_and_keeps_the_memory(kept: list[argon2id.HashMemory]) -> None:
    with pytest.raises(HashingError, match="Salt is too short"):
        argon2id.hash_in_kept_memory(b"open sesame", b"short", 1, 64)
    hashed()
    assert len(kept) == 1


@pytest.mark.parametrize("password", ["open sesame", "", "\0", "Zo\u00eb \N{KEY}", "a" * 1024])
def test_what_one_encodes_the_other_verifies(password: str) -> None:
    own, theirs = Argon2(), PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    assert theirs.verify(own.encode(password, own.salt()).removeprefix("argon2"), password)
    for length in (8, 9, 16, 17, 22):
        imported = "argon2" + theirs.hash(password, salt=SALT[:8] + b"\xff" * (length - 8))
        assert own.verify(password, imported)
        assert not own.verify(password + "x", imported)


@pytest.mark.parametrize(
    "parameters",
    [{"memory_cost": 128}, {"time_cost": 2}, {"parallelism": 2}, {"type": Type.I}, {"hash_len": 16}, {"hash_len": 33}],
)
def test_a_hash_of_other_parameters_is_verified_too(
    parameters: dict[str, int], kept: list[argon2id.HashMemory]
) -> None:
    theirs = PasswordHasher(**{"time_cost": 1, "memory_cost": 64, "parallelism": 1, **parameters})  # type: ignore[arg-type]
    imported = "argon2" + theirs.hash("open sesame")
    assert Argon2().verify("open sesame", imported)
    assert not Argon2().verify("Open sesame", imported)
    assert not kept


def test_a_broken_hash_is_nobodys() -> None:
    whole = Argon2().encode("open sesame", "sixteen bytes and more")
    head, salt, digest = whole.rsplit("$", 2)
    cut, other_version = f"{head}${salt[:9]}${digest}", whole.replace("v=19", "v=18")
    for broken in (whole[:-1], whole + "A", whole[:-1] + "!", whole[:-1] + "B", cut, other_version):
        assert not Argon2().verify("open sesame", broken)
