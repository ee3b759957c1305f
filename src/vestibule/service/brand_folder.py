"""What is wrong in the operator's folder of templates, texts and files (BRAND_DIR), said before a person meets it."""

import os
import re
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template import TemplateDoesNotExist, TemplateSyntaxError, engines

_TEMPLATES = (".html", ".txt")
_PLACEHOLDER = re.compile(r"%\((\w+)\)")


def find_problems() -> Iterator[str]:
    """Yield what in the folder cannot be used."""
    if settings.BRAND_DIR:
        yield from _find_unreadable_paths(settings.BRAND_DIR)
        yield from _find_broken_templates(settings.BRAND_DIR / "templates")
        for path in sorted(settings.BRAND_DIR.glob("locale/*/LC_MESSAGES/django.mo")):
            yield from _find_broken_texts(path)


def find_doubts() -> Iterator[str]:
    """Yield what in the folder has no effect."""
    for path in sorted(settings.BRAND_DIR.glob("locale/*/LC_MESSAGES/*.po") if settings.BRAND_DIR else ()):
        compiled = path.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < path.stat().st_mtime:
            yield f"{path} is newer than its compiled file, which is what is read"


def list_templates() -> list[str]:
    """Return the names of the operator's templates."""
    folders = [settings.BRAND_DIR / "templates"] if settings.BRAND_DIR else []
    found = ((path, folder) for folder in folders for path in folder.rglob("*") if path.suffix in _TEMPLATES)
    return sorted(path.relative_to(folder).as_posix() for path, folder in found)


def _find_unreadable_paths(folder: Path) -> Iterator[str]:
    failures: list[OSError] = []
    for root, _, names in os.walk(folder, onerror=failures.append, followlinks=True):
        yield from (f"{Path(root, name)} cannot be read" for name in names if not os.access(Path(root, name), os.R_OK))
    yield from (f"{failure.filename} cannot be read" for failure in failures)


def _find_broken_templates(folder: Path) -> Iterator[str]:
    engine: Any = engines["django"]  # the one that BRAND_DIR has put before ours
    for name in list_templates():
        try:
            engine.engine.get_template(name)
        except (TemplateSyntaxError, TemplateDoesNotExist, OSError, UnicodeDecodeError) as error:
            yield f"{folder / name} is no template: {error}"


def _find_broken_texts(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            texts: dict[str | tuple[str, int], str] = vars(GNUTranslations(file))["_catalog"]
    except (OSError, ValueError) as error:
        yield f"{path} is no catalogue: {error}"
        return
    for key, text in texts.items():
        sentence = key if isinstance(key, str) else key[0]
        if sentence and (unknown := {*_PLACEHOLDER.findall(text)} - {*_PLACEHOLDER.findall(sentence)}):
            yield f"{path} fills in {', '.join(sorted(unknown))}, which “{sentence}” does not have"
