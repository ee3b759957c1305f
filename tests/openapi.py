"""The schema of the API as docs/ has it."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def read_contract() -> dict[str, Any]:
    """docs/openapi.yaml, parsed once a process: nobody changes what is read."""
    path = Path(__file__).parents[1] / "docs/openapi.yaml"
    contract: dict[str, Any] = yaml.load(path.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return contract
