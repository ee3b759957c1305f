"""FLT-13: whatever fails in whichever view, the answer is ours, and it is told once."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.urls import ResolverMatch, URLResolver
from rest_framework.views import APIView

from tests.attacks.test_web_surfaces import HEADERS, PATHS, TYPED, asked
from tests.world import Http
from vestibule.web import programs
from vestibule.web.api.view import ApiView


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every view raises: those of the API inside of it, the others as they are called."""

    def fail(*_: object, **__: object) -> Any:
        typed = dict(TYPED)  # as in many a frame
        raise RuntimeError("a fault point", len(typed))

    resolve = URLResolver.resolve

    def resolved(resolver: URLResolver, path: str) -> ResolverMatch:
        match = resolve(resolver, path)
        if not hasattr(match.func, "cls"):
            match.func = fail
        return match

    for view in (APIView, ApiView):
        monkeypatch.setattr(view, "initial", fail)
    monkeypatch.setattr(URLResolver, "resolve", resolved)
    programs.find_view.cache_clear()
    yield
    programs.find_view.cache_clear()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_flt_13_no_view_fails_in_words_of_its_own(house: None, broken: None, printed: StringIO, method: str) -> None:
    """LOG-11: and neither the answer nor the log holds what was typed."""
    http = Http(raise_request_exception=False, HTTP_X_REQUEST_ID="fault-1")
    for path in PATHS:
        printed.seek(0)
        printed.truncate()
        answer = asked(http, method, path)
        if answer.status_code in (405, 415):
            continue
        assert answer.status_code == 500, path
        assert {name: answer.get(name) for name in HEADERS} == HEADERS, path
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], path
        text, told = answer.content.decode(), [json.loads(line) for line in printed.getvalue().splitlines()]
        if path.startswith("/api/"):
            assert answer["Content-Type"] == "application/problem+json", path
            assert answer.json()["request_id"] == "fault-1", path
        assert not [word for word in ("fault point", "Traceback", "RuntimeError", TYPED["password"]) if word in text]
        failures = [line for line in told if line["level"] in ("error", "critical")]
        assert len(failures) == 1, (path, failures)
        assert failures[0]["request_id"] == "fault-1", path
        assert TYPED["password"] not in printed.getvalue(), path
