"""Nothing for operators answers strangers, and what anybody may ask costs next to nothing (HOL-06, 07, 19, 33)."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Semaphore
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import yaml
from drf_spectacular.generators import SchemaGenerator

from tests.configured import configured
from tests.openapi import read_contract
from tests.world import Http
from vestibule.kernel.cached import Cached
from vestibule.service.ops import health, port
from vestibule.web.api import docs
from vestibule.web.operators import FORWARDING_HEADERS

TOKEN = "a token of the watch"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
STRANGERS = ("203.0.113.7", "10.0.0.1", "172.30.0.10", "192.168.1.2", "::ffff:203.0.113.7", "2001:db8::1", "", "unix:")
HEADERS = [name.removeprefix("HTTP_").replace("_", "-").title() for name in FORWARDING_HEADERS]


@pytest.fixture
def http(house: None) -> Http:
    """Somebody who asks."""
    return Http(raise_request_exception=False)


@pytest.mark.parametrize("peer", STRANGERS)
@pytest.mark.parametrize("base_url", ["http://testserver", "https://auth.example.com"])
def test_hol_06_no_other_machine_reads_the_metrics_without_a_token(http: Http, peer: str, base_url: str) -> None:
    with configured(BASE_URL=base_url):
        refused = http.get("/metrics", REMOTE_ADDR=peer)
        assert (refused.status_code, refused.json()["code"]) == (401, "not_authenticated")
        assert http.get("/metrics", REMOTE_ADDR=peer, headers=BEARER).status_code == 401
        assert b"vestibule_" not in refused.content


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("said", ["127.0.0.1", "", "for=127.0.0.1", "https"])
def test_hol_06_what_a_proxy_hands_on_is_a_stranger_s(http: Http, header: str, said: str) -> None:
    """Whatever it claims: a proxy beside us comes from the loopback interface too."""
    assert http.get("/metrics", headers={header: said}).status_code == 401
    assert http.get("/dev/mailbox/", headers={header: said}).status_code == 404


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.0.0.5", "::1", "::ffff:127.0.0.1"])
def test_hol_06_this_machine_reads_them(http: Http, peer: str) -> None:
    assert http.get("/metrics", REMOTE_ADDR=peer).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example:80", "a.svc.example"]
)
def test_hol_06_a_page_whose_name_was_pointed_here_reads_nothing(http: Http, host: str) -> None:
    """DNS rebinding: the browser of whoever sits here asks, with the name of a page of others."""
    assert http.get("/metrics", headers={"Host": host}).status_code == 401
    assert http.get("/dev/mailbox/", headers={"Host": host}).status_code in (400, 404)


@pytest.mark.parametrize(
    "host", ["localhost:8000", "127.0.0.1", "[::1]:9000", "testserver", "10.244.0.5:8000", "vestibule.auth.svc"]
)
def test_hol_06_this_machine_asks_by_its_own_names(http: Http, host: str) -> None:
    assert http.get("/metrics", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("peer", ["127.0.0.1", "203.0.113.7"])
def test_hol_06_log_12_with_a_token_the_bearer_alone_reads_them(http: Http, peer: str) -> None:
    with configured(METRICS_TOKEN=TOKEN):
        for wrong in ("", TOKEN, "Bearer", "Bearer ", f"bearer {TOKEN}", f"Bearer {TOKEN} ", "Basic x", "Bearer ü"):
            assert http.get("/metrics", REMOTE_ADDR=peer, headers={"Authorization": wrong}).status_code == 401, wrong
        assert http.get(f"/metrics?token={TOKEN}", REMOTE_ADDR=peer).status_code == 401
        assert http.get("/metrics", REMOTE_ADDR=peer, headers=BEARER | {"X-Forwarded-For": "x"}).status_code == 200


def test_hol_33_who_sends_nothing_holds_no_thread_of_a_worker(house: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port.QuietRequestHandler, "timeout", 0.1)
    server = port.serve_metrics(port.listen_address(), 0)
    try:
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as silent:
            assert silent.recv(1) == b""
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def workers_port(house: None) -> Iterator[str]:
    """The port of a worker."""
    server = port.serve_metrics(port.listen_address(), 0)
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_hol_33_a_worker_s_port_is_this_machine_s_until_there_is_a_token(workers_port: str) -> None:
    assert port.listen_address() == "127.0.0.1"
    with urlopen(workers_port) as answer:
        assert answer.status == 200
    with pytest.raises(HTTPError, match="401") as refused:
        urlopen(Request(workers_port, headers={"X-Forwarded-For": "203.0.113.7"}))
    refused.value.close()
    with configured(METRICS_TOKEN=TOKEN):
        assert port.listen_address() == "0.0.0.0"
        with pytest.raises(HTTPError, match="401") as refused:
            urlopen(workers_port)
        refused.value.close()


@pytest.mark.parametrize("path", ["/dev/mailbox/", "/dev/mailbox/1/", "/dev/mailbox/1/html"])
@pytest.mark.parametrize("peer", STRANGERS)
def test_hol_19_the_mailbox_is_this_machine_s(http: Http, path: str, peer: str) -> None:
    with configured(MAILBOX=True):
        assert http.get(path, REMOTE_ADDR=peer).status_code == 404
        assert http.get("/dev/mailbox/").status_code == 200
        for header in HEADERS:
            assert http.get(path, headers={header: "127.0.0.1"}).status_code == 404


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How often the document was made, from nothing."""
    made: list[int] = []
    make = SchemaGenerator.get_schema

    def counted(self: SchemaGenerator, *args: object, **options: object) -> object:
        made.append(1)
        return make(self, *args, **options)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(SchemaGenerator, "get_schema", counted)
    docs.DOCUMENTS.invalidate()
    yield made
    docs.DOCUMENTS.invalidate()


def test_hol_07_who_waits_for_the_schema_leaves_threads_to_others(
    http: Http, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, make = Semaphore(0), Event(), docs.DOCUMENTS.get

    def make_later() -> object:
        begun.release()
        go_on.wait(timeout=60)
        return make()

    monkeypatch.setattr(docs.DOCUMENTS, "get", make_later)
    with ThreadPoolExecutor(4) as pool:
        first = [pool.submit(lambda: Http().get("/api/schema").status_code) for _ in range(4)]
        for _ in first:
            begun.acquire(timeout=60)
        refused = http.get("/api/schema")
        go_on.set()
        assert [each.result() for each in first] == [200] * 4
    assert (refused.status_code, refused["Retry-After"], refused.json()["code"]) == (503, "1", "unavailable")
    assert http.get("/api/schema").status_code == 200
    assert made == [1]


def test_hol_07_the_schema_is_made_once(http: Http, made: list[int]) -> None:
    together = Barrier(4)

    def fetch(_: int) -> bytes:
        together.wait(timeout=60)
        return Http().get("/api/schema?format=json").content

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(fetch, range(4)))) == 1
    for query in ("", "?format=json", "?format=yaml", "?version=x", "?lang=de", "?lang=fr&version=y"):
        assert http.get(f"/api/schema{query}").status_code == 200
    assert made == [1]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "application/vnd.oai.openapi; charset=utf-8"),
        ("application/yaml", "application/yaml; charset=utf-8"),
        ("application/json", "application/json"),
        ("application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
        ('application/json; indent=2; x="<script>"', "application/json"),
    ],
)
def test_hol_07_whoever_has_the_schema_gets_no_bytes(http: Http, accept: str, content_type: str) -> None:
    answer = http.get("/api/schema", headers={"Accept": accept})
    assert answer["Content-Type"] == content_type
    assert "Accept" in answer["Vary"]
    parsed = json.loads(answer.content) if "json" in content_type else yaml.load(answer.content, yaml.CSafeLoader)
    assert parsed == read_contract()
    again = http.get("/api/schema", headers={"Accept": accept, "If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"])
    assert http.get("/api/schema", headers={"Accept": accept, "If-None-Match": '"other"'}).status_code == 200
    assert http.get("/api/schema", headers={"Accept": "image/png"}).json()["code"] == "not_acceptable"


def test_ready_looks_once_a_second_however_often_it_is_asked(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    monkeypatch.setitem(health._CHECKS, "broker", lambda: looks.append("broker"))
    monkeypatch.setattr("vestibule.kernel.cached.monotonic", lambda: 1000.0)
    assert {http.get("/health/ready").status_code for _ in range(20)} == {200}
    assert looks == ["broker"]
    monkeypatch.setattr("vestibule.kernel.cached.monotonic", lambda: 1001.0)
    assert http.get("/health/ready").json()["checks"].keys() == health._CHECKS.keys()
    assert looks == ["broker"] * 2


def test_ready_holds_no_threads_while_a_dependency_hangs() -> None:
    """Others hear what was seen before; and wait, where that is too long ago."""
    hanging, go_on, answers = Event(), Event(), ["after", "before"]

    def look() -> str:
        if len(answers) == 1:
            hanging.set()
            assert go_on.wait(60)
        return answers.pop()

    seen = Cached(look, keep_for=0, stale_for=60)
    assert seen.get() == "before"
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(seen.get)
        assert hanging.wait(60)
        assert seen.get() == "before"
        go_on.set()
        assert looking.result() == "after"
