"""How accounts begin: modes, fields, passwords, codes."""

from datetime import timedelta

from vestibule.challenges.policy import Numbers
from vestibule.settings.place import env
from vestibule.settings.serving import CORES, WEB_PROCESSES, WEB_THREADS

REGISTRATION_MODE = env.str("REGISTRATION_MODE", default="deferred")  # what the pages do; the API has both ways
LINK_BINDING = env.bool("LINK_BINDING", default=True)
PENDING_TTL = timedelta(seconds=env.int("PENDING_TTL", default=72 * 3600))
SIGNUP_FIELDS = env.list("SIGNUP_FIELDS", default=[])
ENUMERATION_PROTECTION = env.bool("ENUMERATION_PROTECTION", default=True)
PASSWORD_MIN_LENGTH = env.int("PASSWORD_MIN_LENGTH", default=12)
# Like https://api.pwnedpasswords.com; empty: no list is asked.
PASSWORD_BREACH_URL = env.str("PASSWORD_BREACH_URL", default="").rstrip("/")
PASSWORD_HASHERS = [
    "vestibule.accounts.passwords.Argon2",
    # What comes from elsewhere is recognised, and hashed anew at the first sign-in.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "vestibule.accounts.passwords.Bcrypt",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
# As many hashes at once as there are cores, over all processes of this machine.
HASHING_SLOTS = env.int("HASHING_SLOTS", default=max(1, CORES // WEB_PROCESSES))
# Who waits for a hash holds a thread: a quarter of them stays free for whoever wants none.
HASHING_QUEUE = max(0, min(16, WEB_THREADS - max(1, WEB_THREADS // 4) - HASHING_SLOTS))
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "vestibule.accounts.passwords.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_MIN_LENGTH},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "username", "full_name")},
    },
]
OTP = Numbers(
    ttl=timedelta(seconds=env.int("OTP_TTL", default=600)),
    link_ttl=timedelta(seconds=env.int("OTP_LINK_TTL", default=6 * 3600)),
    cooldowns=tuple(timedelta(seconds=int(wait)) for wait in env.list("OTP_COOLDOWNS", default=["60", "120", "300"])),
)
