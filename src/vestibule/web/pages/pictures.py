"""`/media/pictures/…`: profile pictures on our own disk, under names that cannot be guessed."""

import re

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

_PICTURE_NAME = re.compile(r"[\w-]{43}\.webp", re.ASCII)


@require_safe
def serve_picture(request: HttpRequest, name: str) -> FileResponse:
    """Serve a picture. The file under a name never changes."""
    path = f"pictures/{name}"
    if not _PICTURE_NAME.fullmatch(name) or not default_storage.exists(path):
        raise Http404
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Cross-Origin-Resource-Policy": "cross-origin",  # front ends of other origins show it, too
    }
    return FileResponse(default_storage.open(path), content_type="image/webp", headers=headers)
