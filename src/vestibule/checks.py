"""Settings that contradict each other stop the start, each with an id and a remedy."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register

from vestibule import redis_client
from vestibule.guards import rules, vendors

SIGNUP_FIELDS = {"email", "username", "full_name", "phone_number", "device"}


@register(Tags.security)
def contradictions(**_: Any) -> list[Error]:
    """Every contradiction in the settings."""
    found = [*_processes(), *_values(), *_messages(), *_captcha()]
    return [Error(what, hint=remedy, id=f"vestibule.{id}") for id, what, remedy in found]


@register(Tags.security)
def doubts(**_: Any) -> list[Warning]:
    """What may be meant so, and hardly is."""
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        return [
            Warning(
                "BASE_URL is https, and nobody is trusted who could say that a request came so.",
                hint="Set TRUSTED_PROXIES to what stands in front; else every rate counts them as one person.",
                id="vestibule.W001",
            )
        ]
    return []


def _processes() -> Iterator[tuple[str, str, str]]:
    if settings.WEB_PROCESSES > 1 and not settings.REDIS_URL:
        yield (
            "E001",
            "Several web processes would each count the rates for themselves.",
            "Set REDIS_URL, or WEB_PROCESSES=1.",
        )
    if settings.WEB_PROCESSES > 1 and not settings.CELERY_BROKER_URL:
        yield (
            "E002",
            "Several web processes have no embedded worker, and there is no broker that wakes another.",
            "Set REDIS_URL or CELERY_BROKER_URL and run `vestibule worker`, or set WEB_PROCESSES=1.",
        )
    if redis_client.is_cluster(settings.CELERY_BROKER_URL):
        yield (
            "E017",
            "A Redis Cluster is no broker for Celery.",
            "Set CELERY_BROKER_URL to one Redis (redis://), to Sentinel (redis+sentinel://), or to another broker.",
        )
    if settings.WEB_MAX_REQUESTS and not settings.REDIS_URL:
        yield (
            "E016",
            "A process that begins anew forgets the rates that it counted: whoever asks often enough is free of them.",
            "Set REDIS_URL, or WEB_MAX_REQUESTS=0.",
        )
    if settings.REGISTRATION_MODE not in settings.REGISTRATION_MODES:
        yield (
            "E013",
            f"REGISTRATION_MODE={settings.REGISTRATION_MODE} is none.",
            f"Use one of: {', '.join(settings.REGISTRATION_MODES)}.",
        )
    if settings.CHALLENGE_STORE not in ("database", "redis"):
        yield "E003", f"CHALLENGE_STORE={settings.CHALLENGE_STORE} is no store.", "Use `database` or `redis`."
    if settings.CHALLENGE_STORE == "redis" and not settings.REDIS_URL:
        yield "E004", "The challenge store is Redis, and there is none.", "Set REDIS_URL, or CHALLENGE_STORE=database."


def _values() -> Iterator[tuple[str, str, str]]:
    if len(settings.SECRET_KEY) < 32:
        yield "E005", "SECRET_KEY is shorter than 32 characters.", "Make one: `openssl rand -base64 48`."
    if settings.DATABASE_URL and not settings.SECRET_KEY_GIVEN:
        yield "E012", "Each copy would make a secret key of its own.", "Set SECRET_KEY, the same for every copy."
    if unknown := set(settings.SIGNUP_FIELDS) - SIGNUP_FIELDS:
        known = ", ".join(sorted(SIGNUP_FIELDS))
        yield "E006", f"SIGNUP_FIELDS names unknown fields: {', '.join(sorted(unknown))}.", f"Use some of: {known}."
    if not settings.BASE_URL.startswith(("http://", "https://")) or not settings.HOST:
        yield "E007", "BASE_URL is no absolute http(s) address.", "Set it like BASE_URL=https://auth.example.com."
    if not 8 <= settings.PASSWORD_MIN_LENGTH <= 64:
        yield "E008", "PASSWORD_MIN_LENGTH is outside 8 to 64.", "SP 800-63B-4 wants 15; the default is 12."
    if settings.DEBUG and settings.HTTPS:
        yield "E009", "DEBUG is on for a BASE_URL that looks public.", "Unset DEBUG."
    if not 0 < settings.OTP.ttl.total_seconds() <= 600:
        yield "E010", "OTP_TTL is outside 1 to 600 seconds.", "Codes live ten minutes at most (ASVS 6.5.5)."


def _messages() -> Iterator[tuple[str, str, str]]:
    if settings.HTTPS and settings.MAILBOX:
        yield "E011", "Codes would stand in /dev/mailbox/ for everybody.", "Set EMAIL_HOST or EMAIL_BACKEND."
    if settings.SMS_GATEWAY and not settings.SMS_COUNTRIES:
        yield "E014", "SMS cost money, and no country is allowed.", "Set SMS_COUNTRIES, like DE,AT,CH."
    if settings.SMS_BACKEND == "twilio" and not (
        settings.TWILIO_ACCOUNT_SID
        and settings.TWILIO_AUTH_TOKEN
        and (settings.TWILIO_FROM or settings.TWILIO_MESSAGING_SERVICE_SID)
    ):
        yield (
            "E015",
            "Twilio has no credentials, or no sender.",
            "Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, and TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID.",
        )


def _captcha() -> Iterator[tuple[str, str, str]]:
    providers = (vendors.OURS, *vendors.VENDORS)
    if settings.CAPTCHA_PROVIDER not in providers:
        known = ", ".join(providers)
        yield "E020", f"CAPTCHA_PROVIDER={settings.CAPTCHA_PROVIDER} is none.", f"Use one of: {known}."
    elif settings.CAPTCHA_PROVIDER != vendors.OURS and not (settings.CAPTCHA_SITE_KEY and settings.CAPTCHA_SECRET_KEY):
        yield (
            "E021",
            f"The captcha is {settings.CAPTCHA_PROVIDER}'s, and there are no keys for it.",
            "Set CAPTCHA_SITE_KEY and CAPTCHA_SECRET_KEY, or unset CAPTCHA_PROVIDER.",
        )
    words = (rules.NEVER, rules.SUSPICIOUS, rules.ALWAYS)
    for name, word in settings.CAPTCHAS.items():
        if word not in words:
            yield "E022", f"CAPTCHA_{name.upper()}={word} is no word.", f"Use one of: {', '.join(words)}."
    if not 1 <= settings.CAPTCHA_COST <= 1_000_000:
        yield (
            "E023",
            "CAPTCHA_COST is outside 1 to 1,000,000 rounds.",
            "The default is 10,000: about a second on a phone.",
        )
