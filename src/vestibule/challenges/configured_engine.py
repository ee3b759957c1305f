"""The challenge engine of this process: the configured store, the key ring and the operator's policies."""

from typing import cast

from django.conf import settings
from django.utils.functional import SimpleLazyObject

from vestibule.challenges import policy
from vestibule.challenges.engine import Engine
from vestibule.challenges.store import Store
from vestibule.challenges.store_db import DatabaseStore
from vestibule.challenges.store_redis import RedisStore
from vestibule.kernel.errors import Unavailable
from vestibule.limits.ledger import GuessBudget
from vestibule.storage import redis_client


def _open_store() -> Store:
    if settings.CHALLENGE_STORE == "redis":
        try:
            return RedisStore(redis_client.open_connection(settings.REDIS_URL, **settings.REDIS_OPTIONS))
        except redis_client.unreachable_errors() as error:  # a cluster client asks for the nodes when it is made
            raise Unavailable from error
    return DatabaseStore()


challenges = Engine(
    store=cast(Store, SimpleLazyObject(_open_store)),  # opened at first use, so that no command waits for a cluster
    keys=settings.KEYS,
    policies=policy.build_policies(settings.OTP),
    budget=GuessBudget(),
)
