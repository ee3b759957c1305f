"""What `deploy/`, compose.yaml and the Dockerfile name is really there. No container engine is needed, or was used."""

import re
import shutil
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from tests.architecture.test_docs import ROOT, first_column
from tests.openapi import read_contract

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "vestibule" in service["image"]}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
CADDY = shutil.which("caddy")


def test_every_variable_is_a_setting() -> None:
    known = first_column("settings.md")
    assert {name for service in OURS.values() for name in service["environment"]} <= known
    runtime = DOCKERFILE.rpartition("\nFROM ")[2]
    named = set(re.findall(r"^(?:ENV|   ) ([A-Z_]+)=", runtime, re.MULTILINE))
    assert {name for name in named if not name.startswith(("PATH", "PYTHON"))} <= known


def test_what_the_page_tells_to_set_are_settings_and_its_links_lead_somewhere() -> None:
    page = (ROOT / "docs/deploy.md").read_text()
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)", page)) | set(re.findall(r"^([A-Z_]+)=", page, re.MULTILINE))
    assert named - {"STORE_PASSWORD"} <= first_column("settings.md")
    for link in re.findall(r"\]\(([^)#]+)", page):
        assert (ROOT / "docs" / link).exists(), link


def test_every_command_is_one_of_ours_and_is_run_by_make_stack() -> None:
    commands = {service["command"][0] for service in OURS.values()}
    assert commands == {"serve", "worker", "beat", "migrate"}
    assert all(get_commands()[name] == "vestibule.service.cli" for name in commands)
    shape = (ROOT / "tests/stack.py").read_text() + (ROOT / "tests/balancer.py").read_text()
    assert all(f'("{name}"' in shape for name in commands)


def test_images_are_pinned_and_nothing_runs_as_root() -> None:
    images = [service["image"] for service in SERVICES.values()] + re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert all(re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)*$", image) for image in images), images
    assert re.search(r"^USER [1-9]\d*$", DOCKERFILE, re.MULTILINE)
    for service in OURS.values():
        assert service["read_only"] is True
        assert [place.partition(":")[0] for place in service["tmpfs"]] == ["/tmp", "/var/lib/vestibule"]


def test_there_is_one_version() -> None:
    """Of the wheel, the command, the schema and the image."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert version("vestibule") == project
    assert OURS["web1"]["image"] == f"vestibule:{project}"
    assert settings.SPECTACULAR_SETTINGS["VERSION"] == project
    assert read_contract()["info"]["version"] == project
    listed = subprocess.run(["make", "-s", "-p", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"VERSION := {project}\n" in listed


def test_everything_waits_for_what_it_needs() -> None:
    waits = {name: set(service.get("depends_on", ())) for name, service in SERVICES.items()}
    assert waits["migrate"] == {"postgres"}
    assert waits["caddy"] == {"web1", "web2"}
    assert all(waits[name] == {"migrate", "redis"} for name in ("web1", "web2", "worker", "beat"))
    for needed in set().union(*waits.values()) - {"migrate", "web1", "web2"}:
        assert "test" in SERVICES[needed]["healthcheck"]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    }
    assert copied == let_in
    mounted = [volume for service in SERVICES.values() for volume in service.get("volumes", ()) if volume[0] == "."]
    assert all((ROOT / name).exists() for name in (*copied, *(volume.partition(":")[0] for volume in mounted)))


@pytest.mark.parametrize("name", ["deploy/haproxy.cfg", "deploy/Caddyfile", "docs/deploy.md"])
def test_hol_06_every_proxy_refuses_what_is_for_operators(name: str) -> None:
    [line] = re.findall(
        r"^.*(?:deny_status 404|@operators path|return 404).*$", (ROOT / name).read_text(), re.MULTILINE
    )
    assert all(word in line for word in ("metrics", "dev/", "health/ready")), line


def caddy_version() -> tuple[int, ...]:
    """(0,) where there is none."""
    said = subprocess.run([CADDY, "version"], check=True, capture_output=True, text=True).stdout if CADDY else "0"
    return tuple(int(each) for each in re.findall(r"\d+", said.split()[0]))


@pytest.mark.skipif(caddy_version() < (2, 7), reason="no Caddy of 2.7 or later here: it did not read deploy/Caddyfile")
def test_caddy_understands_its_file(tmp_path: Path) -> None:
    command = [CADDY or "", "validate", "--adapter", "caddyfile", "--config", str(ROOT / "deploy/Caddyfile")]
    subprocess.run(command, check=True, capture_output=True, env={"HOME": str(tmp_path)})
