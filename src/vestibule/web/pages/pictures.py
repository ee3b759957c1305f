"""`/media/pictures/…`: people's pictures, where they are kept on our own disk; their names are not guessed."""

import re

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

_PICTURE_NAME = re.compile(r"[\w-]{43}\.webp", re.ASCII)


@require_safe
def serve_picture(request: HttpRequest, name: str) -> FileResponse:
    """One of them: it never changes under its name."""
    path = f"pictures/{name}"
    if not _PICTURE_NAME.fullmatch(name) or not default_storage.exists(path):
        raise Http404
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Cross-Origin-Resource-Policy": "cross-origin",  # shown by front ends of other origins, too
    }
    return FileResponse(default_storage.open(path), content_type="image/webp", headers=headers)
