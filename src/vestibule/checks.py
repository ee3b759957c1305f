"""Settings that contradict each other stop the start, each with an id and a remedy."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register

from vestibule.settings import contradictions as rules


@register(Tags.security)
def contradictions(**_: Any) -> list[Error]:
    """What stops the start."""
    return [Error(each.what, hint=each.remedy, id=f"vestibule.{each.id}") for each in rules.errors(settings)]


@register(Tags.security)
def doubts(**_: Any) -> list[Warning]:
    """What may be meant so, and hardly is."""
    return [Warning(each.what, hint=each.remedy, id=f"vestibule.{each.id}") for each in rules.doubts(settings)]
