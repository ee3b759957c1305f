"""Whoever pastes the README's blocks gets what it says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.test_docs import ROOT
from tests.readme import README, blocks, session
from tests.service import Service
from vestibule.service.cli.overview import our_commands


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
def test_each_block_of_the_readme_works_as_it_stands(tmp_path: Path) -> None:
    with Service(tmp_path, "localhost") as service:
        script = session(service.port, sys.executable)
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    me, tokens, pending = [json.loads(each) for each in done.stdout.splitlines() if each.startswith("{")]
    assert me["email"] == "ada@example.com"
    assert str(me["id"]) in done.stdout.splitlines()  # what the service of one's own verified by the keys
    assert tokens["access"] != tokens["refresh"]
    assert pending["user"]["status"] == "pending"
    assert f":{service.port}/verify-email/?token=" in done.stdout


def test_what_the_readme_names_is_there() -> None:
    text = README.read_text()
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)) | {"help"}
    ours = {name.replace("_", "-") for name in our_commands()}
    assert set(re.findall(r"\bmake ([a-z-]+)`", text)) <= targets
    assert set(re.findall(r"`vestibule ([a-z-]+)", text)) <= ours | {"--help"}
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / link).exists(), link
    assert len(blocks("")) == 2
    assert (ROOT / "docs/pages.png").stat().st_size < 150_000
