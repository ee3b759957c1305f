"""What the server is built on of gunicorn's private parts: where they move, service/server/receiving.py is read
again."""

import inspect
from importlib.metadata import requires, version

from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.http import get_parser
from gunicorn.http.unreader import IterUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from vestibule.service.server.gunicorn_server import GracefulWorker, keep_at_hand

CALLED = {
    "handle": [
        "conn.data_ready",
        "conn.init()",
        "next(conn.parser)",
        "self._keepalive_after(conn, self.handle_request",
    ],
    "run": ["self.murder_pending()", "self.set_accept_enabled(can_accept)", "self.nr_conns > 0"],
    "set_accept_enabled": ["self.poller.register(listener, selectors.EVENT_READ, self.accept)"],
    "enqueue_req": ["self.tpool.submit(self.handle, conn)", "self.finish_request, conn, fut"],
    "murder_keepalived": ["if delta > 0 and not force"],
    "finish_request": ["conn.parser.unreader.buf.getvalue()", "self.keepalived_conns.append(conn)"],
    "handle_request": ["wsgi.create(req, conn.sock"],
    "on_client_socket_readable": ["self.poller.unregister(client)", "self.keepalived_conns.remove(conn)"],
}


def test_gunicorn_calls_what_is_put_in_its_place() -> None:
    for name, calls in CALLED.items():
        source = inspect.getsource(getattr(ThreadWorker, name))
        assert all(call in source for call in calls), name
    for name in (
        "accept",
        "enqueue_req",
        "finish_request",
        "handle_request",
        "_keepalive_after",
        "murder_pending",
        "handle_error",
    ):
        ours, theirs = (
            list(inspect.signature(getattr(kind, name)).parameters) for kind in (GracefulWorker, ThreadWorker)
        )
        assert ours == theirs, name
    assert list(inspect.signature(TConn).parameters) == ["cfg", "sock", "client", "server"]
    assert isinstance(get_parser(Config(), [b""], ("127.0.0.1", 1)).unreader, IterUnreader)


def test_its_parent_calls_what_is_put_in_its_place() -> None:
    """`DrainingArbiter` counts who is ending beside those that there should be, and does its parent's work in the
    drain."""
    counted = inspect.getsource(Arbiter.manage_workers) + inspect.getsource(Arbiter.spawn_workers)
    assert counted.count("self.num_workers") == 3
    assert "self._num_workers" in inspect.getsource(Arbiter._get_num_workers)
    loop = inspect.getsource(Arbiter.run)
    cared = ["self.wait_for_signals(", "self.murder_workers()", "self.manage_workers()"]
    assert all(call in loop for call in cared)
    assert "self.reap_workers()" in inspect.getsource(Arbiter.handle_chld)


def test_settings_at_hand_are_those_that_gunicorn_reads() -> None:
    config, read = Config(), Config()
    for each in (config, read):
        each.set("timeout", 7)
    keep_at_hand(config)
    assert {name: getattr(config, name) for name in read.settings} == {
        name: getattr(read, name) for name in read.settings
    }
    assert config.timeout == 7


def test_gunicorn_has_a_ceiling() -> None:
    [wanted] = [each for each in requires("vestibule") or [] if each.startswith("gunicorn")]
    assert "<28" in wanted
    assert version("gunicorn").startswith("27.")
