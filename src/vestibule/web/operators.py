"""Which clients are operators: those that send METRICS_TOKEN or, if none is set, those on this machine.

A connection from the loopback interface may still be a stranger's, forwarded by a proxy on this machine. A request
counts as from outside if it carries a forwarding header, or if it names another host: a page elsewhere may have had its
name pointed at this machine (DNS rebinding).
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.crypto import constant_time_compare

from vestibule.conf import conf

# Headers that proxies, balancers, tunnels and CDNs add (RFC 7239, 4; RFC 9110, 7.6.3; their manuals).
FORWARDING_HEADERS = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
    "HTTP_X_CLIENT_IP",
    "HTTP_X_CLUSTER_CLIENT_IP",
    "HTTP_TRUE_CLIENT_IP",
    "HTTP_CF_CONNECTING_IP",
    "HTTP_FLY_CLIENT_IP",
)

PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".svc")


def is_operator(meta: Mapping[str, Any]) -> bool:
    """Return whether a request (WSGI's `environ`) may see what is for operators: with METRICS_TOKEN set, only by that
    bearer token; without it, only from this machine."""
    if conf.metrics_token:
        return constant_time_compare(meta.get("HTTP_AUTHORIZATION", ""), f"Bearer {conf.metrics_token}")
    return is_from_this_machine(meta)


def is_from_this_machine(meta: Mapping[str, Any]) -> bool:
    """Return whether a request was made on this machine, for a private host name, and not forwarded."""
    return (
        _is_loopback_address(meta.get("REMOTE_ADDR", ""))
        and _is_private_host(split_domain_port(meta.get("HTTP_HOST", "localhost"))[0])
        and not was_forwarded(meta)
    )


def was_forwarded(meta: Mapping[str, Any]) -> bool:
    """Return whether a proxy forwarded the request, or its sender says so."""
    return any(name in meta for name in FORWARDING_HEADERS)


def _is_private_host(host: str) -> bool:
    """Return whether no page of a stranger can have this host: an address, a name of one label or of a local network
    (RFC 6761, RFC 6762; Kubernetes services), or one of ours."""
    return "." not in host or _is_ip_address(host) or validate_host(host, [*settings.ALLOWED_HOSTS, *PRIVATE_SUFFIXES])


def _is_ip_address(host: str) -> bool:
    try:
        return bool(ip_address(host.strip("[]")))
    except ValueError:
        return False


def _is_loopback_address(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:  # a Unix socket has no address; a proxy is behind it
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
