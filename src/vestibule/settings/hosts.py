"""One reading of host names: ASCII (IDNA, RFC 5891), IPv6 without brackets where it stands alone."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult

import idna

_DEFAULT_PORTS = {"http": 80, "https": 443}
_OF_NETWORKS = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test")  # RFC 6761, 6762, 8375


def name(text: str) -> str:
    """A host's name in ASCII and lower case, or its address. Raises ValueError."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if ":" in bare:
        return str(IPv6Address(bare))
    if bare.replace(".", "").isdigit():
        return str(ip_address(bare))
    if bare.isascii() and all(letter.isalnum() or letter in "-_." for letter in bare):
        return _checked(bare.lower())  # as it was registered; underscores are usual inside clusters
    return _checked(idna.encode(bare, uts46=True).decode())


def bracketed(host: str) -> str:
    """The host as it stands in a URL and in a Host header."""
    return f"[{host}]" if ":" in host else host


def origin(parts: SplitResult) -> str:
    """The origin of a URL as browsers send it (RFC 6454 6.2). Raises ValueError."""
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{bracketed(name(parts.hostname or ''))}{port}"


def domain(host: str) -> str:
    """The host as the domain of an e-mail address: an address becomes a literal (RFC 5321 4.1.3)."""
    if ":" in host:
        return f"[IPv6:{host}]"
    return f"[{host}]" if _address(host) else host


def is_local(host: str) -> bool:
    """Whether only this machine reaches it."""
    found = _address(host)
    return found.is_loopback if found else host in ("", "localhost") or host.endswith(".localhost")


def is_public(host: str) -> bool:
    """Whether the internet may reach it: a name with a dot, or an address that is routed."""
    if found := _address(host):
        return found.is_global
    return "." in host and not host.endswith(_OF_NETWORKS)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _checked(host: str) -> str:
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(0 < len(label) < 64 and label[0] != "-" != label[-1] for label in labels):
        raise ValueError(f"{host} is no host name")
    return host
