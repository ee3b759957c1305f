"""Settings of accounts: ways of signing up, fields, passwords, codes."""

from datetime import timedelta
from typing import get_args

from vestibule.accounts.fields import REQUIRABLE_FIELDS
from vestibule.conf import PasswordPolicy, RegistrationMode
from vestibule.service.settings import value_types
from vestibule.service.settings.deployment import env
from vestibule.service.settings.processes import CORES, WEB_PROCESSES, WEB_THREADS

# Which way the pages use; the API offers both.
REGISTRATION_MODE = env.read_choice("REGISTRATION_MODE", get_args(RegistrationMode), default="deferred", id="E013")
LINK_BINDING = env.read_switch("LINK_BINDING", default=True)
PENDING_TTL = timedelta(seconds=env.read_number("PENDING_TTL", default=72 * 3600, least=60))
SIGNUP_FIELDS = env.read_list("SIGNUP_FIELDS", value_types.choice_parser(REQUIRABLE_FIELDS), id="E006")
ENUMERATION_PROTECTION = env.read_switch("ENUMERATION_PROTECTION", default=True)
PASSWORDS = env.read_choice("PASSWORDS", get_args(PasswordPolicy), default="required")
PASSWORD_MIN_LENGTH = env.read_number("PASSWORD_MIN_LENGTH", default=12, least=8, most=64, id="E008")
# For example https://api.pwnedpasswords.com; empty: no request is made.
PASSWORD_BREACH_URL = env.read_url("PASSWORD_BREACH_URL")
PASSWORD_BREACH_FILE = env.read_parsed(
    "PASSWORD_BREACH_FILE", "file", value_types.parse_digest_file, default=None, id="E041"
)
PASSWORD_HASHERS = [
    "vestibule.accounts.passwords.Argon2",
    # Hashes of imported accounts, which are replaced at the first sign-in.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "vestibule.accounts.passwords.Bcrypt",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
# By default as many hashes at once as there are cores, over all processes of this machine.
HASHING_SLOTS = env.read_number("HASHING_SLOTS", default=max(1, CORES // WEB_PROCESSES), least=1, most=1024)
# A request that does expensive work or waits for it holds a thread; a quarter of the threads stays free for others.
PLACES = max(HASHING_SLOTS, min(HASHING_SLOTS + 16, WEB_THREADS - max(1, WEB_THREADS // 4)))
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_MIN_LENGTH},
    },
    {"NAME": "vestibule.accounts.password_validators.CommonPasswordValidator"},
    {
        "NAME": "vestibule.accounts.password_validators.OwnDataValidator",
        "OPTIONS": {"user_attributes": ("email", "username", "full_name")},
    },
]
MAGIC_LINK = env.read_switch("MAGIC_LINK", default=True)
MFA_SMS = env.read_switch("MFA_SMS", default=False)
MFA_REQUIRED_ROLES = [
    role
    for role in env.read_list(
        "MFA_REQUIRED_ROLES",
        value_types.choice_parser((*value_types.ROLES, "none")),
        default=("admin", "manager"),
    )
    if role != "none"
]
PASSKEY_ORIGINS = env.read_list("PASSKEY_ORIGINS", value_types.parse_origin)
OTP_TTL = timedelta(seconds=env.read_number("OTP_TTL", default=600, least=1, most=600, id="E010"))
OTP_LINK_TTL = timedelta(seconds=env.read_number("OTP_LINK_TTL", default=6 * 3600, least=60))
OTP_COOLDOWNS = [
    timedelta(seconds=wait)
    for wait in env.read_list("OTP_COOLDOWNS", value_types.number_parser(0, 86400), default=(60, 120, 300))
]
