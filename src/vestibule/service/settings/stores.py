"""What it keeps its things in: database, Redis, broker, pictures."""

from typing import Any

from vestibule.service.settings import addresses
from vestibule.service.settings.deployment import VAR, env

DATABASE_URL = env.read_parsed("DATABASE_URL", "url", addresses.check_database_url, default="", id="E036", secret=True)
DATABASE_POOLED = env.read_switch("DATABASE_POOLED", default=False)
DATABASE_TIMEOUTS = "-c statement_timeout=4000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000"
DATABASE_PATIENCE = 6  # seconds that a client waits for what the server should have ended after four
REDIS_URL = env.read_parsed("REDIS_URL", "url", addresses.check_redis_url, default="", id="E036", secret=True)
REDIS_OPTIONS: dict[str, Any] = {"socket_connect_timeout": 1, "socket_timeout": 2}
CHALLENGE_STORE = env.read_choice(
    "CHALLENGE_STORE", ("database", "redis"), default="redis" if REDIS_URL else "database", id="E003"
)


def _sqlite_config() -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR / "vestibule.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        },
        "TEST": {"NAME": VAR / "test.sqlite3"},
    }


def _postgresql_config() -> dict[str, Any]:
    database = addresses.parse_postgresql_url(DATABASE_URL)
    # A connection a thread, kept and checked: it fails at once and heals at once, where a pool in between would let
    # each request wait for its own retries (docs/decisions/0007).
    database["ENGINE"] = "vestibule.storage.postgresql"
    database["CONN_MAX_AGE"] = 600
    database["CONN_HEALTH_CHECKS"] = True
    of_url = database["OPTIONS"]
    database["OPTIONS"] = {
        **of_url,
        "connect_timeout": 2,
        "patience": DATABASE_PATIENCE,
        "tcp_user_timeout": 5000,  # milliseconds: a host that vanished without a word
        "options": f"{DATABASE_TIMEOUTS} {of_url.get('options', '')}".strip(),
        # A statement that comes again is planned once a connection: to plan most of ours costs more than to run them.
        "server_side_binding": True,
        "prepare_threshold": 5,
    }
    if "," in str(database.get("HOST", "")):  # of several, the one that takes writes, also after a failover
        database["OPTIONS"].setdefault("target_session_attrs", "read-write")
    if DATABASE_POOLED:
        # PgBouncer hands a session to many: what we would set in it, it sets (`connect_query`), and no cursor outlives
        # a transaction; nor does a prepared statement.
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
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
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
MEDIA_ROOT, MEDIA_URL = VAR / "media", "/media/"
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700  # Django would open them to all
