"""The sentences of Django REST Framework that reach readers of our API: those of its fields and validators, as our
serializers have them. Its own catalogues lack some of them in half of our languages."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.utils.translation import override
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from vestibule.web.api import urls
from vestibule.web.api.parsing import RequestBody


def find_borrowed() -> dict[str, set[str]]:
    """Return each sentence, and where it comes from."""
    assert urls.urlpatterns  # of which every serializer is loaded
    found: dict[str, set[str]] = defaultdict(set)
    with override("en"):
        for field in _fields_of(RequestBody):
            for message in (*field.error_messages.values(), ProhibitSurrogateCharactersValidator.message):
                found[str(message)].add("rest_framework")
    return dict(found)


def _fields_of(kind: type[RequestBody]) -> Iterator[Any]:
    for each in kind.__subclasses__():
        yield from _with_inner(each())
        yield from _fields_of(each)


def _with_inner(field: Any) -> Iterator[Any]:
    yield field
    for each in getattr(field, "fields", {}).values():
        yield from _with_inner(each)
    if (child := getattr(field, "child", None)) is not None:
        yield from _with_inner(child)
