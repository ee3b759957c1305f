"""Static files under names that hold a digest of their content, compressed, and kept by browsers for a year.

`{% static %}` names a file `house.1f3a5c7e9b2d.css`. The digest is computed when the file is first named, and the file
is compressed when it is first asked for: nothing has to be collected before the start, nothing is written, and every
process of a release has the same names (docs/decisions/0168).
"""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed

from vestibule.web.compression import DIGEST_LENGTH, KEPT_FOREVER, PublicBody, send_public

_KEPT_SHORTLY = "public, max-age=60"  # of a name without a digest
_NOT_KEPT = "no-store"  # of a digest of another release
# What collectstatic leaves out: hidden files, like those of a checkout or of a volume of Kubernetes, and copies of an
# editor; further what is for developers of others' scripts, and a page that we do not have.
_NEVER_SERVED = [*StaticFilesConfig.ignore_patterns, "*.map", "redoc"]
_MEDIA_TYPES = {
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".otf": "font/otf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_COMPRESSIBLE = (".css", ".html", ".ico", ".js", ".json", ".svg", ".txt")
_BYTES = "surrogateescape"  # other bytes than UTF-8 stay as they are
_DIGESTED = re.compile(rf"(.*)\.([0-9a-f]{{{DIGEST_LENGTH}}})(\.\w+)")
_REFERENCE = re.compile(r"""(url\(\s*['"]?)([^'")\s:]+)""")
_loaded: dict[str, "StaticFile"] = {}  # by name


@dataclass(frozen=True)
class StaticFile:
    """A file as it is sent."""

    name: str
    body: PublicBody

    @cached_property
    def digested_name(self) -> str:
        """Its name with the digest of its content."""
        path = PurePosixPath(self.name)
        return str(path.with_name(f"{path.stem}.{self.body.digest}{path.suffix}"))

    @property
    def media_type(self) -> str:
        """What a browser takes it for, by its name alone and on every machine the same."""
        return _MEDIA_TYPES.get(PurePosixPath(self.name).suffix, "application/octet-stream")


class DigestStorage(StaticFilesStorage):
    """The storage behind `{% static %}`."""

    def url(self, name: str | None) -> str:
        """Return the address of the file, with its digest. A name that is no file keeps it."""
        file = find_file(name or "")
        return super().url(file.digested_name if file else name)


def serve_static_files(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Any:
    """Answer what is asked of STATIC_URL (middleware)."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(settings.STATIC_URL):
            return get_response(request)
        name, digest = _split_name(request.path_info.removeprefix(settings.STATIC_URL))
        file = find_file(name)
        if file is None:
            return get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        kept = {"": _KEPT_SHORTLY, file.body.digest: KEPT_FOREVER}.get(digest, _NOT_KEPT)
        return send_public(request, file.body, {"Content-Type": file.media_type, "Cache-Control": kept})

    return respond


def find_file(name: str) -> StaticFile | None:
    """Return the file of this name; while DEBUG is on, as it is now. Other names are not remembered."""
    if settings.DEBUG:
        return _read_file(name)
    if name not in _loaded and (file := _read_file(name)):
        _loaded[file.name] = file
    return _loaded.get(name)


def _split_name(name: str) -> tuple[str, str]:
    """Return the name of the file and the digest in it, or "". A file may itself be named so."""
    found = None if name in _list_files() else _DIGESTED.fullmatch(name)
    return (f"{found[1]}{found[3]}", found[2]) if found else (name, "")


@cache
def _list_files() -> dict[str, Path]:
    """Return where each file is. The first of a name counts, as everywhere in Django."""
    files: dict[str, Path] = {}
    for finder in finders.get_finders():
        for path, storage in finder.list(_NEVER_SERVED):
            prefix = getattr(storage, "prefix", None) or ""
            files.setdefault(posixpath.join(prefix, path.replace("\\", "/")), Path(storage.path(path)))
    return files


def _read_file(name: str) -> StaticFile | None:
    path = _list_files().get(name)
    try:
        content = path.read_bytes() if path else None
    except OSError:
        content = None
    if content is not None and name.endswith(".css"):
        content = _REFERENCE.sub(lambda found: _refer(name, found), content.decode(errors=_BYTES)).encode(errors=_BYTES)
    return None if content is None else StaticFile(name, PublicBody(content, name.endswith(_COMPRESSIBLE)))


def _refer(stylesheet: str, found: re.Match[str]) -> str:
    """Return the reference to another file, with the digest of that one. Style sheets may refer to each other in a
    circle, and keep their names."""
    folder, said = posixpath.dirname(stylesheet), found[2]
    file = None if said.endswith(".css") else find_file(posixpath.normpath(posixpath.join(folder, said)))
    return found[1] + (str(PurePosixPath(said).with_name(PurePosixPath(file.digested_name).name)) if file else said)


def _forget_files(*, setting: str, **_: Any) -> None:
    if setting not in ("STATICFILES_DIRS", "INSTALLED_APPS"):
        return
    _list_files.cache_clear()
    _loaded.clear()


setting_changed.connect(_forget_files)
