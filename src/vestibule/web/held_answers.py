"""Answers that are held back, without a thread that waits: those that flood the service are sent a second later.

Two kinds are: a refusal for want of room, to a client that was told to wait and did not (docs/decisions/0184); and what
no rate counts (pages, static files, the schema, keys, what is malformed or not found), to a network that has had its
share of the CPU time for such answers (docs/decisions/0150). Nobody is refused for it.
"""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from vestibule.kernel import networks
from vestibule.kernel.bounded import keep_newest
from vestibule.kernel.cached import Cached
from vestibule.limits.answer_time import AnswerTime
from vestibule.web import edge, routes
from vestibule.web.operators import is_from_this_machine, was_forwarded

GetResponse = Callable[[HttpRequest], HttpResponse]

HOLD_ANSWER = "vestibule.hold_answer"  # in the WSGI environment, where the server can: a function that takes seconds
HELD_FOR = 1.0  # seconds
# Seconds of CPU for each second, of a process, for what no rate counts: in all, and for each network in any case, which
# is two pages with their files.
ALLOWANCE, LEAST_SHARE = 0.25, 0.02
BYTES_PER_SECOND = 1_000_000_000  # sent by a core
_MAX_TOLD = 4096  # clients that were told to wait


def hold_answers(get_response: GetResponse) -> GetResponse:
    """Hold back what floods the service (middleware, before all other)."""

    def respond_in_time(request: HttpRequest) -> HttpResponse:
        hold, began = request.META.get(HOLD_ANSWER), time.thread_time()
        response = get_response(request)
        if hold and (_is_early(request, response) or _is_beyond_share(request, response, time.thread_time() - began)):
            hold(HELD_FOR)
        return response

    return respond_in_time


def _is_early(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether it is a refusal for want of room (429, or 503 until a place is free), for a network that was told
    to wait at this route, and did not. Another 503, of an outage, comes at once."""
    match, wait = request.resolver_match, response.headers.get("Retry-After")
    is_full = response.status_code == 429 or (response.status_code == 503 and wait == "1")
    if not (match and wait and is_full and (address := edge.client_address(request))):
        return False
    who, now = (networks.host_network(str(address)), match.route), time.time()
    told = _told.get()
    early = told.get(who, now) > now
    said_at = now + HELD_FOR if early else now
    keep_newest(told, who, said_at + int(wait), _MAX_TOLD)
    return early


def _is_beyond_share(request: HttpRequest, response: HttpResponse, seconds: float) -> bool:
    """Return whether no rate counted the request, and its network has had its share of the time for such, while others
    ask too. What a monitor asks is nobody's flood."""
    address = None if _is_of_monitor(request) else edge.client_address(request)
    if address is None:
        return False
    name, answer_time = str(address), _answer_time.get()
    if edge.was_counted(request):
        answer_time.note_request(name)
        return False
    size = 0 if response.streaming else len(response.content)
    parties = [networks.host_network(name), str(networks.customer_network(name))]
    return not answer_time.charge(name, parties, seconds + size / BYTES_PER_SECOND)


def _is_of_monitor(request: HttpRequest) -> bool:
    """Return whether it is asked on this machine, or is a look at health that no proxy forwarded: a balancer's or a
    kubelet's, which takes a process that answers late for one that has failed."""
    return is_from_this_machine(request.META) or (routes.is_health(request) and not was_forwarded(request.META))


def _allow() -> AnswerTime:
    return AnswerTime(ALLOWANCE, LEAST_SHARE)


def _nobody_told() -> dict[tuple[str, str], float]:
    return {}


_answer_time = Cached(_allow, keep_for=3600)
_told = Cached(_nobody_told, keep_for=3600)  # until when whom was told to wait
