"""A Django system check of the providers in VESTIBULE."""

from collections.abc import Mapping

from django.conf import settings
from django.core.checks import Error

from vestibule.identities.provider_settings import find_problems


def check_providers(**_: object) -> list[Error]:
    """Return what prevents a provider in SOCIAL from being used. `limits.checks` reports a wrong type."""
    given = getattr(settings, "VESTIBULE", {})
    social = given.get("SOCIAL", {}) if isinstance(given, Mapping) else {}
    if not isinstance(social, Mapping) or not all(isinstance(each, Mapping) for each in social.values()):
        return []
    return [
        Error(f"VESTIBULE['SOCIAL'][{id!r}] {problem}.", hint=remedy, id="vestibule.E075")
        for id, problem, remedy in find_problems(social)
    ]
