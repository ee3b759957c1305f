"""Colours and what can be read on them: relative luminance and contrast ratio (WCAG 2.2)."""

import re
from collections.abc import Iterator

TEXT_CONTRAST = 4.5  # the least between text and what it stands on (WCAG 2.2, 1.4.3)
WHITE, BLACK = "#ffffff", "#000000"
_HEXADECIMAL = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_STEPS = 100


def is_colour(text: str) -> bool:
    """Return whether it is a CSS colour in hexadecimal digits."""
    return bool(_HEXADECIMAL.fullmatch(text))


def normalise_colour(text: str) -> str:
    """Return a CSS colour in hexadecimal digits as `#rrggbb`, opaque."""
    digits = text[1:].lower()
    return f"#{digits[:6]}" if len(digits) > 4 else "#" + "".join(each * 2 for each in digits[:3])


def contrast_ratio(one: str, other: str) -> float:
    """Return the contrast ratio of two colours `#rrggbb`, from 1 to 21."""
    darker, lighter = sorted((_relative_luminance(one), _relative_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_colour_on(ground: str) -> str:
    """Return white if it can be read on this ground, else black: one of them has 4.58:1 on any colour."""
    return WHITE if contrast_ratio(WHITE, ground) >= TEXT_CONTRAST else BLACK


def readable_on(colour: str, ground: str) -> str:
    """Return the colour, darkened or lightened as little as it takes for it to be read on this ground."""
    end = text_colour_on(ground)
    return next(each for each in _mixtures(colour, end) if contrast_ratio(each, ground) >= TEXT_CONTRAST)


def _mixtures(colour: str, end: str) -> Iterator[str]:
    start, goal = _channels(colour), _channels(end)
    for step in range(_STEPS + 1):
        yield "#" + "".join(f"{round(a + (b - a) * step / _STEPS):02x}" for a, b in zip(start, goal, strict=True))


def _relative_luminance(colour: str) -> float:
    parts = [each / 255 for each in _channels(colour)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))
