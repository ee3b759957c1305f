"""HAProxy from the system, with the file that `deploy/` holds, before two web hosts on addresses of their own."""

import shutil
import subprocess
from pathlib import Path

from tests.servers import free_port, until
from tests.service import Service, Site

CONFIGURATION = Path(__file__).parents[1] / "deploy/haproxy.cfg"
HAPROXY = shutil.which("haproxy") or shutil.which("/usr/sbin/haproxy")  # made sure of by the Makefile
ADDRESSES = ("127.0.0.2", "127.0.0.3")  # one a host; all of 127.0.0.0/8 is the loopback interface


class Balanced(Site):
    """Two web hosts (`vestibule serve` twice, nothing shared but what the environment names) and their balancer."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._balancer: subprocess.Popen[bytes] | None = None
        hosts = {
            "BASE_URL": self.url,
            "ALLOWED_HOSTS": ",".join(("localhost", "127.0.0.1", *ADDRESSES)),
            "TRUSTED_PROXIES": "127.0.0.1",
            **environment,
        }
        self.hosts = [Service(_made(folder / address), **hosts, BIND=address) for address in ADDRESSES]

    def start(self) -> None:
        """Come back when both hosts are in."""
        for host in self.hosts:
            host.start("serve")
        for host in self.hosts:
            until(host.answers, "a web host")
        self._balancer = subprocess.Popen(
            [HAPROXY or "haproxy", "-f", CONFIGURATION, "-db"],
            env={"BIND": f"127.0.0.1:{self.port}"}
            | {f"WEB_{n}": host.url.removeprefix("http://") for n, host in enumerate(self.hosts, 1)},
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / "haproxy.log").open("ab"),
        )
        until(lambda: all(_asked(host) for host in self.hosts), "the balancer")

    def take_back(self, host: Service) -> None:
        """Start a host that had gone; come back when the balancer has seen that it is ready."""
        before = _asked(host)
        host.start("serve")
        until(lambda: _asked(host) > before, "the balancer to see the host")

    def stop(self) -> None:
        """All of it, at once."""
        if self._balancer:
            self._balancer.kill()
            self._balancer.wait()
        for host in self.hosts:
            host.stop()


def _asked(host: Service) -> int:
    """How often the host said that it is ready; only the balancer asks."""
    return host.log("serve").count('"route": "health/ready", "status": 200')


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder
