"""The settings of another environment, read anew in this process."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import structlog

_OURS = "vestibule.service.settings"


@contextmanager
def fresh_settings(folder: Path, **environment: str) -> Iterator[ModuleType]:
    """The settings module as it would be in `folder` with this environment alone. Raises SystemExit as it does."""
    before, logs = Path.cwd(), structlog.get_config()
    kept = {name: module for name, module in sys.modules.items() if name.partition(f"{_OURS}.")[0] in ("", _OURS)}
    for name in kept:
        del sys.modules[name]
    os.chdir(folder)
    try:
        with patch.dict(os.environ, {"PATH": os.environ["PATH"], **environment}, clear=True):
            yield importlib.import_module(_OURS)
    finally:
        os.chdir(before)
        for name in [each for each in sys.modules if each.partition(f"{_OURS}.")[0] in ("", _OURS)]:
            del sys.modules[name]
        sys.modules.update(kept)
        structlog.configure(**logs)
