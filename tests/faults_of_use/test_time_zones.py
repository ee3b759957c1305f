"""A project, or its middleware for each person, lives in a time zone: the API speaks UTC all the same."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from tests.architecture.source import trees
from tests.desk import account, given
from tests.openapi import read_contract
from tests.world import Api, Inbox

BOSS = "boss@example.com"
TIME = re.compile(r"\d{4}-\d\d-\d\dT.*")
DOCUMENTS = "/api/auth/schema"  # no answer about anybody


def texts(body: Any) -> Iterator[str]:
    """Every text in a parsed body."""
    if isinstance(body, dict | list):
        for each in body.values() if isinstance(body, dict) else body:
            yield from texts(each)
    elif isinstance(body, str):
        yield body


@pytest.fixture
def boss(api: Api, inbox: Inbox) -> str:
    """The access token of an admin, who may ask for everything."""
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    return str(api.login(BOSS).body["access"])


def test_every_time_of_every_answer_is_in_utc(api: Api, boss: str) -> None:
    """API.md: RFC 3339 in UTC."""
    paths = [
        path
        for path, methods in read_contract()["paths"].items()
        if "get" in methods and "{" not in path and path != DOCUMENTS
    ]
    with override_settings(TIME_ZONE="Asia/Tokyo"), timezone.override("Asia/Tokyo"):
        answers = {path: api.send("GET", path, boss) for path in paths}
    told = {path: [each for each in texts(reply.body) if TIME.fullmatch(each)] for path, reply in answers.items()}
    assert {path for path, times in told.items() if times} >= {"/api/auth/me", "/api/auth/sessions"}
    assert not {path: times for path, times in told.items() if not all(each.endswith("Z") for each in times)}


def test_a_time_without_an_offset_is_in_utc(api: Api, boss: str) -> None:
    with override_settings(TIME_ZONE="Asia/Tokyo"), timezone.override("Asia/Tokyo"):
        told = api.send("GET", "/api/admin/events", boss).body["results"]
        since = told[0]["at"].removesuffix("Z")
        newer = api.send("GET", f"/api/admin/events?since={since}", boss).body["results"]
    assert told[0] in newer
    assert told[-1] not in newer  # which the nine hours before would hold


def test_no_other_field_says_a_time() -> None:
    """Nor do those of answers that nobody asks for above."""
    used = {
        module
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "DateTimeField" and ast.unparse(node.value) == "serializers"
    }
    assert used == {"vestibule.web.api.times"}
