"""The library in a project of somebody else's: made by `django-admin startproject`, with its own settings, its own
`accounts` app and a prefix before our paths. The wheel is installed as anybody would install it."""

import shutil
import sqlite3
import subprocess
import sys
import sysconfig
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.messages import catalogue
from tests.architecture.test_docs import ROOT

HERE = Path(__file__).parent
UV = shutil.which("uv") or str(ROOT / ".uv/bin/uv")  # as in the Makefile
URLS = """from accounts.views import order

urlpatterns = [
    path("auth/", include("vestibule.web.urls")),
    path("order/<what>/", order),"""
ADDED = (
    ("shop/settings.py", "settings.txt"),
    ("shop/elsewhere.py", "elsewhere.txt"),
    ("shop/mistyped.py", "mistyped.txt"),
    ("accounts/models.py", "models.txt"),
    ("accounts/views.py", "views.txt"),
)


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
    """The project, the four things that it adds (docs/django.md), and a model and a view of its own."""
    run(python, "-m", "django", "startproject", "shop", ".", folder=folder)
    run(python, "manage.py", "startapp", "accounts", folder=folder)
    for path, added in ADDED:
        with (folder / path).open("a") as file:
            file.write((HERE / added).read_text())
    urls = folder / "shop/urls.py"
    text = urls.read_text().replace("import path", "import include, path").replace("urlpatterns = [", URLS)
    urls.write_text(text)


@dataclass(frozen=True, slots=True)
class Project:
    """The folder of the project, and the Python that has the wheel."""

    folder: Path
    python: Path

    def manage(self, *command: str, settings: str = "settings") -> str:
        """What `manage.py` says."""
        return run(self.python, "manage.py", *command, f"--settings=shop.{settings}", folder=self.folder)

    def visit(self, settings: str = "settings") -> None:
        """Let two people sign up."""
        work = f"exec({(HERE / 'visit.txt').read_text()!r}, globals())"
        assert "SIGNED UP ada@example.com bob@example.com" in self.manage("shell", "-c", work, settings=settings)

    def count_rows(self, database: str) -> dict[str, int]:
        """How many rows each table has."""
        with closing(sqlite3.connect(self.folder / database)) as opened:
            tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: opened.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("foreign")
    python = install_wheel(folder)
    assert str(folder) in run(python, "-c", "import vestibule; print(vestibule.__file__)", folder=folder)
    site = folder / "site"
    site.mkdir()
    make_project(site, python)
    made = Project(site, python)
    made.manage("makemigrations", "accounts")
    return made


def test_a_project_of_somebody_elses_signs_people_up_by_page_and_by_api(project: Project) -> None:
    assert "no issues" in project.manage("check")
    assert "No changes" in project.manage("makemigrations", "--check", "--dry-run")
    project.manage("migrate", "--verbosity=0")
    project.visit()


def test_the_wheel_brings_every_catalogue(project: Project) -> None:
    """Where Django looks for it, in an app that no installation is without."""
    told = run(project.python, "-c", "import vestibule.accounts as it; print(it.__path__[0])", folder=project.folder)
    installed, ours = Path(told.strip()) / "locale", catalogue.FOLDER
    brought = {str(path.relative_to(installed)) for path in installed.rglob("django.[mp]o")}
    assert brought == {str(path.relative_to(ours)) for path in ours.rglob("django.[mp]o")}
    assert len(brought) >= 12


def test_a_router_may_keep_people_in_a_database_of_their_own(project: Project) -> None:
    assert "no issues" in project.manage("check", settings="elsewhere")
    for alias in ("default", "people"):
        project.manage("migrate", "--verbosity=0", f"--database={alias}", settings="elsewhere")
    project.visit("elsewhere")
    assert project.count_rows("shop.sqlite3").keys() == {"django_migrations", "django_session", "sqlite_sequence"}
    rows = project.count_rows("people.sqlite3")
    assert (rows["vestibule_user"], rows["vestibule_profile"], rows["accounts_customer"]) == (2, 2, 2)
    used = ("vestibule_session", "vestibule_refresh_token", "vestibule_message", "vestibule_audit_event")
    assert all(rows[table] for table in used)


def test_what_is_mistyped_is_told_by_check(project: Project) -> None:
    with pytest.raises(AssertionError) as refused:
        project.manage("check", settings="mistyped")
    told = str(refused.value)
    assert [number for number in range(70, 75) if f"(vestibule.E0{number})" not in told] == []
    assert "Did you mean OTP_TTL?" in told
    assert "Did you mean login?" in told
