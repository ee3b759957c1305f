"""Every form of every page in every state (UX 16 to 19): what a field points at exists, and buttons have names."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from tests import gallery

SPOKEN = re.compile(r"\b(\d{3,}) seconds")
MENDED = (
    "These credentials are not right",
    "It makes your account yours",
    "Any characters; a few words are good",
    "This guards your account",
    "Everybody who is signed in",
    "Take the change back",
    "This is not one of ours",
    "Its time is up, or another one took its place",
    "Go on",
    "Some fields need attention",
    "the house",
)


class Page(HTMLParser):
    """The fields, ids and buttons of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.described: list[str] = []
        self.wrong: list[dict[str, str]] = []
        self.focused = 0
        self.buttons: list[str] = []
        self._button: list[str] | None = None
        self._named = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what the tag says of itself."""
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        self.described += given.get("aria-describedby", "").split() + given.get("aria-labelledby", "").split()
        self.wrong += [given] if given.get("aria-invalid") == "true" else []
        self.focused += "autofocus" in given
        if tag == "button":
            self._button, self._named = [], given.get("aria-label", "") or given.get("aria-labelledby", "")

    def handle_endtag(self, tag: str) -> None:
        """A button is over."""
        if tag == "button" and self._button is not None:
            self.buttons.append(self._named or " ".join("".join(self._button).split()))
            self._button = None

    def handle_data(self, data: str) -> None:
        """What a button says."""
        if self._button is not None:
            self._button.append(data)


@pytest.fixture(scope="module")
def pages() -> dict[str, tuple[str, Page]]:
    """Every state of every page."""
    texts = {path: gallery.shown(path) for path in gallery.page_paths() if path != gallery.ROOT}
    return {path: (text, Page(text)) for path, text in texts.items()}


def test_ux_18_what_a_field_points_at_is_on_the_page(pages: dict[str, tuple[str, Page]]) -> None:
    for path, (_, page) in pages.items():
        assert set(page.described) <= set(page.ids), path
        assert max(Counter(page.ids).values(), default=0) <= 1, path


def test_ux_18_a_wrong_field_says_why_and_one_field_has_the_focus(pages: dict[str, tuple[str, Page]]) -> None:
    for path, (_, page) in pages.items():
        assert page.focused <= 1, path
        assert all(each.get("aria-describedby") for each in page.wrong), path
        assert not page.wrong or page.focused, path


def test_ux_19_no_two_buttons_have_one_name(pages: dict[str, tuple[str, Page]]) -> None:
    for path, (_, page) in pages.items():
        assert all(page.buttons), path
        assert [each for each, times in Counter(page.buttons).items() if times > 1] == [], path


def test_ux_05_no_page_counts_in_hundreds_of_seconds(pages: dict[str, tuple[str, Page]]) -> None:
    for path, (text, _) in pages.items():
        assert not [each for each in SPOKEN.findall(text) if int(each) >= 120], path


@pytest.mark.parametrize("words", MENDED)
def test_ux_c_no_page_says_what_was_mended(pages: dict[str, tuple[str, Page]], words: str) -> None:
    assert [path for path, (text, _) in pages.items() if re.search(rf"\b{re.escape(words)}\b", text)] == []
