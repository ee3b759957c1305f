"""The brand on pages and in mails: its colours, and what cannot be meant."""

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.configured import configured
from tests.fresh import fresh_settings
from tests.world import Http
from vestibule.conf import conf
from vestibule.kernel.colours import contrast_ratio

COLOURS = ("#ffd400", "#ff6b00", "#ffffff", "#000000", "#3455d1")


def served_properties() -> dict[str, str]:
    """What `/house.css` says."""
    return dict(re.findall(r"--([\w-]+):(#\w+)", Http().get("/house.css").content.decode()))


@pytest.mark.parametrize("colour", COLOURS)
def test_ux13_text_on_the_accent_and_the_accent_as_text_can_be_read(colour: str) -> None:
    with configured(BRAND_COLOR=colour):
        its = served_properties()
    assert its["accent"] == colour
    assert contrast_ratio(its["on-accent"], colour) >= 4.5
    assert contrast_ratio(its["accent-on-light"], "#ffffff") >= 4.5
    assert contrast_ratio(its["accent-on-light"], "#f6f7f9") >= 4.5
    assert contrast_ratio(its["accent-on-dark"], "#1b1e25") >= 4.5
    assert contrast_ratio(its["accent-on-dark"], "#121419") >= 4.5


@pytest.mark.parametrize(("written", "is_"), [("rebeccapurple", "#663399"), ("#FD0", "#ffdd00"), ("Red", "#ff0000")])
def test_a_colour_may_be_named(tmp_path: Path, written: str, is_: str) -> None:
    with fresh_settings(tmp_path, BRAND_COLOR=written) as its:
        assert its.VESTIBULE["BRAND_COLOR"] == is_


@pytest.mark.parametrize("written", ["blurple", "transparent", "currentcolor", "#12", "red;}", "hsl(0,0%,0%)"])
def test_what_is_no_colour_stops_the_start(tmp_path: Path, written: str) -> None:
    with pytest.raises(SystemExit, match=r"vestibule\.E037"), fresh_settings(tmp_path, BRAND_COLOR=written):
        pass


@pytest.mark.parametrize("given", ["blurple", "red", "#12", "red;}"])
def test_a_project_gives_a_colour_in_digits(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="no colour"), configured(BRAND_COLOR=given):
        assert conf.brand_color
