"""Pictures in a bucket: django-storages against the few requests of the S3 API that it makes."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.conf import settings

from tests.configured import configured
from tests.pictures import picture, upload
from tests.vendors import listening
from tests.world import Api, Inbox


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """What the bucket holds, by path."""
    held: dict[str, bytes] = {}

    class S3(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            held[self.path.partition("?")[0]] = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(200)

        def do_DELETE(self) -> None:
            held.pop(self.path, None)
            self._answer(204)

        def do_HEAD(self) -> None:
            self._answer(200 if self.path in held else 404)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.send_header("ETag", '"of no matter"')
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    for name, value in {
        "ACCESS_KEY_ID": "a key",
        "SECRET_ACCESS_KEY": "secret",
        "DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with listening(S3) as url:
        options = {"bucket_name": "faces", "endpoint_url": url, "addressing_style": "path"}
        storage = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
        with configured(STORAGES={**settings.STORAGES, "default": storage}):
            yield held


def test_a_picture_goes_to_the_bucket_and_out_of_it(api: Api, inbox: Inbox, bucket: dict[str, bytes]) -> None:
    access = api.account(inbox, "ada@example.com")
    url = upload(api, access, picture()).body["profile"]["picture"]
    [(path, content)] = bucket.items()
    assert path.startswith("/faces/pictures/")
    assert path in url
    assert b"WEBP" in content[:600]
    assert api.send("DELETE", "me/picture", access).status == 204
    assert bucket == {}
