"""Normalisation of host names: ASCII (IDNA, RFC 5891), and IPv6 addresses without brackets."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

import idna

_DEFAULT_PORTS = {"http": 80, "https": 443}
# An origin that a browser can only have loaded from its own machine (RFC 6761 6.3; W3C Secure Contexts 3.1).
LOCAL_ORIGIN = r"\Ahttps?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?\Z"
_LOCAL_NETWORK_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test")  # RFC 6761, 6762, 8375


def normalize_host(text: str) -> str:
    """Return a host name in ASCII and lower case, or an address.

    Raises:
        ValueError: the text is no host.
    """
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if ":" in bare:
        return str(IPv6Address(bare))
    if bare.replace(".", "").isdigit():
        return str(ip_address(bare))
    if bare.isascii() and all(letter.isalnum() or letter in "-_." for letter in bare):
        return _check_host_name(bare.lower())  # as it was registered; underscores are usual inside clusters
    return _check_host_name(idna.encode(bare, uts46=True).decode())


def bracket_ipv6(host: str) -> str:
    """Return the host as in a URL or a Host header."""
    return f"[{host}]" if ":" in host else host


def url_origin(parts: SplitResult) -> str:
    """Return the origin of a URL as browsers send it (RFC 6454 6.2).

    Raises:
        ValueError: the URL has no valid host or port.
    """
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{bracket_ipv6(normalize_host(parts.hostname or ''))}{port}"


def is_http_url(text: str) -> bool:
    """Return whether the text is an absolute http(s) URL without a slash at its end."""
    try:
        parts = urlsplit(text)
        return parts.scheme in _DEFAULT_PORTS and bool(url_origin(parts)) and bool(parts.hostname) and text[-1] != "/"
    except ValueError:
        return False


def mail_domain(host: str) -> str:
    """Return the host as the domain of an e-mail address; an IP address becomes a literal (RFC 5321 4.1.3)."""
    if ":" in host:
        return f"[IPv6:{host}]"
    return f"[{host}]" if _ip_address_or_none(host) else host


def is_local(host: str) -> bool:
    """Return whether only this machine can reach the host."""
    found = _ip_address_or_none(host)
    return found.is_loopback if found else host in ("", "localhost") or host.endswith(".localhost")


def is_ip_address(host: str) -> bool:
    """Return whether the host is an address and not a name."""
    return _ip_address_or_none(host) is not None


def is_public(host: str) -> bool:
    """Return whether the host may be reachable from the internet: a name with a dot, or a global address."""
    if found := _ip_address_or_none(host):
        return found.is_global
    return "." in host and not host.endswith(_LOCAL_NETWORK_SUFFIXES)


def _ip_address_or_none(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _check_host_name(host: str) -> str:
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(0 < len(label) < 64 and label[0] != "-" != label[-1] for label in labels):
        raise ValueError(f"{host} is no host name")
    return host
