"""The addresses of an application to which a browser is sent: which may be registered, and which of them a request
names (RFC 9700, 2.1 and 4.1; RFC 8252, 7)."""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from vestibule.applications.models import ApplicationType
from vestibule.conf import conf
from vestibule.kernel import hosts

MAX_LENGTH = 2048
_PRINTABLE = re.compile(r"[!-\[\]-~]+")  # RFC 3986 knows no other, and no backslash
# RFC 8252, 7.1: a scheme of an app is a domain name of its maker in reverse order, and so has a dot.
_APP_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def is_allowed_uri(uri: str, application_type: str) -> bool:
    """Return whether an application of this type may register the address: `https`, `http` on loopback, and for native
    ones also a scheme of their own. It has no fragment and no user (RFC 6749, 3.1.2)."""
    parts = _split(uri)
    if parts is None or parts.fragment or "#" in uri:
        return False
    if parts.scheme in ("https", "http"):
        return _is_web(parts) and (parts.scheme == "https" or is_loopback(parts))
    is_native = application_type == ApplicationType.NATIVE
    return is_native and _APP_SCHEME.fullmatch(parts.scheme) is not None and uri.startswith(f"{parts.scheme}:")


def is_https_uri(uri: str) -> bool:
    """Return whether it is an absolute `https` address without a user and a fragment."""
    parts = _split_web(uri)
    return parts is not None and parts.scheme == "https"


def is_backchannel_uri(uri: str) -> bool:
    """Return whether we may tell an application there that a sign-in ended: by `https`, or by `http` on loopback where
    we are on loopback ourselves (OpenID Connect Back-Channel Logout, 2.2)."""
    parts = _split_web(uri)
    if parts is None:
        return False
    return parts.scheme == "https" or (is_loopback(parts) and hosts.is_local(conf.host))


def is_resource(uri: str) -> bool:
    """Return whether it can name an API (RFC 8707, 2): an absolute address without a fragment, which is not this
    service itself."""
    ours = {each.rstrip("/") for each in (conf.base_url, conf.jwt_issuer, conf.jwt_audience)}
    return _split_web(uri) is not None and uri.rstrip("/") not in ours


def is_registered(uri: str, registered: Iterable[str], application_type: str) -> bool:
    """Return whether a request names one of the registered addresses, byte for byte. The port of a loopback address of
    a native application is free, because the system chooses it (RFC 8252, 7.3)."""
    known = list(registered)
    if uri in known:
        return True
    asked = _loopback_without_port(uri) if application_type == ApplicationType.NATIVE else None
    return asked is not None and asked in map(_loopback_without_port, known)


def redirect_origin(uri: str) -> str:
    """Return what Content-Security-Policy calls the target of a redirect to this address: an origin, or the scheme of
    an app with its colon."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


def is_loopback(parts: SplitResult) -> bool:
    """Return whether only this machine is meant."""
    return parts.hostname in _LOOPBACK


def _split(uri: str) -> SplitResult | None:
    if len(uri) > MAX_LENGTH or not _PRINTABLE.fullmatch(uri):
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port  # it raises where the port is no number
    except ValueError:
        return None
    return parts if uri.startswith(f"{parts.scheme}:") else None


def _split_web(uri: str) -> SplitResult | None:
    """Return the parts of an absolute `https` or `http` address without a user and a fragment; None of any other."""
    parts = _split(uri)
    is_web = parts is not None and "#" not in uri and parts.scheme in ("https", "http") and _is_web(parts)
    return parts if is_web else None


def _is_web(parts: SplitResult) -> bool:
    """Return whether the host is one in the spelling of browsers, so that what we compare is what they ask for."""
    try:
        origin = hosts.url_origin(parts)
    except ValueError:
        return False
    return parts.hostname is not None and f"{parts.scheme}://{parts.netloc}" in (origin, f"{origin}:{parts.port}")


def _loopback_without_port(uri: str) -> str | None:
    """Return an `http` address on loopback as it is written, but for its port; None of any other."""
    parts = _split_web(uri)
    if parts is None or parts.scheme != "http" or not is_loopback(parts):
        return None
    origin = f"http://{hosts.bracket_ipv6(parts.hostname or '')}"
    return origin + uri.removeprefix(f"http://{parts.netloc}")
