"""Passwords: the policy and the hash, which is made by admission (limits.admission)."""

import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from threading import get_native_id
from typing import Any, TypeVar

import bcrypt
from django.conf import settings
from django.contrib.auth import hashers, password_validation
from django.core.exceptions import ValidationError

from vestibule.accounts import hash_schemes
from vestibule.accounts.breaches import is_breached
from vestibule.accounts.models import User
from vestibule.kernel import entropy
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.limits.admission import HASH, admission
from vestibule.storage.rows import update_row

T = TypeVar("T")

MAX_BYTES = 1024


class Argon2(hashers.Argon2PasswordHasher):
    """Argon2id, m = 19 MiB, t = 2, p = 1 (OWASP Password Storage Cheat Sheet); Django's own wants 100 MiB a hash."""

    time_cost = 2
    memory_cost = 19456  # KiB
    parallelism = 1


class Bcrypt(hashers.BCryptPasswordHasher):
    """bcrypt as other systems use it: the first 72 bytes of a password count. bcrypt 5 refuses longer ones itself."""

    def encode(self, password: str, salt: str | bytes) -> str:
        """The hash in Django's form."""
        data = bcrypt.hashpw(password.encode()[:72], salt.encode() if isinstance(salt, str) else salt)
        return f"{self.algorithm}${data.decode('ascii')}"


def normalise_password(typed: str) -> str:
    """The one spelling of a password: NFC (SP 800-63B-4, 3.1.1.2), nothing trimmed, nothing folded. What is too long in
    every spelling stays as it is: canonical ordering of n marks is n² steps (INP-02)."""
    return unicodedata.normalize("NFC", typed) if len(typed) <= 4 * MAX_BYTES else typed


def find_policy_violations(
    password: str, *, email: str = "", username: str = "", full_name: str = "", phone_number: str = ""
) -> list[FieldError]:
    """What the policy has against this (normalised) password; empty when nothing."""
    if len(password.encode()) > MAX_BYTES:
        return [FieldError("password_too_long")]
    own = User(email=email, username=username, full_name=full_name, phone_number=phone_number)
    try:
        password_validation.validate_password(password, user=own)
    except ValidationError as error:
        return [_field_error(each) for each in error.error_list]
    return []


def _field_error(violation: ValidationError) -> FieldError:
    """What a validator says: code and parameters, of which `reason` names the sentence. The violation comes along for
    the validators of somebody else's project, whose words are their own: unread, and so in no language yet."""
    params = {**(violation.params or {}), "violation": violation}
    return FieldError(str(violation.code), str(params.pop("reason", "")), params)


def hash_password(password: str) -> str:
    """The Argon2id hash of a new, normalised password, in PHC form.

    Raises Invalid where the list of breached ones has it, Unavailable under a hashing storm.
    """
    if is_breached(password):
        raise Invalid({"password": [FieldError("password_breached")]})
    with admission.hold_slot(HASH):
        return _run_in_hashing_thread(hashers.make_password, password)


def verify_password_hash(password: str, encoded: str) -> bool:
    """Whether a normalised password is the one of this hash, made by `hashed`; where there is none (`""`), the same
    work and no. Raises Unavailable under a hashing storm."""
    typed, fits = _bound_length(password)
    with admission.hold_slot(HASH):
        return (
            _run_in_hashing_thread(hashers.check_password, typed, encoded or _unmatchable_hash())
            and bool(encoded)
            and fits
        )


def verify_user_password(password: str, user: User | None) -> bool:
    """Whether a normalised password is this user's; for nobody, and for whoever has none, the same work and no.

    A right one that was hashed otherwise than today (older Argon2 parameters, PBKDF2, bcrypt, scrypt) is hashed anew,
    unless the hash is another by now: then that one is asked. `user` says the hash that was compared last.
    Raises Unavailable under a hashing storm.
    """
    password, fits = _bound_length(password)
    usable = fits and user is not None and hashers.is_password_usable(user.password)
    kept = user.password if user is not None and usable else ""
    stale: list[str] = []
    hash_schemes.reread_schemes_if_stale()
    with admission.hold_slot(HASH):
        found = _run_in_hashing_thread(_verify_at_every_cost, password, kept, stale.append) and usable
        if found and stale and user is not None:
            renewed = _run_in_hashing_thread(hashers.make_password, password)
            if not update_row(user, "password", password=renewed):
                user.refresh_from_db(fields=["password"])
                found = _run_in_hashing_thread(hashers.check_password, password, user.password)
    return found


def _bound_length(password: str) -> tuple[str, bool]:
    """What is hashed to compare it, and whether it can be anybody's: nothing longer than a password may be is worked
    on, at any door (CVE-2013-1443)."""
    fits = len(password.encode(errors="replace")) <= MAX_BYTES
    return (password, True) if fits else ("", False)


def _run_in_hashing_thread(act: Callable[..., T], *args: Any) -> T:
    """Hashes are made in as many threads as there are slots: each keeps its 19 MiB for the next one, for a page fault
    for each 4 KiB of it would cost as much as the hash; every thread of the server would keep as much. Nothing in them
    asks the database: such a connection would stay, and nobody would see that it broke."""
    return _hashing_threads().submit(act, *args).result()


@cache
def _hashing_threads() -> ThreadPoolExecutor:
    """Made at the first hash: after the server forked."""
    return ThreadPoolExecutor(settings.HASHING_SLOTS, thread_name_prefix="hashing", initializer=_lower_thread_priority)


def _lower_thread_priority() -> None:
    """This thread is the last to get a core: a storm of sign-ins must not slow whoever wants no hash. Linux keeps the
    niceness of each thread (setpriority(2), C library/kernel differences); elsewhere there is nothing to be done."""
    with suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, get_native_id(), 10)


def _verify_at_every_cost(password: str, encoded: str, mark_stale: Callable[[str], None]) -> bool:
    """Do the work of each kind of hash that accounts have here, whichever kind this account's hash is of."""
    right = False
    for scheme, nobodys in hash_schemes.schemes_in_use(encoded).items():
        if scheme == hash_schemes.scheme_of(encoded):
            right = hashers.check_password(password, encoded, mark_stale)
        else:
            hashers.check_password(password, nobodys)
    return right


@cache
def _unmatchable_hash() -> str:
    """A hash that no password has, of the same cost as every other."""
    return hashers.make_password(entropy.random_token())
