"""The edge: who is asking, from where, and whether the rates and the captcha admit them. Only this module makes a
Client for a request."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from prometheus_client import Counter

from vestibule.addresses.address import Address
from vestibule.applications.models import ApiKey
from vestibule.audit import events
from vestibule.audit.record import count_event_again, record_event
from vestibule.captcha.verification import require_captcha
from vestibule.conf import conf
from vestibule.factors.registry import owes_enrolment
from vestibule.kernel.client import Client
from vestibule.kernel.errors import EnrolmentRequired, Refusal, Throttled, Unavailable
from vestibule.kernel.request_id import current_request_id
from vestibule.kernel.text import clean_label
from vestibule.limits import rate_counters
from vestibule.limits.admission import HASH, admission
from vestibule.limits.rules import ANON, Rule
from vestibule.sessions.models import Session
from vestibule.web.cookies import known_device_id
from vestibule.web.operators import is_from_this_machine

_WITH_PORT = re.compile(r'"?(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<v4>[0-9.]+))(?::[0-9]{1,5})?"?', re.ASCII)

THROTTLED_REQUESTS = Counter("vestibule_throttled", "Requests refused by a rate, by the rule that refused.", ["rule"])

IpAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRefusal:
    """A refusal that meets every request that comes from there for the same, until something changes: `by_rate` of
    this rule, or for want of a place for work, `for_place`."""

    rule: Rule
    client: Client
    by_rate: Throttled | None = None

    @property
    def for_place(self) -> bool:
        """Whether no place was free."""
        return self.by_rate is None


def admit(
    request: HttpRequest,
    rule: Rule,
    address: Address | None = None,
    session: Session | None = None,
    captcha: str = "",
    before_enrolment: bool = False,
    key: ApiKey | None = None,
    rule_varies: bool = False,
) -> Client:
    """Count the request against `rule` (and the anonymous rate, if the rule is part of it), and return its Client.

    `address` is the one concerned, for a rule that limits by it; such a limit refuses no request but withholds
    messages. `session` is the one that a bearer token or a cookie proved, `key` an API key that was sent: its client
    has no session. `captcha` is the answer that was sent (`captcha.verification`). `before_enrolment` admits also a
    person whose role needs a second factor and who has set up none (MFA_REQUIRED_ROLES); nothing else is open to them.
    `rule_varies` says that another rule applies to others who ask for the same path, by what their body holds.

    Raises:
        Throttled: a rate is used up.
        CaptchaRequired: a captcha must be solved first.
        CaptchaInvalid: the captcha's answer is wrong, too old or used.
        EnrolmentRequired: the account of the session has to set up a second factor first.
        Unavailable: the rates cannot be counted, or no place is free for a request that hashes.
    """
    mark_counted(request)
    ip = client_address(request)
    user = session.user if session else key.user if key else None
    client = Client(
        at=timezone.now(),
        ip_address=str(ip) if ip else None,
        user_agent=clean_label(request.META.get("HTTP_USER_AGENT", ""), 200),
        language=get_language() or settings.LANGUAGE_CODE,  # as web.middleware chose it, or a project's own middleware
        request_id=current_request_id(),
        actor="user" if user else "anonymous",
        session_id=session.id if session else None,
        auth_time=session.auth_time if session else None,
        amr=tuple(session.amr) if session else (),
        user_id=user.pk if user else None,
        account=user,
        owes_enrolment=user is not None and owes_enrolment(user),
        is_developer=conf.mailbox and is_from_this_machine(request.META),
    )
    is_for_all = user is None and not rule_varies
    if session:
        admission.remember_network(client)
    if rule.costs_hash:  # before the request is counted: one that must come again has used up nothing
        admission.begin_request(client, device=known_device_id(request))
        try:
            admission.acquire_place(HASH)
        except Unavailable:
            _note_refusal(request, StandingRefusal(rule=rule, client=client), is_for_all)
            raise
    try:
        for each in (rule, ANON) if rule.counts_as_anonymous and rule is not ANON else (rule,):
            rate_counters.count_request(each, network=client.network, relaxed=client.is_developer)
    except Throttled as refusal:
        THROTTLED_REQUESTS.labels(rule=each.name).inc()
        record_event(events.RATE_EXCEEDED, client, code=refusal.code, rule=each.name)
        _note_refusal(request, StandingRefusal(rule=each, client=client, by_rate=refusal), is_for_all)
        raise
    if client.owes_enrolment and not before_enrolment:
        raise EnrolmentRequired
    if address and not rate_counters.try_count_identifier(
        rule, identifier=address.digest.hex(), relaxed=client.is_developer
    ):
        client = replace(client, messages_withheld=True)
    return require_captcha(client, rule, captcha)


def mark_counted(request: HttpRequest) -> None:
    """Note that a rate counts the request."""
    request._was_counted = True  # type: ignore[attr-defined]  # read by `was_counted`


def was_counted(request: HttpRequest) -> bool:
    """Return whether a rate counted the request, or refused it, also if none is in force."""
    return getattr(request, "_was_counted", False)


def standing_refusal(request: HttpRequest) -> StandingRefusal | None:
    """Return why this request was refused, if the next one like it would be, too."""
    return getattr(request, "_standing_refusal", None)


def refuse_again(refused: StandingRefusal, now: float) -> Refusal | None:
    """Return the refusal that a request like the refused one meets at `now` (seconds since the epoch), and count it as
    `admit` does, without a line; None if it has to be admitted anew."""
    if refused.by_rate is None:
        return Unavailable(retry_after=1) if admission.refuse_stranger(HASH, refused.client) else None
    refusal = rate_counters.renew_refusal(refused.by_rate, refused.rule, now, relaxed=refused.client.is_developer)
    if refusal:
        THROTTLED_REQUESTS.labels(rule=refused.rule.name).inc()
        count_event_again(events.RATE_EXCEEDED, code=refusal.code, rule=refused.rule.name)
    return refusal


def _note_refusal(request: HttpRequest, refused: StandingRefusal, is_for_all: bool) -> None:
    """Note it, unless it is one for a person who is signed in, or for some of those who ask for this path."""
    if is_for_all:
        request._standing_refusal = refused  # type: ignore[attr-defined]  # read by `standing_refusal`


def client_address(request: HttpRequest) -> IpAddress | None:
    """Return the IP address of the client: the peer of the socket, or behind TRUSTED_PROXIES the last address in
    X-Forwarded-For that is not one of them. Earlier addresses in the header are the client's claim and ignored."""
    address = _parse_ip_address(request.META.get("REMOTE_ADDR", ""))
    hops = [hop for each in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if (hop := each.strip())]
    while hops and (address is None or _is_trusted_proxy(address)):
        hop = _parse_ip_address(_without_port(hops.pop()))
        if hop is None:
            break
        address = hop
    return address


def drop_untrusted_forwarded_proto(request: HttpRequest) -> None:
    """Empty an X-Forwarded-Proto that no trusted proxy sent, because Django believes any sender. The empty value
    remains as a sign that the header was sent (`web.operators`)."""
    if "HTTP_X_FORWARDED_PROTO" in request.META and not is_from_trusted_proxy(request):
        request.META["HTTP_X_FORWARDED_PROTO"] = ""


def is_from_trusted_proxy(request: HttpRequest) -> bool:
    """Return whether one of TRUSTED_PROXIES forwarded this request."""
    peer = _parse_ip_address(request.META.get("REMOTE_ADDR", ""))
    return peer is not None and _is_trusted_proxy(peer)


def _is_trusted_proxy(address: IpAddress) -> bool:
    return any(address in network for network in conf.trusted_proxies)


def _without_port(hop: str) -> str:
    """Return the address of a hop. Some proxies append the port and write IPv6 in brackets, or quoted (RFC 7239, 6):
    `192.0.2.43:47011`, `[2001:db8::17]:4711`, `"[2001:db8::17]"`."""
    found = _WITH_PORT.fullmatch(hop)
    return found["v6"] or found["v4"] if found else hop


@lru_cache(maxsize=1024)  # a client asks again and again, and so does a proxy
def _parse_ip_address(text: str) -> IpAddress | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
