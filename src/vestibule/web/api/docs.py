"""`/api/schema` and `/api/docs`: the OpenAPI document, and Swagger UI from our own assets."""

from collections.abc import Mapping
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from vestibule.kernel.cached import Cached
from vestibule.kernel.errors import Unavailable
from vestibule.web.api.view import ApiView
from vestibule.web.compression import PublicBody, send_public
from vestibule.web.templating import page_context


class OpenApiDocument(ApiView):
    """The OpenAPI document. It is generated once in each process, at the first request, because that takes half a
    second of CPU."""

    renderer_classes = (OpenApiYamlRenderer, OpenApiYamlRenderer2, OpenApiJsonRenderer, OpenApiJsonRenderer2)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponseBase:
        """Return YAML or JSON, by `Accept` or `?format=`; 304 for a client that has the current version."""
        renderer: Any = request.accepted_renderer
        charset = f"; charset={renderer.charset}" if renderer.charset else ""
        headers = {
            "Content-Type": f"{renderer.media_type}{charset}",
            "Content-Disposition": f'inline; filename="openapi.{renderer.format}"',
            "Cache-Control": "public, max-age=300",
        }
        return send_public(self.http_request, _find_documents()[renderer.format], headers)


class SwaggerPage(ApiView, SpectacularSwaggerSplitView):
    """The page; with `?script` the script that starts it, as a file, so that no inline script is needed."""

    url_name = "vestibule_api:schema"
    renderer_classes = [TemplateHTMLRenderer]
    template_name = "vestibule/pages/docs.html"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the page, or its script."""
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.data |= page_context(self.http_request)
        return response


def _find_documents() -> Mapping[str, PublicBody]:
    """Return the document in each format. The first request renders it, three more wait for that.

    Raises:
        Unavailable: enough do. A flood of them would hold every thread of the process.
    """
    if found := DOCUMENTS.peek():
        return found
    if not _FIRST_REQUESTS.acquire(blocking=False):
        raise Unavailable(retry_after=1)
    try:
        return DOCUMENTS.get()
    finally:
        _FIRST_REQUESTS.release()


def _render_documents() -> Mapping[str, PublicBody]:
    """Return the document in each format, in the default language."""
    with translation.override(settings.LANGUAGE_CODE):
        document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
        renderers = (OpenApiYamlRenderer, OpenApiJsonRenderer)
        return {each.format: PublicBody(each().render(document, renderer_context={})) for each in renderers}


DOCUMENTS = Cached(_render_documents)
_FIRST_REQUESTS = BoundedSemaphore(4)  # of the threads that a process has, eight or more
