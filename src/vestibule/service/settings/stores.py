"""Settings of stores: database, Redis, broker, pictures."""

from typing import Any

from vestibule.service.settings import addresses
from vestibule.service.settings.deployment import VAR_DIR, env
from vestibule.service.settings.django_wiring import MEDIA_PATH

DATABASE_URL = env.read_parsed("DATABASE_URL", "url", addresses.check_database_url, default="", id="E036", secret=True)
DATABASE_POOLED = env.read_switch("DATABASE_POOLED", default=False)
DATABASE_TIMEOUTS = "-c statement_timeout=4000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000"
DATABASE_PATIENCE = 6  # seconds that we wait for a statement that the server should end after four
REDIS_URL = env.read_parsed("REDIS_URL", "url", addresses.check_redis_url, default="", id="E036", secret=True)
CHALLENGE_STORE = env.read_choice(
    "CHALLENGE_STORE", ("database", "redis"), default="redis" if REDIS_URL else "database", id="E003"
)


def _sqlite_config() -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR_DIR / "vestibule.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        },
        "TEST": {"NAME": VAR_DIR / "test.sqlite3"},
    }


def _postgresql_config() -> dict[str, Any]:
    database = addresses.parse_postgresql_url(DATABASE_URL)
    # One connection for each thread, kept and checked: it fails and recovers at once, whereas with a pool each request
    # would wait for the pool's retries (docs/decisions/0007).
    database["ENGINE"] = "vestibule.storage.postgresql"
    database["CONN_MAX_AGE"] = 600
    database["CONN_HEALTH_CHECKS"] = True
    of_url = database["OPTIONS"]
    database["OPTIONS"] = {
        **of_url,
        "connect_timeout": 2,
        "patience": DATABASE_PATIENCE,
        "tcp_user_timeout": 5000,  # milliseconds, for a host that vanished
        "options": f"{DATABASE_TIMEOUTS} {of_url.get('options', '')}".strip(),
        # A statement that comes again is prepared, for each connection: planning most of ours costs more than running
        # them (docs/decisions/0179).
        "server_side_binding": True,
        "prepare_threshold": 1,
    }
    if "," in str(database.get("HOST", "")):  # of several hosts the one that accepts writes, also after a failover
        database["OPTIONS"].setdefault("target_session_attrs", "read-write")
    if DATABASE_POOLED:
        # PgBouncer shares a session among clients: it sets the options itself (`connect_query`), and neither cursors
        # nor prepared statements outlive a transaction.
        del database["OPTIONS"]["options"]
        database["OPTIONS"]["prepare_threshold"] = None
        database["DISABLE_SERVER_SIDE_CURSORS"] = True
    return database


DATABASES = {"default": _postgresql_config() if DATABASE_URL else _sqlite_config()}
CELERY_BROKER_URL = env.read_parsed(
    "CELERY_BROKER_URL", "url", addresses.check_broker_url, default=REDIS_URL, id="E036", secret=True
)

# Pictures: on our own disk, or, for several machines, in a bucket (`s3` extra; credentials as boto3 finds them).
S3_ENDPOINT_URL = env.read_url("S3_ENDPOINT_URL")
S3_BUCKET = env.read_text("S3_BUCKET")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "vestibule.service.static_files.DigestStorage"},
}
if S3_BUCKET:
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT_URL or None,
            "object_parameters": {"CacheControl": "public, max-age=31536000, immutable"},
        },
    }
MEDIA_ROOT, MEDIA_URL = VAR_DIR / "media", f"/{MEDIA_PATH}"
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700  # Django's defaults let other users read them
