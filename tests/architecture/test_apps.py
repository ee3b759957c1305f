"""Our apps share a project, a database and a folder of templates with somebody else's: whatever has one name for all of
them begins with ours (docs/decisions/0090)."""

import re
from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Model
from django.template.loader import get_template

from tests.architecture.test_docs import ROOT
from vestibule.accounts.models import User

SRC = ROOT / "src/vestibule"
OURS = [config for config in apps.get_app_configs() if config.name.startswith("vestibule.")]
MODELS: list[type[Model]] = [model for config in OURS for model in config.get_models()]


def names_in_the_database(model: type[Model]) -> Iterator[str]:
    yield model._meta.db_table
    yield from (each.name for each in [*model._meta.indexes, *model._meta.constraints])


def test_every_label_begins_with_our_name() -> None:
    assert {config.label for config in OURS} == {f"vestibule_{config.name.rpartition('.')[2]}" for config in OURS}


def test_every_table_index_and_constraint_begins_with_our_name() -> None:
    foreign = [name for model in MODELS for name in names_in_the_database(model) if not name.startswith("vestibule_")]
    assert not foreign
    assert len(MODELS) > 10


def test_the_user_is_ours() -> None:
    assert get_user_model() is User


def test_every_template_and_static_file_stands_in_a_folder_of_ours() -> None:
    """Whoever overrides one names it so; and none of ours takes the place of somebody else's. Unfold's frame is
    replaced in part (docs/decisions/0016), by an app that only the admin needs."""
    folders = {
        str(folder.relative_to(SRC))
        for kind in ("templates", "static")
        for folder in SRC.rglob(f"{kind}/*")
        if folder.is_dir() and any(folder.rglob("*.*"))
    }
    others = {folder for folder in folders if not folder.endswith("/vestibule")}
    assert others == {"web/admin/templates/admin", "web/admin/templates/unfold"}


def test_no_page_needs_a_context_processor() -> None:
    assert "context_processors" not in str(settings.TEMPLATES)


def test_every_page_has_blocks_to_override() -> None:
    layout = get_template("vestibule/pages/layout.html").template.source  # type: ignore[attr-defined]  # Django's engine
    assert set(re.findall(r"block (\w+)", layout)) >= {"title", "head", "scripts", "header", "main", "footer"}
