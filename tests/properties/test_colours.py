"""UX-13: whatever the one colour of a brand, what is made of it can be read (WCAG 2.2, 1.4.3)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vestibule.kernel.brand import DARK_GROUND, LIGHT_GROUND
from vestibule.kernel.colours import contrast_ratio, is_colour, normalise_colour, readable_on, text_colour_on

colours = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
HARD = ("#ffd400", "#ff6b00", "#ffffff", "#000000", "#767676", "#777777", "#757575")


@given(colour=colours)
@example(colour=HARD[0])
@example(colour=HARD[1])
@example(colour=HARD[2])
@example(colour=HARD[3])
def test_ux13_a_brand_of_any_colour_can_be_read(colour: str) -> None:
    assert contrast_ratio(text_colour_on(colour), colour) >= 4.5
    for ground in (LIGHT_GROUND, DARK_GROUND):
        assert contrast_ratio(readable_on(colour, ground), ground) >= 4.5


@given(colour=colours, ground=st.sampled_from((LIGHT_GROUND, DARK_GROUND)))
def test_ux13_what_can_be_read_already_is_left_as_it_is(colour: str, ground: str) -> None:
    assert (readable_on(colour, ground) == colour) == (contrast_ratio(colour, ground) >= 4.5)


@given(one=colours, other=colours)
def test_a_contrast_is_that_of_two_whatever_their_order(one: str, other: str) -> None:
    assert 1 <= contrast_ratio(one, other) == contrast_ratio(other, one) <= 21


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21),
        ("#ffffff", "#ffd400", 1.43),
        ("#ffffff", "#ff6b00", 2.86),
        ("#d5d9e0", "#ffffff", 1.42),
    ],
)
def test_a_contrast_is_what_others_measured(one: str, other: str, ratio: float) -> None:
    assert contrast_ratio(one, other) == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize(
    ("given_as", "is_"),
    [("#FFF", "#ffffff"), ("#abcd", "#aabbcc"), ("#3455D1", "#3455d1"), ("#3455d180", "#3455d1")],
)
def test_a_colour_has_one_form(given_as: str, is_: str) -> None:
    assert is_colour(given_as)
    assert normalise_colour(given_as) == is_


@pytest.mark.parametrize("text", ["", "#", "#ff", "#fffff", "#fffffff", "fff", "#ggg", "#fff;", "#fff\n", " #fff"])
def test_what_is_no_colour_is_none(text: str) -> None:
    assert not is_colour(text)
