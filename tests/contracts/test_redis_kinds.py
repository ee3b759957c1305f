"""Redis as a cluster, behind Sentinel, by TLS: the rates and the broker (the challenges: the contract suites)."""

import datetime
import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kombu import Connection
from kombu.exceptions import OperationalError
from limits import parse
from limits.strategies import MovingWindowRateLimiter

from tests.contracts.redises import Watched, cluster
from tests.contracts.stores import added, at_once, kept
from tests.environment import PRODUCTION
from tests.servers import free_port, until
from vestibule.challenges.store_redis import RedisStore
from vestibule.limits import rate_counters
from vestibule.storage import redis_client

pytestmark = [pytest.mark.stores, pytest.mark.skipif(not PRODUCTION, reason="needs Redis")]

THREE = parse("3/hour")
TLS_REDIS = shutil.which("redis-server", path="/usr/bin:/usr/local/bin")  # the wheel's is built without TLS


def rung(url: str) -> bool:
    """Whether a wake that is put into this broker comes out of it."""
    told = redis_client.celery_broker_options(url)
    options = {"socket_connect_timeout": 1, "socket_timeout": 2, **told["broker_transport_options"]}
    with Connection(told["broker_url"], ssl=told["broker_use_ssl"], transport_options=options) as connection:
        connection.ensure_connection(max_retries=0, timeout=2)
        with connection.SimpleQueue(f"queue {uuid4()}") as queue:
            queue.put("wake")
            message = queue.get(timeout=2)
            message.ack()
    return bool(message.payload == "wake")


def test_a_cluster_counts(house: None) -> None:
    limiter = MovingWindowRateLimiter(rate_counters.open_redis_storage(cluster(), **redis_client.TIMEOUTS))
    assert sum(at_once(lambda _: limiter.hit(THREE, "tried", "one network"))) == 3
    assert [limiter.hit(THREE, "tried", f"network {n}") for n in range(12)] == [True] * 12  # on all three nodes
    assert limiter.get_window_stats(THREE, "tried", "one network").remaining == 0


def test_a_cluster_that_is_away_is_down() -> None:
    with pytest.raises(redis_client.unreachable_errors()):
        redis_client.open_connection(f"redis+cluster://127.0.0.1:{free_port()}", **redis_client.TIMEOUTS).ping()


def test_sentinel_puts_another_in_its_place(house: None) -> None:
    watched = Watched()
    try:
        watched.start()
        client = redis_client.open_connection(watched.url, **redis_client.TIMEOUTS)
        store = RedisStore(client)
        limiter = MovingWindowRateLimiter(rate_counters.open_redis_storage(watched.url, **redis_client.TIMEOUTS))
        record = added(store)
        assert limiter.hit(THREE, "tried")
        assert rung(watched.url)
        assert client.wait(1, 2000) == 1
        watched.master.stop()
        until(lambda: _answers(client), "the replica in the master's place")
        assert kept(store, record.id) == record
        assert [limiter.hit(THREE, "tried") for _ in range(3)] == [True, True, False]
        assert rung(watched.url)
    finally:
        watched.stop()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.set("vestibule:here", "1"))
    except redis_client.unreachable_errors():
        return False


@pytest.fixture
def by_tls(tmp_path: Path) -> Iterator[str]:
    """The URL of a Redis with TLS and a password, without what is to be trusted."""
    if not TLS_REDIS:
        pytest.skip("no redis-server of the system: REDIS BY TLS WAS NOT TRIED")
    _certificate(tmp_path)
    port = free_port()
    tls = ("--tls-port", str(port), "--port", "0", "--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem")
    command = [TLS_REDIS, *tls, "--tls-auth-clients", "no", "--requirepass", "a secret", "--save", ""]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    url = f"rediss://:a%20secret@127.0.0.1:{port}/2"
    until(lambda: _answers(redis_client.open_connection(f"{url}?ssl_ca_certs={tmp_path}/cert.pem")), "Redis by TLS")
    yield url
    process.kill()
    process.wait()


def _certificate(folder: Path) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis")])
    today = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today)
        .not_valid_after(today.replace(year=2100))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))


def test_tls_is_trusted_by_its_certificate_alone(by_tls: str, tmp_path: Path) -> None:
    """FLT-16."""
    trusted = f"{by_tls}?ssl_ca_certs={tmp_path}/cert.pem"
    limiter = MovingWindowRateLimiter(rate_counters.open_redis_storage(trusted, **redis_client.TIMEOUTS))
    assert limiter.hit(THREE, "tried")
    assert rung(trusted)
    with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        redis_client.open_connection(by_tls).ping()
    with pytest.raises(OperationalError, match="CERTIFICATE_VERIFY_FAILED"):
        rung(by_tls)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("amqp://rabbit", {"broker_url": "amqp://rabbit", "broker_use_ssl": None, "broker_transport_options": {}}),
        (
            "rediss+sentinel://me:a%2Fb@one,two:7/house/1?sentinel_password=s&ssl_ca_certs=/ca.pem",
            {
                "broker_url": "sentinel://me:a%2Fb@one:26379/1;sentinel://me:a%2Fb@two:7/1",
                "broker_use_ssl": {"ssl_cert_reqs": "required", "ssl_ca_certs": "/ca.pem"},
                "broker_transport_options": {"master_name": "house", "sentinel_kwargs": {"password": "s"}},
            },
        ),
    ],
)
def test_what_celery_is_told(url: str, told: dict[str, Any]) -> None:
    assert redis_client.celery_broker_options(url) == told


@pytest.mark.parametrize(
    "url", ["redis+sentinel://host", "http+cluster://host", "redis+ring://host", "redis+cluster://"]
)
def test_what_is_no_redis(url: str) -> None:
    with pytest.raises(ValueError, match=r"[rR]edis"):
        redis_client.open_connection(url)
