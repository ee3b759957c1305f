"""Our own log lines go past the standard library, and are written as a library's: by one handler, in one form."""

import json
import logging
from io import StringIO

import pytest
import structlog

from tests.world import Api

log = structlog.get_logger("vestibule.test")


class BrokenPipe(StringIO):
    """Whoever read the lines has gone."""

    def write(self, _: str) -> int:
        """Nobody reads it."""
        raise BrokenPipeError


def test_a_line_of_ours_has_the_form_of_a_librarys(printed: StringIO) -> None:
    log.warning("ours", number=1)
    logging.getLogger("library").warning("theirs")
    ours, theirs = map(json.loads, printed.getvalue().splitlines())
    assert ours.keys() - theirs.keys() == {"number"}
    assert (ours["event"], ours["level"], ours["logger"]) == ("ours", "warning", "vestibule.test")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("theirs", "warning", "library")


def test_what_is_below_the_level_is_not_written(printed: StringIO) -> None:
    log.debug("ours")
    logging.getLogger("library").debug("theirs")
    assert printed.getvalue() == ""


def test_an_exception_is_one_line_without_locals(printed: StringIO) -> None:
    password = "correct horse"
    try:
        raise ValueError(len(password))
    except ValueError:
        log.exception("failed")
    [line] = printed.getvalue().splitlines()
    assert json.loads(line)["exception"][0]["exc_type"] == "ValueError"
    assert password not in line


def test_a_pipe_that_broke_fails_no_request(printed: StringIO, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    [handler] = [each for each in logging.getLogger().handlers if getattr(each, "stream", None) is printed]
    monkeypatch.setattr(handler, "stream", BrokenPipe())
    assert api.send("GET", "me").status == 401
