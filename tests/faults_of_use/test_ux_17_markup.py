"""Every page in every state: what describes or labels a field is there, and is one element; the title says that
something is wrong (UX 17, 19)."""

import pytest

from tests import gallery, markup
from vestibule.kernel.errors import AlreadyUsed
from vestibule.web.pages.gallery.registry import GROUPS, list_states


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Every state of every page."""
    return {path: gallery.shown(path) for path in gallery.page_paths()}


def test_ux_17_what_points_somewhere_points_at_something(pages: dict[str, str]) -> None:
    assert len(pages) > 100
    assert not {path: found for path, html in pages.items() if (found := markup.find_dangling(html))}


def test_ux_17_an_id_is_one_elements(pages: dict[str, str]) -> None:
    assert not {path: found for path, html in pages.items() if (found := markup.find_repeated_ids(html))}


def test_ux_17_a_wrong_field_is_described(pages: dict[str, str]) -> None:
    wrong = [
        (path, tag)
        for path, html in pages.items()
        for tag in html.split("<")
        if 'aria-invalid="true"' in tag and "aria-describedby" not in tag
    ]
    assert not wrong


def test_ux_19_the_title_says_that_something_is_wrong(pages: dict[str, str]) -> None:
    """And only then: what is done already is no error."""
    refusals = {
        f"{gallery.ROOT}{group}/{name}/": state.refusal
        for group in GROUPS
        for name, state in list_states(group).items()
        if "<title>" in pages[f"{gallery.ROOT}{group}/{name}/"]
    }
    wrong = {path for path, refusal in refusals.items() if refusal and not isinstance(refusal, AlreadyUsed)}
    assert len(wrong) > 50
    assert {path for path in refusals if "<title>Error · " in pages[path]} == wrong


def test_the_walk_finds_what_is_missing() -> None:
    html = '<label for="a"></label><input id="b" aria-describedby="b c"><p id="d"></p><p id="d"></p>'
    assert markup.find_dangling(html) == ['for="a"', 'aria-describedby="c"']
    assert markup.find_repeated_ids(html) == ["d"]
