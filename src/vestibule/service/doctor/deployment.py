"""Checks of the deployment: secret key, addresses, proxies, access to metrics."""

import math
from collections import Counter
from collections.abc import Iterator

from django.conf import settings
from django.urls import reverse

from vestibule.conf import conf
from vestibule.kernel import hosts
from vestibule.service.doctor.check import Check, DoctorRun, Observation, report_error, report_fine, report_warning

MIN_SECRET_BITS = 100  # as estimated, which is low for short keys: 32 random hex digits, of 128 bits, show some 117
_PLACEHOLDERS = ("secret", "change", "example", "password", "insecure", "django", "default", "vestibule", "12345")


def check_secret_key(_: DoctorRun) -> Iterator[Observation]:
    """Check that the key seems long and random: no common words, and enough entropy."""
    key: str = settings.SECRET_KEY
    bits = round(len(key) * _bits_per_character(key))
    words = [word for word in _PLACEHOLDERS if word in key.lower()]
    if words:
        yield report_error(f"the secret key reads like a placeholder (it holds “{words[0]}”)")
    elif bits < MIN_SECRET_BITS:
        yield report_error(f"the secret key holds about {bits} bits: it can be guessed")
    else:
        given = "given" if settings.SECRET_KEY_GIVEN else "made here and kept in VAR_DIR"
        yield report_fine(f"{len(key)} characters, {given}")


def check_debug_mode(_: DoctorRun) -> Iterator[Observation]:
    """Check that DEBUG is off: tracebacks with settings and locals are for developers."""
    yield report_error("DEBUG is on: a failure shows its inside to strangers") if settings.DEBUG else report_fine("off")


def check_base_url(_: DoctorRun) -> Iterator[Observation]:
    """Check that links in mails lead to an address that people can reach."""
    yield (report_error if hosts.is_local(conf.host) else report_fine)(
        f"links in mails lead to {conf.base_url}" + (", which only this machine reaches" * hosts.is_local(conf.host))
    )


def check_https(_: DoctorRun) -> Iterator[Observation]:
    """Check that passwords travel encrypted, to this service and to the front end."""
    if not conf.https:
        yield report_error("BASE_URL is http: passwords travel in clear, cookies are not Secure")
    plain = [url for url in (conf.frontend_url, *settings.CORS_ALLOWED_ORIGINS) if url.startswith("http://")]
    if plain:
        yield report_warning(f"plain http: {', '.join(plain)}")
    if conf.https and not plain:
        yield report_fine("BASE_URL is https")


def check_allowed_hosts(_: DoctorRun) -> Iterator[Observation]:
    """Check that only our own host names are answered."""
    wide = [host for host in settings.ALLOWED_HOSTS if host == "*" or host.startswith(".")]
    yield (
        report_error(f"ALLOWED_HOSTS answers to {', '.join(wide)}")
        if wide
        else report_fine(", ".join(dict.fromkeys(settings.ALLOWED_HOSTS)))
    )


def check_cookies(_: DoctorRun) -> Iterator[Observation]:
    """Check that cookies are bound to this host and to HTTPS, and hidden from scripts."""
    names = (settings.CSRF_COOKIE_NAME, conf.session_cookie_name, conf.device_cookie_name)
    loose = [name for name in names if not name.startswith("__Host-")]
    if loose or not settings.CSRF_COOKIE_SECURE or not settings.CSRF_COOKIE_HTTPONLY:
        yield report_error(f"cookies without Secure, HttpOnly or the __Host- prefix: {', '.join(loose) or names[0]}")
    else:
        yield report_fine("Secure, HttpOnly, __Host-")


def check_trusted_proxies(_: DoctorRun) -> Iterator[Observation]:
    """Check which proxies may state the client's address."""
    everybody = [str(network) for network in conf.trusted_proxies if network.prefixlen == 0]
    if everybody:
        yield report_error(f"TRUSTED_PROXIES holds {everybody[0]}: anybody says which address they come from")
    elif conf.https and not conf.trusted_proxies:
        yield report_error(
            "TRUSTED_PROXIES is empty behind https: everybody seems to come from the proxy, and shares its rates"
        )
    else:
        yield report_fine(", ".join(map(str, conf.trusted_proxies)) or "none stands in front")


def check_metrics_access(_: DoctorRun) -> Iterator[Observation]:
    """Check that the metrics can be read by Prometheus and by nobody else."""
    if conf.metrics_token:
        yield report_fine("ask for a token")
    else:
        yield report_warning(f"{reverse('vestibule_ops:metrics')} answers nobody but this machine")


def check_tracing(_: DoctorRun) -> Iterator[Observation]:
    """Check that traces are made if OTEL_* asks for them."""
    if settings.TRACES_WANTED and not settings.TRACING:
        yield report_warning("OTEL_* asks for traces, and the `otel` extra is not installed: there are none")
    else:
        yield report_fine("on" if settings.TRACING else "off")


def _bits_per_character(text: str) -> float:
    """Return Shannon's entropy of the characters. It does not detect words, which are searched separately."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


CHECKS = (
    Check(
        id="secret-key",
        looks_at="whether SECRET_KEY is long and random",
        remedy="Make one with `openssl rand -base64 48`; keep the old one in SECRET_KEY_FALLBACKS (docs/deploy.md).",
        run=check_secret_key,
    ),
    Check(id="debug", looks_at="whether DEBUG is off", remedy="Unset DEBUG.", run=check_debug_mode),
    Check(
        id="base-url",
        looks_at="whether BASE_URL is an address that people reach",
        remedy="Set BASE_URL to the public address, like https://auth.example.com.",
        run=check_base_url,
    ),
    Check(
        id="https",
        looks_at="whether BASE_URL, FRONTEND_URL and CORS_ALLOWED_ORIGINS are https",
        remedy="Put a proxy with a certificate in front, and begin each of these addresses with https://.",
        run=check_https,
    ),
    Check(
        id="cookies",
        looks_at="the flags and names of the cookies",
        remedy="Set BASE_URL to https://…: Secure and `__Host-` follow from it.",
        run=check_cookies,
        needs="https",
    ),
    Check(
        id="hosts",
        looks_at="whether ALLOWED_HOSTS names hosts, and not all of them",
        remedy="Name the hosts in ALLOWED_HOSTS, or unset it: the host of BASE_URL is answered.",
        run=check_allowed_hosts,
    ),
    Check(
        id="proxies",
        looks_at="whether TRUSTED_PROXIES names the proxy in front, and nobody else",
        remedy="Set TRUSTED_PROXIES to the network of your own proxies, like 10.0.0.0/24.",
        run=check_trusted_proxies,
    ),
    Check(
        id="metrics",
        looks_at="whether Prometheus, on another machine, can read `/metrics`",
        remedy="Set METRICS_TOKEN and give it to Prometheus.",
        run=check_metrics_access,
    ),
    Check(
        id="tracing",
        looks_at="whether the traces that OTEL_* asks for are made",
        remedy="Install `vestibule[otel]`, or unset OTEL_*.",
        run=check_tracing,
    ),
)
