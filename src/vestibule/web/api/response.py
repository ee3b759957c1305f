"""The answer of a view of the API."""

from collections.abc import ItemsView, Mapping
from typing import cast

from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer

from vestibule.web.headers import stored_headers

_RENDERER = JSONRenderer()


class Response(HttpResponse):
    """JSON, written at once; without `body` an empty answer, and one without a media type. DRF's Response is a template
    that is rendered after its view, by a renderer that is chosen for each; this API has one."""

    def __init__(self, body: object = None, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        content = b"" if body is None else _RENDERER.render(body)
        super().__init__(content, content_type=_RENDERER.media_type, status=status, headers=dict(headers or {}))
        if not content:
            del self["Content-Type"]

    def items(self) -> ItemsView[str, str]:
        """Return the headers for the server. Django's looks up each once more."""
        return cast(ItemsView[str, str], stored_headers(self).values())
