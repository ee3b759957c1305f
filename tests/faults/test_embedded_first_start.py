"""`vestibule serve` in an empty folder works, and what it writes there is nobody else's to read (HOL-27)."""

import os
import stat
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from urllib.request import Request, urlopen

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from tests.servers import until
from tests.service import Service, begin_alone
from tests.world import PASSWORD

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def test_hol_27_a_first_start_works_and_keeps_its_files_to_itself(tmp_path: Path) -> None:
    before = os.umask(0)  # as careless as a machine can be
    try:
        (folder := tmp_path / "made" / "var").parent.mkdir()
        service = Service(folder, VAR_DIR=str(folder), DEBUG="off")
        service.folder, service.begin = tmp_path, begin_alone
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


KILLED = """
import os, django
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder
django.setup()
noted = 0
def note(recorder, app, name):
    global noted
    noted += 1
    if noted == 9:
        os._exit(9)
    recorder.migration_qs.create(app=app, name=name)
MigrationRecorder.record_applied = note
call_command("migrate", verbosity=0)
"""


def test_a_first_start_that_is_killed_while_it_migrates_is_followed_by_one_that_works(tmp_path: Path) -> None:
    """It dies between the tables of a migration and the note that they are there."""
    service = Service(tmp_path)
    environment = {**os.environ, "VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "vestibule.service.settings"}
    killed = subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False)
    assert killed.returncode == 9
    again = service.told("migrate")
    assert again.returncode == 0, again.stderr
