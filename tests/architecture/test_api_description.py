"""What a client is generated from says which operation wants a token, and in which order they are read."""

import re
from typing import Any

import yaml

from tests.architecture.test_docs import ROOT
from tests.surfaces import read_surfaces

DOCUMENT: dict[str, Any] = yaml.load((ROOT / "docs/openapi.yaml").read_text(), yaml.CSafeLoader)
TOKEN: dict[str, list[str]] = {"bearer": []}
NONE: dict[str, list[str]] = {}
# Signed in or not: one takes the refresh token instead, the other links a provider where somebody is signed in.
EITHER = {"/api/auth/logout", "/api/auth/social/{provider}/start"}


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    methods = ("get", "post", "put", "patch", "delete")
    return {
        (path, method): of_path[method]
        for path, of_path in DOCUMENT["paths"].items()
        for method in methods
        if method in of_path
    }


def test_an_operation_says_whether_it_wants_a_token() -> None:
    who = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path): row.who for path, row in read_surfaces().items()}
    wanted = {"bearer": [TOKEN], "staff": [TOKEN], "anybody": None}
    for (path, method), operation in operations().items():
        expected = [TOKEN, NONE] if path in EITHER else wanted[who[path]]
        assert operation.get("security") == expected, (method, path)
    assert "security" not in DOCUMENT


def test_every_group_of_operations_is_described_and_sign_up_stands_first() -> None:
    described = [tag["name"] for tag in DOCUMENT["tags"]]
    assert all(tag["description"] for tag in DOCUMENT["tags"])
    assert set(described) == {tag for operation in operations().values() for tag in operation["tags"]}
    assert described[0] == "Registration"
    assert described[-1] == "Admin"
