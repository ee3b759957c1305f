"""Passwords: normalisation, the policy, and the hash. Hashes are computed under admission control
(`limits.admission`)."""

import re
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import bcrypt
from argon2.low_level import ARGON2_VERSION
from django.contrib.auth import hashers, password_validation
from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare

from vestibule.accounts import hash_schemes
from vestibule.accounts.argon2id import hash_in_kept_memory
from vestibule.accounts.breaches import is_breached
from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.kernel import entropy
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.kernel.yielding_threads import make_yielding_threads
from vestibule.limits.admission import HASH, admission
from vestibule.storage.rows import update_row

T = TypeVar("T")

MAX_BYTES = 1024
# Of a hash by Argon2 with today's length: 9 bytes of salt or more, 32 of the digest, in Base64 without padding.
_SALT_AND_DIGEST = re.compile(
    r"\$(?P<salt>(?:[A-Za-z0-9+/]{4}){3,}(?:[A-Za-z0-9+/]{2,3})?)\$(?P<digest>[A-Za-z0-9+/]{43})"
)


class Argon2(hashers.Argon2PasswordHasher):
    """Argon2id, m = 19 MiB, t = 2, p = 1 (OWASP Password Storage Cheat Sheet). Django's default uses 100 MiB for each
    hash."""

    time_cost = 2
    memory_cost = 19456  # KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Return the hash in Django's encoding, which is the PHC string format."""
        encoded_salt = _encode_base64(salt.encode())
        return f"{self._head}${encoded_salt}${self._digest(password, encoded_salt)}"

    def verify(self, password: str, encoded: str) -> bool:
        """Return whether the password has this hash, which may have been imported with other parameters."""
        found = _SALT_AND_DIGEST.fullmatch(encoded.removeprefix(self._head))
        if not found:
            return bool(super().verify(password, encoded))
        return constant_time_compare(self._digest(password, found["salt"]), found["digest"])

    @property
    def _head(self) -> str:
        costs = f"m={self.memory_cost},t={self.time_cost},p={self.parallelism}"
        return f"{self.algorithm}$argon2id$v={ARGON2_VERSION}${costs}"

    def _digest(self, password: str, encoded_salt: str) -> str:
        salt = b64decode(encoded_salt + "=" * (-len(encoded_salt) % 4))
        return _encode_base64(hash_in_kept_memory(password.encode(), salt, self.time_cost, self.memory_cost))


def _encode_base64(content: bytes) -> str:
    return b64encode(content).rstrip(b"=").decode()


class Bcrypt(hashers.BCryptPasswordHasher):
    """bcrypt as other systems use it: only the first 72 bytes of a password count. bcrypt 5 itself refuses longer
    input."""

    def encode(self, password: str, salt: str | bytes) -> str:
        """Return the hash in Django's encoding."""
        data = bcrypt.hashpw(password.encode()[:72], salt.encode() if isinstance(salt, str) else salt)
        return f"{self.algorithm}${data.decode('ascii')}"


def normalise_password(typed: str) -> str:
    """Return the password in NFC (SP 800-63B-4, 3.1.1.2), otherwise unchanged: nothing is trimmed or folded.

    A text that is too long in any form is returned as it is, because canonical ordering of n marks takes n² steps.
    """
    return unicodedata.normalize("NFC", typed) if len(typed) <= 4 * MAX_BYTES else typed


def find_policy_violations(password: str, own: User) -> list[FieldError]:
    """Return what the policy refuses about this normalised password of somebody with these data (a user that need not
    be saved); an empty list if nothing."""
    if len(password.encode()) > MAX_BYTES:
        return [FieldError("password_too_long")]
    try:
        password_validation.validate_password(password, user=own)
    except ValidationError as error:
        return [_field_error(each) for each in error.error_list]
    return []


def _field_error(violation: ValidationError) -> FieldError:
    """Return the error of a validator: code and parameters, of which `reason` selects the sentence.

    The violation is passed along for validators of another project, which bring their own sentence. It is not read
    here, so that it can be translated later.
    """
    params = {**(violation.params or {}), "violation": violation}
    return FieldError(str(violation.code), str(params.pop("reason", "")), params)


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a new, normalised password, in PHC form.

    Raises:
        Invalid: a list of breached passwords contains it.
        Unavailable: too many passwords are being hashed.
    """
    if is_breached(password):
        raise Invalid({"password": [FieldError("password_breached")]})
    with admission.hold_slot(HASH):
        return _run_in_hashing_thread(hashers.make_password, password)


def verify_password_hash(password: str, encoded: str) -> bool:
    """Return whether a normalised password matches this hash. An empty hash costs the same work and never matches.

    Raises:
        Unavailable: too many passwords are being hashed.
    """
    typed, fits = _bound_length(password)
    with admission.hold_slot(HASH):
        return (
            _run_in_hashing_thread(hashers.check_password, typed, encoded or _unmatchable_hash())
            and bool(encoded)
            and fits
        )


def verify_user_password(password: str, user: User | None) -> bool:
    """Return whether a normalised password is this user's. No user, or a user without a password, costs the same work
    and never matches.

    A right password with an outdated hash (older Argon2 parameters, PBKDF2, bcrypt, scrypt) is hashed anew. If the
    stored hash changed meanwhile, the password is compared with the new one. Afterwards `user.password` is the hash
    that was compared last.

    Raises:
        Unavailable: too many passwords are being hashed.
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
    """Return the text to hash and whether it can be a password at all. A longer text than any password is never hashed
    (CVE-2013-1443)."""
    fits = len(password.encode(errors="replace")) <= MAX_BYTES
    return (password, True) if fits else ("", False)


def _run_in_hashing_thread(act: Callable[..., T], *args: Any) -> T:
    """Run `act`, which must not query the database, in one of as many threads as there are hashing slots."""
    return _hashing_threads().submit(act, *args).result()


@cache
def _hashing_threads() -> ThreadPoolExecutor:
    """Create the threads at the first hash, after the server has forked."""
    return make_yielding_threads(conf.hashing_slots, "hashing")


def _verify_at_every_cost(password: str, encoded: str, mark_stale: Callable[[str], None]) -> bool:
    """Do the work of every kind of hash in use here, whichever kind this account has, so that time does not tell the
    kind."""
    right = False
    for scheme, nobodys in hash_schemes.schemes_in_use(encoded).items():
        if scheme == hash_schemes.scheme_of(encoded):
            right = hashers.check_password(password, encoded, mark_stale)
        else:
            hashers.check_password(password, nobodys)
    return right


@cache
def _unmatchable_hash() -> str:
    """Return a hash that no password has, at the cost of every other."""
    return hashers.make_password(entropy.random_token())
