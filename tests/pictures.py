"""Pictures of people: one as a camera makes it, and how it is sent."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from tests.world import Api, Reply


def picture(format: str = "JPEG", size: tuple[int, int] = (1200, 800), **more: Any) -> bytes:
    """A picture, red on the left."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    output = BytesIO()
    image.save(output, format, **more)
    return output.getvalue()


def upload(api: Api, access: str, content: bytes, field: str = "picture") -> Reply:
    """PUT me/picture."""
    file = SimpleUploadedFile("../../evil.svg", content, content_type="image/svg+xml")
    answer = api.http.put(
        "/api/auth/me/picture",
        encode_multipart(BOUNDARY, {field: file}),
        content_type=MULTIPART_CONTENT,
        headers={"Authorization": f"Bearer {access}"},
    )
    return Reply(status=answer.status_code, body=answer.json(), code=answer.json().get("code", ""))
