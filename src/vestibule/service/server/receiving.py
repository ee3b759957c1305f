"""gunicorn's threads, which get a request when it has arrived whole. A client that sends or reads slowly costs a socket
and the bytes so far, but no thread. After the last answer the rest of what a client sends is read and discarded for a
while, because closing a connection with unread bytes can lose the answer (RFC 9112, 9.6).

This builds on private parts of gunicorn 27 (tests/architecture/test_server.py lists them), hence the ceiling in
pyproject.toml.
"""

import errno
import selectors
import socket
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from time import monotonic
from typing import Any
from wsgiref.types import WSGIApplication

from gunicorn import http
from gunicorn.workers.gthread import TConn, ThreadWorker

from vestibule.kernel import networks
from vestibule.service.server.framing import IncomingRequest
from vestibule.service.server.own_answers import HeaderAddingSocket, refusal_response
from vestibule.service.server.sending import NonBlockingSocket
from vestibule.web.held_answers import HOLD_ANSWER

SILENT_TIMEOUT = 5.0  # seconds that a connection may be open without a byte
RECEIVE_TIMEOUT = 60.0  # seconds that a request may take to arrive
SEND_TIMEOUT = 300.0  # seconds that a client may take to read an answer
# Seconds that a silent connection stays open when the worker ends, because a request may be on its way.
SHUTDOWN_SILENT_TIMEOUT = 2.0
NOTIFY_INTERVAL = 1.0  # seconds
LINGER_TIMEOUT, MAX_DRAINED_BYTES = 5.0, 10 * 1024 * 1024  # seconds and bytes read after the last answer
# Bytes of unanswered requests and unread answers that a process holds.
MAX_HELD_BYTES = 64 * 1024 * 1024
ROOM = 4  # when no more connections fit, one in this many is closed
RECEIVE_BYTES = 64 * 1024


def let_answers_be_held(application: WSGIApplication) -> WSGIApplication:
    """Return the application with a way to hold an answer back, without a thread that waits (`HOLD_ANSWER`)."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ[HOLD_ANSWER] = environ["gunicorn.socket"].hold
        return application(environ, start_response)

    return answer


class Connection(TConn):  # type: ignore[misc]  # gunicorn is untyped
    """A connection, with the request that arrives on it and the deadline of its present state."""

    def __init__(self, cfg: Any, sock: socket.socket, *given: Any) -> None:
        super().__init__(cfg, NonBlockingSocket(sock), *given)
        self.data_ready = self.initialized = True  # gunicorn must not wait for data
        self._idle_parser = http.get_parser(self.cfg, [], self.client)  # of no bytes, between two requests
        self.incoming = IncomingRequest()
        self.deadline = 0.0
        self.drained_bytes = 0
        self.is_closing = False

    @property
    def network(self) -> str:
        """The network of the peer, which is a proxy if one stands in front."""
        peer = ip_address(self.client[0].partition("%")[0])
        mapped = peer.ipv4_mapped if isinstance(peer, IPv6Address) else None
        return networks.host_network(str(mapped or peer))

    def init(self) -> None:
        """In the thread: parse what has arrived."""
        request = bytes(self.incoming.data[: self.incoming.end] if self.incoming.whole else self.incoming.data)
        self.parser = http.get_parser(self.cfg, [request], self.client)

    def begin_next_request(self) -> None:
        """After the answer, begin the next request with the bytes that are there already."""
        self.parser = self._idle_parser
        self.incoming = IncomingRequest(bytes(self.incoming.data[self.incoming.end :]))


class ReceivingWorker(ThreadWorker):  # type: ignore[misc]
    """Receives requests in the event loop, answers them in threads."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._waiting: dict[Connection, None] = {}  # connections waiting to receive or send, oldest first
        self._taken: set[Connection] = set()  # connections whose request a thread has or will have
        # Connections whose answer is held back, with what gunicorn says of the request; the first is due first.
        self._held: deque[tuple[Connection, Any, Any]] = deque()
        self._silent_deadline: float | None = None  # when silent connections are closed, once the worker ends
        self._notified = 0.0

    def notify(self) -> None:
        """Tell the parent once a second that this process is alive; gunicorn does it at each event."""
        if (now := monotonic()) >= self._notified + NOTIFY_INTERVAL:
            self._notified = now
            super().notify()

    def accept(self, listener: Any) -> bool:
        """Accept a connection and read what it has sent. Return whether there was one."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return False
        self.nr_conns += 1
        connection = Connection(self.cfg, client, address, listener.getsockname())
        connection.deadline = monotonic() + SILENT_TIMEOUT
        self._receive_bytes(connection)
        return True

    def on_client_socket_readable(self, conn: Connection, client: Any) -> None:
        """Receive the next request on a kept connection."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        conn.deadline = monotonic() + RECEIVE_TIMEOUT
        self._receive_bytes(conn)

    def enqueue_req(self, conn: Connection) -> None:
        """Hand a request to a thread."""
        self._taken.add(conn)
        super().enqueue_req(conn)

    def finish_request(self, conn: Connection, fs: Any) -> None:
        """After a thread answered: send the answer, then wait for the next request or close."""
        self._taken.discard(conn)
        kept = not fs.cancelled() and not fs.exception() and fs.result()
        if kept:
            conn.begin_next_request()
        else:
            conn.incoming = IncomingRequest()
        conn.deadline = monotonic() + SEND_TIMEOUT
        if conn.sock.held_until and self.alive and len(self._held) < self.worker_connections // ROOM:
            self._held.append((conn, fs, kept))
        else:
            self._send_pending(conn, fs, kept)

    def _send_pending(self, conn: Connection, fs: Any, kept: bool) -> None:
        try:
            conn.sock.send_pending()
        except OSError:
            self._stop_waiting(conn)
            self._close_connection(conn)
            return
        if conn.sock.unsent:
            self._wait_for_socket(conn, lambda conn: self._send_pending(conn, fs, kept), selectors.EVENT_WRITE)
            if self._count_held_bytes() > MAX_HELD_BYTES:
                self._stop_waiting(conn)
                self._close_connection(conn)
            return
        self._stop_waiting(conn)
        if not kept:
            self._linger_and_close(conn)
        elif conn.incoming.data:
            conn.deadline = monotonic() + RECEIVE_TIMEOUT
            self._advance_request(conn)
        else:
            super().finish_request(conn, fs)

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Close the connection after a request that did not arrive whole."""
        if not conn.incoming.whole:
            req.force_close()
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Connection, keepalive: Any) -> bool:
        return bool(keepalive)  # the request was read whole, so the next one begins at a known place

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Add the common headers to the refusal of a request that is not HTTP: it reaches no middleware."""
        super().handle_error(req, HeaderAddingSocket(client), addr, exc)

    def murder_pending(self) -> None:
        """Called each second and after each event: send answers that were held, close connections past their deadline,
        and make room if there are too many."""
        now = monotonic()
        while self._held and (self._held[0][0].sock.held_until <= now or not self.alive):
            self._send_pending(*self._held.popleft())
        if not self.alive and self._silent_deadline is None:
            self._silent_deadline = now + SHUTDOWN_SILENT_TIMEOUT
        for conn in list(self._waiting):
            ending = conn.is_closing or bool(conn.sock.unsent)
            silent = not ending and not conn.incoming.data
            until = min(conn.deadline, self._silent_deadline) if silent and self._silent_deadline else conn.deadline
            if until > now:
                continue
            self._stop_waiting(conn)
            if silent or ending:
                self._close_connection(conn)
            else:
                self._refuse_request(conn, b"408 Request Timeout")
        if self.nr_conns >= self.worker_connections:
            self._make_room()

    def _make_room(self) -> None:
        """Close idle connections, then those that were answered, then the oldest of the network with the most."""
        self.murder_keepalived(force=True)
        younger: Counter[str] = Counter()
        rank = {}
        for conn in reversed(self._waiting):
            rank[conn] = (conn.is_closing, younger[conn.network])
            younger[conn.network] += 1
        surplus = self.nr_conns - self.worker_connections + self.worker_connections // ROOM
        for conn in sorted(self._waiting, key=rank.__getitem__, reverse=True)[: max(0, surplus)]:
            self._stop_waiting(conn)
            if conn.incoming.data:
                self._send_bytes(conn, refusal_response(b"408 Request Timeout"))
            self._close_connection(conn)

    def _receive_bytes(self, conn: Connection) -> None:
        try:
            piece = conn.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            self._wait_for_socket(conn, self._receive_bytes)
            return
        except OSError:
            piece = b""
        if not piece:
            self._stop_waiting(conn)
            self._close_connection(conn)
            return
        if not conn.incoming.data:
            conn.deadline = monotonic() + RECEIVE_TIMEOUT
        conn.incoming.add_bytes(piece)
        self._advance_request(conn)

    def _advance_request(self, conn: Connection) -> None:
        """Do what the request needs, as far as it has arrived."""
        incoming = conn.incoming
        if incoming.has_overlong_head:
            self._refuse_request(conn, b"431 Request Header Fields Too Large")
        elif len(incoming.data) > RECEIVE_BYTES and self._count_held_bytes() > MAX_HELD_BYTES:
            self._refuse_request(conn, b"503 Service Unavailable\r\nRetry-After: 1")
        elif incoming.whole or incoming.excessive:
            self._stop_waiting(conn)
            self.enqueue_req(conn)
        else:
            if incoming.expects:
                incoming.expects = False
                self._send_bytes(conn, b"HTTP/1.1 100 Continue\r\n\r\n")
            self._wait_for_socket(conn, self._receive_bytes)

    def _refuse_request(self, conn: Connection, status: bytes) -> None:
        self._send_bytes(conn, refusal_response(status))
        self._linger_and_close(conn)

    def _send_bytes(self, conn: Connection, words: bytes) -> None:
        with suppress(OSError):  # a client that does not read gets no answer
            conn.sock.send(words)

    def _linger_and_close(self, conn: Connection) -> None:
        """Shut down the sending side, and read what still arrives."""
        conn.incoming, conn.is_closing = IncomingRequest(), True
        conn.deadline = monotonic() + LINGER_TIMEOUT
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._stop_waiting(conn)
            self._close_connection(conn)
            return
        self._wait_for_socket(conn, self._discard_bytes)

    def _discard_bytes(self, conn: Connection) -> None:
        try:
            piece = conn.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        conn.drained_bytes += len(piece)
        if not piece or conn.drained_bytes > MAX_DRAINED_BYTES:
            self._stop_waiting(conn)
            self._close_connection(conn)

    def _count_held_bytes(self) -> int:
        held = (each for each, *_ in self._held)
        return sum(len(each.incoming.data) + each.sock.unsent for each in (*self._waiting, *self._taken, *held))

    def _wait_for_socket(
        self, conn: Connection, act: Callable[[Connection], None], on: int = selectors.EVENT_READ
    ) -> None:
        """Call `act` when more has arrived, or more can be sent."""
        if conn in self._waiting:
            self.poller.modify(conn.sock, on, lambda _: act(conn))
        else:
            self._waiting[conn] = None
            self.poller.register(conn.sock, on, lambda _: act(conn))

    def _stop_waiting(self, conn: Connection) -> None:
        if conn in self._waiting:
            del self._waiting[conn]
            self.poller.unregister(conn.sock)

    def _close_connection(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.close()
