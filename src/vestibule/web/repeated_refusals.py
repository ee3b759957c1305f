"""Refusals repeated from memory: what was refused because a rate is used up, or because no place is free for a password
hash, is refused again while that lasts, before any other middleware, the view and the log line.

Clients of a storm ask again at once, whatever Retry-After says, and a refusal the long way costs as much as an answer.
The answer is that of the long way, with its own request id and wait; the counters go on. Signed-in requests, pages and
everything that is asked in another way (host, origin, language, network) go the long way.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from django.utils import translation

from vestibule.kernel import networks
from vestibule.kernel.bounded import keep_newest
from vestibule.kernel.cached import Cached
from vestibule.kernel.errors import Refusal
from vestibule.web import edge, headers, problems, request_metrics
from vestibule.web.operators import is_from_this_machine
from vestibule.web.routes import expects_json

GetResponse = Callable[[HttpRequest], HttpResponse]
Key = tuple[object, ...]

REMEMBERED_FOR = 60  # seconds; then the counts are asked again, and a line is logged
MAX_REMEMBERED = 4096  # answers of a process
_MAX_KEY_LENGTH = 500  # characters of what a request says
# What decides how a request is answered.
_SHAPING = ("HTTP_HOST", "HTTP_ORIGIN", "HTTP_ACCEPT_LANGUAGE", "HTTP_ACCEPT", "CONTENT_TYPE")


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedAnswer:
    """The answer to a request that was refused at `at` (seconds since the epoch)."""

    at: float
    refused: edge.StandingRefusal
    headers: Mapping[str, str]
    match: ResolverMatch | None

    def find_refusal(self, request: HttpRequest) -> Refusal | None:
        """Return the refusal of a request that asks the same now, counted; None if it may no longer be refused."""
        now = time.time()
        if not 0 <= now - self.at < REMEMBERED_FOR or (self.refused.for_place and request.META.get("HTTP_COOKIE")):
            return None  # the cookie of a known device may have a place
        return edge.refuse_again(self.refused, now)

    def build_response(self, request: HttpRequest, refusal: Refusal) -> HttpResponse:
        """Return the answer once more, with the wait that is left."""
        request_id = headers.choose_request_id(request)
        with translation.override(self.headers["Content-Language"]):
            problem = {**problems.refusal_details(refusal), "request_id": request_id}
        response = problems.problem_response(problem, refusal)
        answered_now = {*response.headers, "X-Request-ID", "Content-Length"}
        for name, value in self.headers.items():
            if name not in answered_now:
                response[name] = value
        response["X-Request-ID"], response["Content-Length"] = request_id, str(len(response.content))
        response._has_been_logged = True  # type: ignore[attr-defined]  # else Django logs each 503 as an error
        return response


def repeat_refusals(get_response: GetResponse) -> GetResponse:
    """Answer from memory what would only be refused again (middleware)."""

    def respond_or_repeat(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        edge.drop_untrusted_forwarded_proto(request)
        key = _identify(request)
        found = _answers.get().get(key) if key else None
        if found and (refusal := found.find_refusal(request)):
            edge.mark_counted(request)
            response = found.build_response(request, refusal)
            request.resolver_match = found.match
            request_metrics.observe_duration(request, response.status_code, time.perf_counter() - began)
        else:
            response = get_response(request)
            refused = edge.standing_refusal(request)
            if key and refused and response["Content-Type"] == problems.CONTENT_TYPE:
                _remember(key, request, response, refused)
        return response

    return respond_or_repeat


def _identify(request: HttpRequest) -> Key | None:
    """Return what decides whether and how a request is refused; None for one that always goes the long way."""
    meta = request.META
    if "HTTP_AUTHORIZATION" in meta or not expects_json(request):
        return None
    said = (request.path_info, *(meta.get(name, "") for name in _SHAPING))
    address = edge.client_address(request)
    if address is None or sum(map(len, said)) > _MAX_KEY_LENGTH:
        return None
    network = networks.host_network(str(address))
    return (request.method, request.is_secure(), is_from_this_machine(meta), network, *said)


def _remember(key: Key, request: HttpRequest, response: HttpResponse, refused: edge.StandingRefusal) -> None:
    answer = RememberedAnswer(
        at=time.time(),
        refused=refused,
        headers=dict(response.headers),
        match=request.resolver_match,
    )
    keep_newest(_answers.get(), key, answer, MAX_REMEMBERED)


def _no_answers() -> dict[Key, RememberedAnswer]:
    return {}


_answers = Cached(_no_answers, keep_for=3600)
