"""The stylesheet of the brand's colour, and its address."""

from functools import lru_cache
from hashlib import sha256

from django.urls import reverse

from vestibule.conf import conf
from vestibule.kernel.brand import Brand
from vestibule.kernel.colours import WHITE

KEPT_FOREVER = "public, max-age=31536000, immutable"  # of a response whose address changes with its content
_DARKER, _LIGHTER = "rgb(0 0 0 / 12%)", "rgb(255 255 255 / 24%)"


@lru_cache(maxsize=8)
def describe_accent(brand: Brand) -> tuple[str, str]:
    """Return the stylesheet and the digest of its content."""
    shade = _DARKER if brand.on_color == WHITE else _LIGHTER
    css = (
        f":root{{--accent:{brand.color};--on-accent:{brand.on_color};--hover:{shade};"
        f"--accent-on-light:{brand.color_on_light};--accent-on-dark:{brand.color_on_dark}}}\n"
    )
    return css, sha256(css.encode()).hexdigest()[:12]


def accent_stylesheet_url() -> str:
    """Return the address of the stylesheet, which changes with its content."""
    return f"{reverse('vestibule_pages:stylesheet')}?v={describe_accent(conf.brand)[1]}"
