"""`vestibule serve` in an empty folder works, and what it writes there is nobody else's to read (HOL-27)."""

import os
import stat
from io import BytesIO
from pathlib import Path
from urllib.request import Request, urlopen

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from tests.servers import until
from tests.service import Service
from tests.world import PASSWORD

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def test_hol_27_a_first_start_works_and_keeps_its_files_to_itself(tmp_path: Path) -> None:
    before = os.umask(0)  # as careless as a machine can be
    try:
        (folder := tmp_path / "made" / "var").parent.mkdir()
        service = Service(folder, VAR_DIR=str(folder), DEBUG="off")
        service.folder = tmp_path
        service.start("serve")
    finally:
        os.umask(before)
    until(service.answers, "the service")
    try:
        start = {"email": "ada@example.com", "password": PASSWORD}
        _, begun = service.post("/api/auth/register/start", start)
        code = service.code_for("ada@example.com")
        status, entered = service.post(
            "/api/auth/register/confirm", {"registration": begun["registration"], "otp": code}
        )
        assert status == 201, entered
        picture = BytesIO()
        Image.new("RGB", (64, 64)).save(picture, "PNG")
        body = encode_multipart(BOUNDARY, {"picture": SimpleUploadedFile("a.png", picture.getvalue(), "image/png")})
        headers = {"Authorization": f"Bearer {entered['access']}", "Content-Type": MULTIPART_CONTENT}
        put = Request(f"{service.url}/api/auth/me/picture", body, headers, method="PUT")
        with urlopen(put, timeout=10) as answer:
            assert answer.status == 200
        written = [folder, *folder.rglob("*")]
        assert {"secret_key", "vestibule.sqlite3", "vestibule.sqlite3-wal", "mailbox"} <= {
            each.name for each in written
        }
        assert any(each.suffix == ".webp" for each in written)
        assert not [str(each) for each in written if each.stat().st_mode & OTHERS]
    finally:
        service.stop()
