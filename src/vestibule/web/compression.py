"""Answers that are the same for everybody, compressed once for the clients that take gzip.

Nothing that is made for one person is compressed here: beside a secret that would tell its length (BREACH).
"""

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response

from vestibule.web.headers import vary_by

DIGEST_LENGTH = 12
KEPT_FOREVER = "public, max-age=31536000, immutable"  # of a response whose address changes with its content
_LEVEL = 6  # the last percent would take three times as long
_ACCEPTED = re.compile(r"gzip(;q=(1(\.0*)?|0\.\d*[1-9]\d*))?")


@dataclass(frozen=True)
class PublicBody:
    """A body that holds nothing of a person."""

    content: bytes
    is_compressible: bool = True

    @cached_property
    def digest(self) -> str:
        """The digest of its content."""
        return sha256(self.content).hexdigest()[:DIGEST_LENGTH]

    @cached_property
    def compressed(self) -> bytes | None:
        """Its content by gzip, or None where that saves nothing."""
        packed = gzip.compress(self.content, _LEVEL, mtime=0) if self.is_compressible else self.content
        return packed if len(packed) < len(self.content) else None


def send_public(request: HttpRequest, body: PublicBody, headers: Mapping[str, str]) -> HttpResponseBase:
    """Return the response, compressed if the client takes it, with a strong ETag (RFC 9110, 8.8.3); 304 for a client
    that has it."""
    packed = body.compressed if _accepts_gzip(request) else None
    etag = f'"{body.digest}{"-gzip" if packed else ""}"'
    response = HttpResponse(packed or body.content, headers={**headers, "ETag": etag})
    if packed:
        response["Content-Encoding"] = "gzip"
    if body.compressed:
        vary_by(response, "Accept-Encoding")
    return get_conditional_response(request, etag=etag, response=response) or response


def _accepts_gzip(request: HttpRequest) -> bool:
    """Return whether the client takes gzip (RFC 9110, 12.5.3)."""
    accepted = re.sub(r"\s", "", request.headers.get("Accept-Encoding", "")).lower().split(",")
    return any(map(_ACCEPTED.fullmatch, accepted))
