"""The bodies of the API, each walked."""

from collections.abc import Iterator

import pytest
from django.urls import get_resolver

from vestibule.web.api.parsing import RequestBody

get_resolver().url_patterns  # noqa: B018 - imports every view, and with it every body


def bodies(kind: type[RequestBody] = RequestBody) -> Iterator[type[RequestBody]]:
    """Every body that is declared."""
    for each in kind.__subclasses__():
        yield each
        yield from bodies(each)


@pytest.mark.parametrize("kind", sorted({*bodies()}, key=str))
def test_null_is_the_same_as_absent(kind: type[RequestBody]) -> None:
    body = kind()
    for name in [name for name, field in body.fields.items() if field.required]:
        del body.fields[name]
    if not kind.null_clears:
        assert body.to_internal_value(dict.fromkeys(body.fields)) == body.to_internal_value({})
