"""The work that is done for a request, counted by kind: so that two requests can be compared without a clock."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection
from redis import Redis

from vestibule.courier import tasks
from vestibule.kernel.sealing import Keys


@contextmanager
def work() -> Iterator[Counter[str]]:
    """What is done meanwhile, by kind: statements, commands of Redis, tasks published, wakes, sealings, hashes."""
    done: Counter[str] = Counter()

    def asked(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        done[f"SQL {sql}"] += 1
        return execute(sql, *rest)

    def published(**_: Any) -> None:
        done["task published"] += 1

    patch = pytest.MonkeyPatch()

    def counted(owner: type, name: str) -> None:
        real = getattr(owner, name)

        def spied(*given: Any, **named: Any) -> Any:
            done[f"{owner.__name__}.{name}"] += 1
            return real(*given, **named)

        patch.setattr(owner, name, spied)

    with connection.execute_wrapper(asked):
        counted(Keys, "seal")
        counted(Keys, "digests")
        counted(Argon2PasswordHasher, "verify")
        counted(Argon2PasswordHasher, "encode")
        before_task_publish.connect(published)
        tasks.doorbell.clear()
        before = commands()
        try:
            yield done
        finally:
            before_task_publish.disconnect(published)
            patch.undo()
        done.update({f"Redis {name}": n for name, n in (commands() - before).items() if "info" not in name})
        done["doorbell"] += tasks.doorbell.is_set()


def commands() -> Counter[str]:
    """How often Redis was asked for what."""
    if not settings.REDIS_URL:
        return Counter()
    told = Redis.from_url(settings.REDIS_URL).info("commandstats")
    return Counter({name: facts["calls"] for name, facts in told.items()})
