"""The library in a project of somebody else's: made by `django-admin startproject`, with its own settings, its own
`accounts` app and a prefix before our paths. The wheel is installed as anybody would install it."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.architecture.test_docs import ROOT

HERE = Path(__file__).parent
UV = shutil.which("uv") or str(ROOT / ".uv/bin/uv")  # as in the Makefile
PREFIXED = 'urlpatterns = [\n    path("auth/", include("vestibule.web.urls")),'


def run(*command: str | Path, folder: Path) -> str:
    """What the command says; AssertionError where it fails."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "VAR_DIR": str(folder / "var")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def install_wheel(folder: Path) -> Path:
    """A virtual environment with nothing of the source tree on its path: the wheel, and what it depends on, which is
    looked up where this run has it, so that no index is asked."""
    subprocess.run([UV, "build", "--wheel", "--quiet", "--out-dir", folder / "dist", ROOT], check=True)
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
    [wheel] = (folder / "dist").glob("*.whl")
    python = folder / "venv/bin/python"
    subprocess.run([UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, wheel], check=True)
    [site_packages] = (folder / "venv/lib").glob("python*/site-packages")
    # A path that stands in a .pth file is added without the .pth files in it: our source, which is one, is not seen.
    (site_packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return python


def make_project(folder: Path, python: Path) -> None:
    """The project, and the four things that it adds (docs/django.md)."""
    run(python, "-m", "django", "startproject", "shop", ".", folder=folder)
    run(python, "manage.py", "startapp", "accounts", folder=folder)
    for path, added in (("shop/settings.py", "settings.txt"), ("accounts/models.py", "models.txt")):
        with (folder / path).open("a") as file:
            file.write((HERE / added).read_text())
    urls = folder / "shop/urls.py"
    text = urls.read_text().replace("import path", "import include, path").replace("urlpatterns = [", PREFIXED)
    urls.write_text(text)


def test_a_project_of_somebody_elses_signs_people_up_by_page_and_by_api(tmp_path: Path) -> None:
    python = install_wheel(tmp_path)
    assert str(tmp_path) in run(python, "-c", "import vestibule; print(vestibule.__file__)", folder=tmp_path)
    site = tmp_path / "site"
    site.mkdir()
    make_project(site, python)
    run(python, "manage.py", "makemigrations", "accounts", folder=site)
    assert "no issues" in run(python, "manage.py", "check", folder=site)
    assert "No changes" in run(python, "manage.py", "makemigrations", "--check", "--dry-run", folder=site)
    run(python, "manage.py", "migrate", "--verbosity=0", folder=site)
    said = run(
        python, "manage.py", "shell", "-c", f"exec({(HERE / 'visit.txt').read_text()!r}, globals())", folder=site
    )
    assert "SIGNED UP ada@example.com bob@example.com" in said
