"""The work that is done for a request, counted by kind: so that two requests can be compared without a clock."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.db import connection
from redis.connection import AbstractConnection

from vestibule.accounts.passwords import Argon2
from vestibule.courier import wake
from vestibule.kernel.sealing import KeyRing


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
        counted(KeyRing, "seal")
        counted(KeyRing, "all_digests")
        counted(Argon2, "verify")
        counted(Argon2, "encode")
        before_task_publish.connect(published)
        count_commands(patch, done)
        wake.wake_event.clear()
        try:
            yield done
        finally:
            before_task_publish.disconnect(published)
            patch.undo()
        done["doorbell"] += wake.wake_event.is_set()


def count_commands(patch: pytest.MonkeyPatch, done: Counter[str]) -> None:
    """Count what this process asks Redis for: the server's own counts are of every process. Not how a connection
    begins, which is made when there is none."""
    kind: Any = AbstractConnection
    one, many = kind.pack_command, kind.pack_commands

    def count(command: tuple[Any, ...]) -> None:
        if str(command[0]).upper() not in (
            "HELLO",
            "CLIENT SETINFO",
            "CLIENT",
            "SELECT",
            "PING",
            "AUTH",
            "SCRIPT LOAD",
        ):
            done[f"Redis {command[0]}"] += 1

    def packed(self: Any, *command: Any) -> Any:
        count(command)
        return one(self, *command)

    def packed_together(self: Any, commands: Any) -> Any:
        for command in commands:
            count(command)
        return many(self, commands)

    patch.setattr(kind, "pack_command", packed)
    patch.setattr(kind, "pack_commands", packed_together)
