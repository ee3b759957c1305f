"""Checks for settings that contradict each other. A finding stops the start or is a warning."""

from collections.abc import Iterator
from typing import Any

from vestibule import conf
from vestibule.captcha import vendors
from vestibule.identities import provider_settings
from vestibule.kernel import hosts
from vestibule.service.settings import addresses
from vestibule.service.settings.reader import Finding
from vestibule.storage import redis_client


def find_errors(values: Any) -> list[Finding]:
    """Return the contradictions that stop the start. `values` has the settings as attributes."""
    library = conf.read_settings(values)
    found = [
        *_process_errors(values, library),
        *_deployment_errors(values, library),
        *_message_errors(values, library),
        *_provider_errors(library),
        *_application_errors(library),
    ]
    return [Finding(id=id, problem=what, remedy=remedy) for id, what, remedy in found]


def find_doubts(values: Any) -> list[Finding]:
    """Return settings that may be intended but probably are not."""
    found = _doubtful_settings(values, conf.read_settings(values))
    return [Finding(id=id, problem=what, remedy=remedy) for id, what, remedy in found]


def _process_errors(values: Any, library: conf.Settings) -> Iterator[tuple[str, str, str]]:
    if values.WEB_PROCESSES > 1 and not library.redis_url:
        yield (
            "E001",
            "Several web processes would each count the rates for themselves.",
            "Set REDIS_URL, or WEB_PROCESSES=1.",
        )
    if values.WEB_PROCESSES > 1 and not values.CELERY_BROKER_URL:
        yield (
            "E002",
            "Several web processes have no embedded worker, and there is no broker that wakes another.",
            "Set REDIS_URL or CELERY_BROKER_URL and run `vestibule worker`, or set WEB_PROCESSES=1.",
        )
    if redis_client.is_cluster_url(values.CELERY_BROKER_URL):
        yield (
            "E017",
            "A Redis Cluster is no broker for Celery.",
            "Set CELERY_BROKER_URL to one Redis (redis://), to Sentinel (redis+sentinel://), or to another broker.",
        )
    if values.WEB_MAX_REQUESTS and not library.redis_url:
        yield (
            "E016",
            "A process that begins anew forgets the rates that it counted: whoever asks often enough is free of them.",
            "Set REDIS_URL, or WEB_MAX_REQUESTS=0.",
        )
    if library.challenge_store == "redis" and not library.redis_url:
        yield "E004", "The challenge store is Redis, and there is none.", "Set REDIS_URL, or CHALLENGE_STORE=database."


def _deployment_errors(values: Any, library: conf.Settings) -> Iterator[tuple[str, str, str]]:
    if len(values.SECRET_KEY) < 32:
        yield "E005", "SECRET_KEY is shorter than 32 characters.", "Make one: `openssl rand -base64 48`."
    if values.DATABASE_URL and not values.SECRET_KEY_GIVEN:
        yield "E012", "Each copy would make a secret key of its own.", "Set SECRET_KEY, the same for every copy."
    domain = library.auth_check_domain
    if domain and not f".{library.host}".endswith(f".{domain}"):
        yield (
            "E044",
            f"BASE_URL is on {library.host}, which may set no cookie for AUTH_CHECK_DOMAIN={domain}.",
            "Set AUTH_CHECK_DOMAIN to a domain that the host of BASE_URL is in.",
        )
    if values.LANGUAGE_CODE not in dict(values.LANGUAGES):
        yield (
            "E045",
            f"LANGUAGE_CODE={values.LANGUAGE_CODE} is not one of LANGUAGES.",
            "Add it to LANGUAGES, or set LANGUAGE_CODE to one of them.",
        )
    if values.DEBUG and not hosts.is_local(library.host):
        yield "E009", f"DEBUG is on, and {library.host} is not this machine alone.", "Unset DEBUG."


def _message_errors(values: Any, library: conf.Settings) -> Iterator[tuple[str, str, str]]:
    transport = "Set EMAIL_HOST or EMAIL_BACKEND."
    if library.mailbox and (library.https or hosts.is_public(library.host)):
        yield "E011", "Codes would stand in `/dev/mailbox/` for everybody.", transport
    if library.mailbox and not values.MAILBOX_PUBLIC and not hosts.is_local(values.BIND):
        yield (
            "E018",
            f"Whoever reaches {values.BIND} would read every code in `/dev/mailbox/`.",
            f"{transport} To have it so on a network of your own, set MAILBOX_PUBLIC=on.",
        )
    if values.EMAIL_USE_SSL and values.EMAIL_USE_TLS:
        yield (
            "E019",
            "Mail can begin with TLS (EMAIL_USE_SSL, and port 465) or turn to it (EMAIL_USE_TLS), not both.",
            "Unset EMAIL_USE_TLS for port 465; unset EMAIL_USE_SSL for port 587.",
        )
    if library.sms_gateway and not library.sms_countries:
        yield "E014", "SMS cost money, and no country is allowed.", "Set SMS_COUNTRIES, like DE,AT,CH."
    if values.SMS_BACKEND == "twilio" and not (
        library.twilio_account_sid
        and library.twilio_auth_token
        and (library.twilio_from or library.twilio_messaging_service_sid)
    ):
        yield (
            "E015",
            "Twilio has no credentials, or no sender.",
            "Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, and TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID.",
        )
    if library.captcha_provider != vendors.ALTCHA and not (library.captcha_site_key and library.captcha_secret_key):
        yield (
            "E021",
            f"The captcha is {library.captcha_provider}'s, and there are no keys for it.",
            "Set CAPTCHA_SITE_KEY and CAPTCHA_SECRET_KEY, or unset CAPTCHA_PROVIDER.",
        )


def _provider_errors(library: conf.Settings) -> Iterator[tuple[str, str, str]]:
    for id, problem, remedy in provider_settings.find_problems(library.social):
        yield "E025", f"SOCIAL_{id.upper()}: the provider {problem}.", f"{remedy} See docs/social.md."


def _application_errors(library: conf.Settings) -> Iterator[tuple[str, str, str]]:
    if library.oauth_registration == "token" and len(library.oauth_registration_token) < 32:
        yield (
            "E026",
            "OAUTH_REGISTRATION=token, and OAUTH_REGISTRATION_TOKEN is shorter than 32 characters.",
            "Make one: `openssl rand -base64 48`.",
        )


def _doubtful_settings(values: Any, library: conf.Settings) -> Iterator[tuple[str, str, str]]:
    if library.https and not library.trusted_proxies:
        yield (
            "W001",
            "BASE_URL is https, and nobody is trusted who could say that a request came so.",
            "Set TRUSTED_PROXIES to what stands in front; else every rate counts them as one person.",
        )
    if not library.https and hosts.is_public(library.host):
        yield (
            "W002",
            f"BASE_URL is http, and {library.host} looks public: passwords and cookies travel in clear.",
            "Put a proxy with a certificate in front, and set BASE_URL=https://….",
        )
    returns = {"FRONTEND_URL": [library.frontend_url], "RETURN_URLS": library.return_urls}
    if in_clear := [name for name, urls in returns.items() if any(map(addresses.is_http_elsewhere, urls))]:
        yield (
            "W007",
            f"{' and '.join(in_clear)}: a browser takes there in clear what signs its person in.",
            "Use https; http is for this machine alone (RFC 9700, 2.1).",
        )
    stores = {
        "DATABASE_URL": values.DATABASE_URL,
        "REDIS_URL": library.redis_url,
        "CELERY_BROKER_URL": values.CELERY_BROKER_URL,
    }
    if in_clear := [name for name, url in stores.items() if addresses.may_be_unencrypted(url)]:
        yield (
            "W003",
            f"{' and '.join(in_clear)}: what is kept there may leave this machine unencrypted.",
            "Use TLS: rediss://…, and postgres://…?sslmode=verify-full (ASVS 12.3.1).",
        )
    if not library.mailbox and values.SENDER_BY_HOST and not hosts.is_public(library.host):
        yield (
            "W004",
            f"Mails come from {values.DEFAULT_FROM_EMAIL}, which no receiver trusts.",
            "Set DEFAULT_FROM_EMAIL to an address of your own domain.",
        )
    for name, known in values.ENVIRONMENT.find_unknown_names().items():
        yield (
            "W006",
            f"{name} is set, and is no setting.",
            f"Did you mean {known}?" if known else "See docs/settings.md for what there is.",
        )
