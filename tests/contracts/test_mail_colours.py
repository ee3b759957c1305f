"""A mail in light and dark: every text can be read on what it stands on, whatever the colour of the brand."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal

import pytest

from tests.configured import configured
from vestibule.courier import rendering
from vestibule.courier.messages import KINDS
from vestibule.kernel.colours import TEXT_CONTRAST, contrast_ratio
from vestibule.web.pages.gallery.messages import message_params

pytestmark = pytest.mark.usefixtures("house")

Scheme = Literal["light", "dark"]
DARK = re.compile(r"@media \(prefers-color-scheme: dark\) \{(.*?)\n\}", re.DOTALL)
RULE = re.compile(r"\.([\w-]+) \{([^}]*)\}")
VOID = {"meta", "br", "img"}


def declarations(style: str) -> dict[str, str]:
    pairs = (each.partition(":") for each in style.replace("!important", "").split(";") if ":" in each)
    return {name.strip(): value.strip() for name, _, value in pairs}


@dataclass
class Reader(HTMLParser):
    """Reads the text and ground of every piece of text, as a mail program with or without style sheets paints it."""

    dark: dict[str, dict[str, str]]
    painted: list[dict[str, str]] = field(default_factory=lambda: [{}, {}])  # of the document and its root
    seen: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        style = {**self.painted[-1], **declarations(given.get("style", ""))}
        for name in given.get("class", "").split():
            style |= self.dark.get(name, {})
        if tag not in VOID:
            self.painted.append(style)

    def handle_endtag(self, tag: str) -> None:
        self.painted.pop()

    def handle_data(self, data: str) -> None:
        style = self.painted[-1]
        if data.strip() and "color" in style and style.get("display") != "none":
            self.seen.append((data.strip(), style["color"], style["background-color"]))


def read(html: str, scheme: Scheme) -> list[tuple[str, str, str]]:
    """Every text, its colour and its ground."""
    [rules] = DARK.findall(html)
    dark = {name: declarations(style) for name, style in RULE.findall(rules)} if scheme == "dark" else {}
    reader = Reader(dark)
    reader.feed(html[html.index("<body") :])
    return reader.seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("colour", ["#3455d1", "#ffd400", "#0b0b0b", "#ff6b00"])
def test_ux_13_every_text_of_a_mail_can_be_read(scheme: Scheme, colour: str) -> None:
    with configured(BRAND_COLOR=colour, SUPPORT_EMAIL="help@example.com", BRAND_TERMS_URL="https://example.com/terms"):
        for kind in KINDS.values():
            seen = read(rendering.render_mail(kind, message_params(kind)).html, scheme)
            assert len(seen) > 4
            weak = [each for each in seen if contrast_ratio(each[1], each[2]) < TEXT_CONTRAST]
            assert not weak, (kind.name, weak)


def test_ux_13_a_mail_carries_the_brand_and_its_links_in_both_parts() -> None:
    links = {f"BRAND_{name}_URL": f"https://example.com/{name.lower()}" for name in ("TERMS", "PRIVACY", "IMPRINT")}
    images = {"BRAND_LOGO_URL": "https://example.com/logo.png", "BRAND_LOGO_DARK_URL": "https://example.com/dark.png"}
    with configured(**links, **images, BRAND_FOOTER_TEXT="1 High Street"):
        found = rendering.render_mail(KINDS["new_sign_in"], message_params(KINDS["new_sign_in"]))
    for part in (found.text, found.html):
        assert all(each in part for each in (*links.values(), "1 High Street"))
    assert found.html.count('alt="Vestibule"') == 2  # the dark one is not shown but in the dark
    assert re.search(r'<img class="v-dark"[^>]* style="display:none;', found.html)
    assert ".v-light { display: none !important; }" in found.html
