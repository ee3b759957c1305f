"""Where the house stands: its secret, its address, who stands in front of it, who may watch."""

import math
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address

from django.conf import settings

from vestibule.skins.cli.doctor.check import Check, Round, Seen, error, fine, warning

ENOUGH_BITS = 100  # as estimated, which is low for short keys: 32 random hex digits, of 128 bits, show some 117
_PLACEHOLDERS = ("secret", "change", "example", "password", "insecure", "django", "default", "vestibule", "12345")


def secret_key(_: Round) -> Iterator[Seen]:
    """Long and random, as far as one can see: no words, and as many bits as its characters can hold."""
    key: str = settings.SECRET_KEY
    bits = round(len(key) * _bits_a_character(key))
    words = [word for word in _PLACEHOLDERS if word in key.lower()]
    if words:
        yield error(f"the secret key reads like a placeholder (it holds “{words[0]}”)")
    elif bits < ENOUGH_BITS:
        yield error(f"the secret key holds about {bits} bits: it can be guessed")
    else:
        given = "given" if settings.SECRET_KEY_GIVEN else "made here and kept in VAR_DIR"
        yield fine(f"{len(key)} characters, {given}")


def debug(_: Round) -> Iterator[Seen]:
    """Tracebacks with settings and locals are for developers."""
    yield error("DEBUG is on: a failure shows its inside to strangers") if settings.DEBUG else fine("off")


def base_url(_: Round) -> Iterator[Seen]:
    """The links in mails open somewhere that people can reach."""
    yield (error if _local(settings.HOST) else fine)(
        f"links in mails lead to {settings.BASE_URL}" + (", which only this machine reaches" * _local(settings.HOST))
    )


def https(_: Round) -> Iterator[Seen]:
    """Passwords travel encrypted, to us and to the front end."""
    if not settings.HTTPS:
        yield error("BASE_URL is http: passwords travel in clear, cookies are not Secure")
    plain = [url for url in (settings.FRONTEND_URL, *settings.CORS_ALLOWED_ORIGINS) if url.startswith("http://")]
    if plain:
        yield warning(f"plain http: {', '.join(plain)}")
    if settings.HTTPS and not plain:
        yield fine("BASE_URL is https")


def hosts(_: Round) -> Iterator[Seen]:
    """Only our own names are answered."""
    wide = [host for host in settings.ALLOWED_HOSTS if host == "*" or host.startswith(".")]
    yield (
        error(f"ALLOWED_HOSTS answers to {', '.join(wide)}")
        if wide
        else fine(", ".join(dict.fromkeys(settings.ALLOWED_HOSTS)))
    )


def cookies(_: Round) -> Iterator[Seen]:
    """Bound to this host, to https, and out of reach of scripts."""
    names = (settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_NAME, settings.DEVICE_COOKIE_NAME)
    loose = [name for name in names if not name.startswith("__Host-")]
    if loose or not settings.CSRF_COOKIE_SECURE or not settings.CSRF_COOKIE_HTTPONLY:
        yield error(f"cookies without Secure, HttpOnly or the __Host- prefix: {', '.join(loose) or names[0]}")
    else:
        yield fine("Secure, HttpOnly, __Host-")


def proxies(_: Round) -> Iterator[Seen]:
    """Whose word on the caller's address is believed."""
    everybody = [str(network) for network in settings.TRUSTED_PROXIES if network.prefixlen == 0]
    if everybody:
        yield error(f"TRUSTED_PROXIES holds {everybody[0]}: anybody says which address they come from")
    elif settings.HTTPS and not settings.TRUSTED_PROXIES:
        yield error(
            "TRUSTED_PROXIES is empty behind https: everybody seems to come from the proxy, and shares its rates"
        )
    else:
        yield fine(", ".join(map(str, settings.TRUSTED_PROXIES)) or "none stands in front")


def metrics(_: Round) -> Iterator[Seen]:
    """How many sign up, and fail, is nobody else's business."""
    if settings.METRICS_TOKEN:
        yield fine("ask for a token")
    else:
        yield warning("/metrics answers nobody but this machine")


def tracing(_: Round) -> Iterator[Seen]:
    """Where OTEL_* asks for traces, there are some."""
    if settings.TRACES_WANTED and not settings.TRACING:
        yield warning("OTEL_* asks for traces, and the `otel` extra is not installed: there are none")
    else:
        yield fine("on" if settings.TRACING else "off")


def _bits_a_character(text: str) -> float:
    """Shannon's entropy of the characters: of no use against words, which are looked for beside it."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def _local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in ("", "localhost") or host.endswith(".localhost")


CHECKS = (
    Check(
        id="secret-key",
        looks_at="whether SECRET_KEY is long and random",
        remedy="Make one with `openssl rand -base64 48`; keep the old one in SECRET_KEY_FALLBACKS for 90 days.",
        look=secret_key,
    ),
    Check(id="debug", looks_at="whether DEBUG is off", remedy="Unset DEBUG.", look=debug),
    Check(
        id="base-url",
        looks_at="whether BASE_URL is an address that people reach",
        remedy="Set BASE_URL to the public address, like https://auth.example.com.",
        look=base_url,
    ),
    Check(
        id="https",
        looks_at="whether BASE_URL, FRONTEND_URL and CORS_ALLOWED_ORIGINS are https",
        remedy="Put a proxy with a certificate in front, and set them to https://….",
        look=https,
    ),
    Check(
        id="cookies",
        looks_at="the flags and names of the cookies",
        remedy="Set BASE_URL to https://…: Secure and `__Host-` follow from it.",
        look=cookies,
        needs="https",
    ),
    Check(
        id="hosts",
        looks_at="whether ALLOWED_HOSTS names hosts, and not all of them",
        remedy="Name the hosts in ALLOWED_HOSTS, or unset it: the host of BASE_URL is answered.",
        look=hosts,
    ),
    Check(
        id="proxies",
        looks_at="whether TRUSTED_PROXIES names the proxy in front, and nobody else",
        remedy="Set TRUSTED_PROXIES to the network of your own proxies, like 10.0.0.0/24.",
        look=proxies,
    ),
    Check(
        id="metrics",
        looks_at="whether Prometheus, on another machine, can read `/metrics`",
        remedy="Set METRICS_TOKEN and give it to Prometheus.",
        look=metrics,
    ),
    Check(
        id="tracing",
        looks_at="whether the traces that OTEL_* asks for are made",
        remedy="Install `vestibule[otel]`, or unset OTEL_*.",
        look=tracing,
    ),
)
