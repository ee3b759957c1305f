"""Settings are read when something is needed, from `vestibule.conf`; Django's own from Django."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest
from django.conf import global_settings

from tests.architecture.test_docs import DOCS
from tests.architecture.test_shape import MODULES, SOURCE
from vestibule.conf import NAMES

LIBRARY = [path for path in MODULES if path.relative_to(SOURCE).parts[0] not in ("service", "__main__.py")]
DJANGOS = {*dir(global_settings), "ROOT_URLCONF"}  # which every project says
# Every module of the library in a project whose VESTIBULE cannot be read: whoever reads it at import, fails.
PROBE = """
import importlib, sys
import django
from django.conf import settings
from vestibule.service.settings import django_wiring
settings.configure(
    SECRET_KEY="of a project",
    VESTIBULE={"NO_SUCH_SETTING": True},
    **{name: value for name, value in vars(django_wiring).items() if name.isupper() and name != "INSTALLED_APPS"},
    INSTALLED_APPS=[name for name in django_wiring.INSTALLED_APPS if not name.startswith("vestibule.service")],
)
django.setup()
from django.core.exceptions import ImproperlyConfigured
from vestibule.conf import conf
try:
    conf.base_url
except ImproperlyConfigured:
    for name in sys.argv[1:]:
        importlib.import_module(name)
    print("imported")
"""


def dotted(path: Path) -> str:
    """The name by which a module is imported."""
    return ".".join(("vestibule", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")


def reads(node: ast.AST, *, at_import: bool = True) -> Iterator[tuple[str, str, bool]]:
    """Every `settings.NAME` and `conf.name`, and whether it is evaluated when the module is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Attribute) and isinstance(child.value, ast.Name):
            yield child.value.id, child.attr, at_import
        if isinstance(child, ast.FunctionDef | ast.Lambda):
            for part in (*getattr(child, "decorator_list", ()), child.args):
                yield from reads(ast.Expr(part), at_import=at_import)
            for line in child.body if isinstance(child, ast.FunctionDef) else [child.body]:
                yield from reads(ast.Expr(line), at_import=False)  # type: ignore[arg-type]  # a node with one child
        else:
            yield from reads(child, at_import=at_import)


@pytest.mark.parametrize("path", LIBRARY, ids=dotted)
def test_the_library_reads_its_settings_from_conf_and_when_they_are_needed(path: Path) -> None:
    for of, name, at_import in reads(ast.parse(path.read_text())):
        if of == "settings" and path.name != "conf.py":
            assert name in DJANGOS, f"{name} is no setting of Django's: conf.{name.lower()}"
            assert not at_import, name
        if of == "conf":
            assert not at_import, name


def test_no_module_of_the_library_reads_settings_at_import() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *map(dotted, LIBRARY)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "imported", done.stderr[-2000:]


def test_what_imports_no_model_is_imported_without_a_configured_django() -> None:
    graph = grimp.build_graph("vestibule", include_external_packages=True, cache_dir=None)
    plain = [
        name
        for name in map(dotted, LIBRARY)
        if not name.endswith(".urls")  # which names others in a text
        and not any(
            found.startswith(("rest_framework", "unfold", "drf_spectacular")) or found.endswith(".models")
            for found in {name, *graph.find_upstream_modules(name)}
        )
    ]
    assert {"vestibule.conf", "vestibule.challenges.engine", "vestibule.limits.rates"} <= set(plain)
    imports = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    done = subprocess.run([sys.executable, "-c", imports, *plain], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_setting_of_the_library_is_documented() -> None:
    """By the variable of the service that sets it (or a part of it: `RATES["login"]`), or in the list of what none
    sets."""
    told = (DOCS / "settings.md").read_text()
    assert [name for name in NAMES if f"`{name}`" not in told and f'`{name}["' not in told] == []
