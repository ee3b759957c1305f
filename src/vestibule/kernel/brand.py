"""The brand: how pages and mails present the service, and which colours follow from its one colour."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from vestibule.kernel import colours, hosts

# The ground of pages and mails on which the accent is hardest to read, light and dark (web/pages/.../house.css).
LIGHT_GROUND, DARK_GROUND = "#f6f7f9", "#1b1e25"
_IMAGES = ("brand_logo_url", "brand_logo_dark_url", "brand_favicon_url")
_LINKS = ("brand_terms_url", "brand_privacy_url", "brand_imprint_url")


@dataclass(frozen=True, kw_only=True)
class Brand:
    """How pages and mails present the service."""

    name: str
    color: str  # as `#rrggbb`: what buttons are filled with
    logo_url: str
    logo_dark_url: str
    favicon_url: str
    stylesheet_url: str
    terms_url: str
    privacy_url: str
    imprint_url: str
    footer_text: str
    support_email: str

    @cached_property
    def on_color(self) -> str:
        """The colour of text on `color`: white or black."""
        return colours.text_colour_on(self.color)

    @cached_property
    def color_on_light(self) -> str:
        """The accent as text, link or outline on a light ground: `color`, darkened where that is too light."""
        return colours.readable_on(self.color, LIGHT_GROUND)

    @cached_property
    def color_on_dark(self) -> str:
        """The accent as text, link or outline on a dark ground: `color`, lightened where that is too dark."""
        return colours.readable_on(self.color, DARK_GROUND)


@dataclass(frozen=True, kw_only=True, repr=False)
class BrandSettings:
    """The settings of the brand. An image is a URL or the name of a static file."""

    brand_name: str = "Vestibule"
    brand_color: str = "#3455d1"
    brand_logo_url: str = ""
    brand_logo_dark_url: str = ""  # on a dark page; empty: the same logo
    brand_favicon_url: str = ""
    brand_stylesheet: str = ""  # the name of a static file, which pages load after our own stylesheets
    brand_terms_url: str = ""
    brand_privacy_url: str = ""
    brand_imprint_url: str = ""
    brand_footer_text: str = ""
    support_email: str = ""

    def describe_brand(self, locate: Callable[[str], str]) -> Brand:
        """Return the brand; `locate` turns the name of a static file into its address."""
        return Brand(
            name=self.brand_name,
            color=colours.normalise_colour(self.brand_color),
            logo_url=locate(self.brand_logo_url),
            logo_dark_url=locate(self.brand_logo_dark_url),
            favicon_url=locate(self.brand_favicon_url),
            stylesheet_url=locate(self.brand_stylesheet),
            terms_url=self.brand_terms_url,
            privacy_url=self.brand_privacy_url,
            imprint_url=self.brand_imprint_url,
            footer_text=self.brand_footer_text,
            support_email=self.support_email,
        )


def find_brand_problem(name: str, value: str) -> tuple[str, str] | None:
    """Return what a setting of the brand is that it must not be, and what it must be; None if it can be meant."""
    if name == "brand_color" and not colours.is_colour(value):
        return "no colour in hexadecimal digits", "like #3455d1"
    if name in _LINKS and value and not _is_url(value):
        return "no absolute URL", "like https://example.com/terms"
    if name in _IMAGES and value and not (_is_url(value) or is_static_name(value)):
        return "no absolute URL and no name of a static file", "like https://example.com/logo.svg or shop/logo.svg"
    return None


def is_static_name(value: str) -> bool:
    """Return whether this names a static file."""
    return bool(value) and not value.startswith("/") and not urlsplit(value).scheme


def _is_url(value: str) -> bool:
    return hosts.is_http_url(value.rstrip("/"))
