"""All that is kept, as one text in which to look for what must not be."""

from pathlib import Path

import redis
from django.apps import apps

from vestibule.conf import conf


def everything() -> str:
    """Every column of every table, every value in Redis, every file but the mailbox's, as one text."""
    kept = [
        repr([bytes(value) if isinstance(value, memoryview) else value for value in row])
        for model in apps.get_models()
        for row in model._default_manager.values_list()
    ]
    if conf.redis_url:
        connection = redis.Redis.from_url(conf.redis_url)
        for key in connection.scan_iter():
            kept.append(repr((key, connection.dump(key))))
    for path in Path(conf.var_dir).rglob("*"):
        if path.is_file() and path.parent.name != "mailbox" and "sqlite3" not in path.name:
            kept.append(repr(path.read_bytes()))
    return "\n".join(kept)
