"""Checks of keys and what they cost: the age of the signing key, a password hash, the builds of Argon2 and Python."""

import platform
import sysconfig
from collections.abc import Iterator
from datetime import timedelta
from time import thread_time

from django.conf import settings

from vestibule.accounts.passwords import Argon2
from vestibule.conf import conf
from vestibule.service.doctor import argon2_build
from vestibule.service.doctor.check import Check, DoctorRun, Observation, report_error, report_fine, report_warning
from vestibule.sessions import signing_keys

MAX_KEY_AGE = timedelta(days=90)
SLOW_HASH_SECONDS = 0.050  # seconds of CPU; 20 to 23 ms where it was measured, 11 ms with our own build
MIN_MEMORY, MIN_TIME = 19456, 2  # OWASP Password Storage Cheat Sheet, the row with one lane
TRIES = 5


def check_signing_key_age(doctor_run: DoctorRun) -> Iterator[Observation]:
    """Check the age of the key that signs."""
    since = signing_keys.current_key_signs_since(doctor_run.at)
    if since is None:
        yield report_fine("made at the first sign-in")
        return
    age = doctor_run.at - since
    says = f"signs since {age.days} days"
    yield report_warning(says) if age > MAX_KEY_AGE else report_fine(says)


def check_hashing_cost(_: DoctorRun) -> Iterator[Observation]:
    """Check the parameters, and the duration of the fastest of a few hashes."""
    hasher = Argon2()
    if hasher.memory_cost < MIN_MEMORY or hasher.time_cost < MIN_TIME:
        yield report_error(f"m={hasher.memory_cost} KiB, t={hasher.time_cost} is less than OWASP asks")
        return
    seconds = min(_time_one_hash(hasher) for _ in range(TRIES))
    cores = min(conf.hashing_slots, settings.CORES)
    says = f"{seconds * 1000:.0f} ms a hash, {cores / seconds:.0f} sign-ins a second on {cores} cores"
    yield report_warning(says) if seconds > SLOW_HASH_SECONDS else report_fine(says)


def check_argon2_build(_: DoctorRun) -> Iterator[Observation]:
    """Report which build is in use."""
    yield report_fine(argon2_build.describe_build())


def check_python_build(_: DoctorRun) -> Iterator[Observation]:
    """Report whether the interpreter says that it was built with optimisations (profile-guided, at link time). Debian's
    own is, and does not say so."""
    version, flags = platform.python_version(), sysconfig.get_config_var("CONFIG_ARGS") or ""
    found = [flag for flag in ("--enable-optimizations", "--with-lto") if flag in flags]
    yield report_fine(f"{version}, {' '.join(found) if found else 'which does not say whether it was optimised'}")


def _time_one_hash(hasher: Argon2) -> float:
    began = thread_time()
    hasher.encode("the doctor's own", "sixteen bytes...")
    return thread_time() - began


CHECKS = (
    Check(
        id="signing-key",
        looks_at="whether the key that signs access tokens is younger than 90 days",
        remedy="Run `vestibule rotate-keys`, and have it run every 90 days. Nobody is signed out.",
        run=check_signing_key_age,
        needs="migrations",
    ),
    Check(
        id="hashing",
        looks_at="the Argon2id parameters, and what a hash costs on this machine (50 ms at most)",
        remedy="Take a faster machine or more of them; build Argon2 for it with `make install`. Never weaken the hash.",
        run=check_hashing_cost,
    ),
    Check(
        id="argon2",
        looks_at="which build of Argon2 runs",
        remedy="`make install` builds it for this machine: about half the time a hash.",
        run=check_argon2_build,
    ),
    Check(
        id="python",
        looks_at="whether Python says that it was built with optimisations",
        remedy="Debian's, uv's and that of the official images are; one that pyenv compiles by itself is not.",
        run=check_python_build,
    ),
)
