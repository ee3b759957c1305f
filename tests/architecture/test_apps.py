"""Our apps share a project, a database and a folder of templates with somebody else's: whatever has one name for all of
them begins with ours (docs/decisions/0090)."""

from collections.abc import Iterator

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Model

from vestibule.accounts.models import User

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
