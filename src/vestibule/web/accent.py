"""The stylesheet of the brand's colour, and its address."""

from functools import lru_cache

from django.urls import reverse

from vestibule.conf import conf
from vestibule.kernel.brand import Brand
from vestibule.kernel.colours import WHITE
from vestibule.web.compression import PublicBody

_DARKER, _LIGHTER = "rgb(0 0 0 / 12%)", "rgb(255 255 255 / 24%)"


@lru_cache(maxsize=8)
def render_accent(brand: Brand) -> PublicBody:
    """Return the stylesheet."""
    shade = _DARKER if brand.on_color == WHITE else _LIGHTER
    css = (
        f":root{{--accent:{brand.color};--on-accent:{brand.on_color};--hover:{shade};"
        f"--accent-on-light:{brand.color_on_light};--accent-on-dark:{brand.color_on_dark}}}\n"
    )
    return PublicBody(css.encode())


def accent_stylesheet_url() -> str:
    """Return the address of the stylesheet, which changes with its content."""
    return f"{reverse('vestibule_pages:stylesheet')}?v={render_accent(conf.brand).digest}"
