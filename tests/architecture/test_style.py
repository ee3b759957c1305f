"""UX-16 and the languages: what our stylesheets may say. Contrast is computed from their custom properties."""

import re
from pathlib import Path

import pytest

from tests.architecture.test_shape import SOURCE
from vestibule.conf import conf
from vestibule.kernel import brand
from vestibule.kernel.colours import contrast_ratio, normalise_colour

STYLESHEETS = sorted(path for path in SOURCE.rglob("static/**/*.css") if "vendor" not in path.parts)
HOUSE = next(path for path in STYLESHEETS if path.name == "house.css")
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right|top|bottom)[\w-]*|left|right|top|bottom"
    r"|border-(?:top|bottom)-(?:left|right)-radius)\s*:|(?:text-align|float|clear)\s*:\s*(?:left|right)"
)
TEXT = [
    *(("text", ground) for ground in ("ground", "surface")),
    *(("muted", ground) for ground in ("ground", "surface")),
    *(("link", ground) for ground in ("ground", "surface")),
    *(("danger", ground) for ground in ("ground", "surface", "danger-ground")),
    *(("good", ground) for ground in ("surface", "good-ground")),
]
OUTLINES = [(line, ground) for line in ("border", "link", "danger") for ground in ("ground", "surface")]


def read_rules(text: str) -> list[tuple[str, str, str]]:
    """Each rule: the at-rule it stands in, its selector, its declarations."""
    rules: list[tuple[str, str, str]] = []
    open_blocks: list[str] = []
    for said, brace in re.findall(r"([^{}]*)([{}])", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)):
        if brace == "{":
            open_blocks.append(said.strip())
        else:
            selector = open_blocks.pop()
            if said.strip():
                rules.append((" ".join(open_blocks), selector, said.strip()))
    return rules


def properties(scheme: str) -> dict[str, str]:
    """The custom properties of the pages in light or dark, as the accent is by default, each in `#rrggbb`."""
    found = {
        "accent": conf.brand.color,
        "on-accent": conf.brand.on_color,
        "accent-on-light": conf.brand.color_on_light,
        "accent-on-dark": conf.brand.color_on_dark,
    }
    for within, selector, declarations in read_rules(HOUSE.read_text()):
        if selector == ":root" and within in ("", "@media (prefers-color-scheme: dark)")[: 1 + (scheme == "dark")]:
            for name, value in re.findall(r"--([\w-]+):\s*([^;]+)", declarations):
                found.setdefault(name, value) if name.startswith(("accent", "on-")) else found.update({name: value})
    return {
        name: normalise_colour(found[value[6:-1]] if value.startswith("var(--") else value)
        for name, value in found.items()
        if value.startswith(("#", "var(--"))
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ux16_what_outlines_a_field_or_the_focus_has_3_to_1(scheme: str) -> None:
    its = properties(scheme)
    for line, ground in OUTLINES:
        assert contrast_ratio(its[line], its[ground]) >= 3, (line, ground)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ux13_what_is_read_has_4_5_to_1(scheme: str) -> None:
    its = properties(scheme)
    for text, ground in [*TEXT, ("on-accent", "accent")]:
        assert contrast_ratio(its[text], its[ground]) >= 4.5, (text, ground)
    assert contrast_ratio("#ffffff", its["danger-fill"]) >= 4.5


def test_the_grounds_that_the_accent_is_computed_for_are_those_of_the_pages() -> None:
    light, dark = properties("light"), properties("dark")
    assert (
        min((light["ground"], light["surface"]), key=lambda each: contrast_ratio(each, "#000000")) == brand.LIGHT_GROUND
    )
    assert max((dark["ground"], dark["surface"]), key=lambda each: contrast_ratio(each, "#000000")) == brand.DARK_GROUND


def test_ux16_every_field_is_outlined_and_the_focus_ring_is_solid() -> None:
    rules = read_rules(HOUSE.read_text())
    for field in ("input:not([type=hidden])", "textarea", "select"):
        [said] = [body for _, selector, body in rules if selector == field]
        assert "border: 1px solid var(--border)" in said, field
    rings = [body for _, selector, body in rules if re.search(r"outline(-color|-style)?:", body)]
    assert rings
    assert all(re.search(r"outline: [23]px solid (var\(--link\)|transparent|currentcolor)", body) for body in rings)


def test_ux16_a_button_keeps_a_border_where_colours_are_forced() -> None:
    rules = read_rules(HOUSE.read_text())
    assert any(selector == "button, .button" and "border: 1px solid" in body for _, selector, body in rules)
    bare = [selector for _, selector, body in rules if "button" in selector and re.search(r"border(-width)?: 0", body)]
    assert bare == ["button.link"]  # which is underlined
    assert any(within == "@media (forced-colors: active)" for within, _, _ in rules)


@pytest.mark.parametrize("path", STYLESHEETS, ids=lambda path: str(Path(path).name))
def test_a_stylesheet_says_start_and_end_never_left_and_right(path: Path) -> None:
    said = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert not PHYSICAL.findall(said)
    for values in re.findall(r"(?<![\w-])(?:margin|padding|inset)\s*:\s*([^;}]+)", said):
        sides = values.split()
        assert len(sides) < 4 or sides[1] == sides[3], values
