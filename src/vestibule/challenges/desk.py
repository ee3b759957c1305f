"""The engine that this process runs: the store that settings name, the key ring, the operator's numbers."""

import redis
from django.conf import settings

from vestibule.challenges import policy
from vestibule.challenges.engine import Engine
from vestibule.challenges.store import Store
from vestibule.challenges.store_db import DatabaseStore
from vestibule.challenges.store_redis import RedisStore
from vestibule.guards.ledger import GuessBudget


def _store() -> Store:
    if settings.CHALLENGE_STORE == "redis":
        return RedisStore(redis.Redis.from_url(settings.REDIS_URL, **settings.REDIS_OPTIONS))
    return DatabaseStore()


challenges = Engine(
    store=_store(),
    keys=settings.KEYS,
    policies=policy.table(settings.OTP),
    budget=GuessBudget(),
)
