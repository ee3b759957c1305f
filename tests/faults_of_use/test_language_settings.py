"""Which languages an operator may name (`LANGUAGES`, `LANGUAGE_CODE`)."""

from pathlib import Path

import pytest

from tests.fresh import fresh_settings
from vestibule.service.settings import contradictions


@pytest.mark.parametrize(
    ("environment", "offered", "default"),
    [
        ({}, None, "en"),
        ({"LANGUAGES": "en"}, ["en"], "en"),
        ({"LANGUAGES": " EN , en"}, ["en"], "en"),
        ({"LANGUAGE": "de_DE:en", "LANG": "de_DE.UTF-8", "LC_ALL": "C"}, None, "en"),
    ],
)
def test_an_operator_says_which_languages(
    tmp_path: Path, environment: dict[str, str], offered: list[str] | None, default: str
) -> None:
    with fresh_settings(tmp_path, **environment) as its:
        found = [code for code, _ in its.LANGUAGES]
        assert (found if offered else None, its.LANGUAGE_CODE) == (offered, default)
        assert found[0] == "en"
        assert dict(its.LANGUAGES)["en"] == "English"
        assert not {each.id for each in contradictions.find_doubts(its)} & {"W006"}


@pytest.mark.parametrize(
    "environment",
    [
        {"LANGUAGES": "sv"},
        {"LANGUAGES": "en,xx"},
        {"LANGUAGES": "en de"},
        {"LANGUAGES": ","},
        {"LANGUAGE_CODE": "klingon"},
        {"LANGUAGE_CODE": "en-us"},
        {"LANGUAGE_CODE": "../en"},
    ],
)
def test_a_language_that_there_is_not_stops_the_start(tmp_path: Path, environment: dict[str, str]) -> None:
    with pytest.raises(SystemExit, match="LANGUAGE"), fresh_settings(tmp_path, **environment):
        pass
