"""The start of a process: the garbage collector pauses until a command is loaded."""

import gc

import pytest
from django.core import management
from django.core.management.base import BaseCommand

from vestibule.service.cli import overview


def test_garbage_is_collected_again_when_a_command_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    collects: dict[str, bool] = {}
    before = gc.get_threshold()
    monkeypatch.setattr(BaseCommand, "run_from_argv", lambda *_: None)
    try:
        for name in overview.our_commands():
            command = management.load_command_class(management.get_commands()[name], name)
            gc.disable()
            command.run_from_argv([])
            collects[name] = gc.isenabled()
    finally:
        gc.enable()
        gc.set_threshold(*before)
        gc.unfreeze()
    assert collects == dict.fromkeys(overview.our_commands(), True)
