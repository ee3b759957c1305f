"""The challenge engine of this process: the configured store, the key ring and the operator's policies."""

from typing import cast

from django.utils.functional import SimpleLazyObject

from vestibule.challenges import policy
from vestibule.challenges.engine import Engine
from vestibule.challenges.guesses import Guesses
from vestibule.challenges.store import Store
from vestibule.challenges.store_db import DatabaseStore
from vestibule.challenges.store_redis import RedisStore
from vestibule.conf import conf
from vestibule.kernel.cached import Cached
from vestibule.kernel.errors import Unavailable
from vestibule.limits.guess_budget import WRONG_FACTORS, WRONG_LONG_FACTORS, GuessBudget
from vestibule.storage import redis_client


def _open_store() -> Store:
    if conf.challenge_store == "redis":
        try:
            return RedisStore(redis_client.open_connection(conf.redis_url))
        except redis_client.unreachable_errors() as error:  # a cluster client asks for the nodes when it is made
            raise Unavailable from error
    return DatabaseStore()


def _build_engine() -> Engine:
    numbers = policy.PolicySettings(ttl=conf.otp_ttl, link_ttl=conf.otp_link_ttl, cooldowns=conf.otp_cooldowns)
    policies = policy.build_policies(numbers)
    return Engine(
        # Opened at first use, so that no command waits for a cluster.
        store=cast(Store, SimpleLazyObject(Cached(_open_store).get)),
        keys=conf.keys,
        policies=policies,
        guesses=Guesses(
            policies=policies,
            codes=GuessBudget(),
            factors=GuessBudget("second factors", WRONG_FACTORS),
            long_factors=GuessBudget("second factors", WRONG_LONG_FACTORS),
        ),
    )


challenges = cast(Engine, SimpleLazyObject(Cached(_build_engine).get))
