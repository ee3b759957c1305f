"""Argon2id (RFC 9106) in memory that is kept for the next hash, in huge pages where the system has them.

Of `malloc`, each hash either pays a page fault for each 4 KiB, which costs as much as the hash, or shares a heap with
the rest of the process: what is allocated meanwhile lies between its blocks, and the next hash needs another
(docs/decisions/0149).
"""

import ctypes
import mmap
from contextlib import suppress

from argon2 import DEFAULT_HASH_LENGTH
from argon2.exceptions import HashingError
from argon2.low_level import ARGON2_VERSION, Type, core, error_to_str, ffi

_HUGE_PAGE = 2 * 1024 * 1024  # bytes
_ALLOCATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_void_p), ctypes.c_size_t)
_FREE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_size_t)


class HashMemory:
    """The memory of one hash at a time. Argon2 wipes it after each."""

    def __init__(self, size: int) -> None:
        """Reserve `size` bytes that begin with a huge page.

        Raises:
            OSError: there is not so much.
        """
        self.size = size
        self._mapping = mmap.mmap(-1, size + _HUGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with suppress(AttributeError, OSError):  # a system or a kernel without them (madvise(2): EINVAL)
            self._mapping.madvise(mmap.MADV_HUGEPAGE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._mapping))
        self._address = start + -start % _HUGE_PAGE
        self._allocate, self._free = _ALLOCATE(self._give_address), _FREE(_keep)
        self.callbacks = {
            "allocate_cbk": _function("allocate_fptr", self._allocate),
            "free_cbk": _function("deallocate_fptr", self._free),
        }

    def _give_address(self, found: "ctypes._Pointer[ctypes.c_void_p]", _: int) -> int:
        found[0] = ctypes.c_void_p(self._address)
        return 0


def _keep(_address: int, _size: int) -> None:
    """Do nothing: the memory is kept."""


def _function(kind: str, callback: object) -> object:
    return ffi.cast(kind, ctypes.cast(callback, ctypes.c_void_p).value)  # type: ignore[arg-type]  # a function of C


_kept: list[HashMemory] = []  # free ones: as many as hashes ran at once


def hash_in_kept_memory(password: bytes, salt: bytes, time_cost: int, memory_cost: int) -> bytes:
    """Return the digest of 32 bytes, with one lane. `memory_cost` is in KiB.

    Raises:
        HashingError: Argon2 refuses the parameters.
        OSError: there is not so much memory.
    """
    memory = _take_memory(memory_cost * 1024)
    try:
        typed, with_salt, digest = (ffi.new("uint8_t[]", each) for each in (password, salt, DEFAULT_HASH_LENGTH))
        context = ffi.new(
            "argon2_context *",
            {
                "out": digest,
                "outlen": DEFAULT_HASH_LENGTH,
                "pwd": typed,
                "pwdlen": len(password),
                "salt": with_salt,
                "saltlen": len(salt),
                "t_cost": time_cost,
                "m_cost": memory_cost,
                "lanes": 1,
                "threads": 1,
                "version": ARGON2_VERSION,
                **memory.callbacks,
            },
        )
        refused = core(context, Type.ID.value)
    finally:
        _kept.append(memory)
    if refused:
        raise HashingError(error_to_str(refused))
    return bytes(digest)


def _take_memory(size: int) -> HashMemory:
    """Return memory of this size that no other hash uses; what is kept in another size is given back."""
    try:
        while (memory := _kept.pop()).size != size:
            pass
    except IndexError:
        memory = HashMemory(size)
    return memory
