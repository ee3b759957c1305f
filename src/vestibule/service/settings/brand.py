"""Settings of the brand: name, colour, images, links, and the folder of the operator's own templates, texts and files
(docs/branding.md)."""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from vestibule.kernel.colours import is_colour, normalise_colour
from vestibule.service.settings import value_types
from vestibule.service.settings.deployment import env
from vestibule.service.settings.django_wiring import CONTENT_SECURITY_POLICY, TEMPLATES
from vestibule.storage.lazy_import import import_when_used

_STATIC_PREFIX = "brand"  # what the names of the operator's static files begin with
_IMAGES = ("svg", "png", "webp", "jpg", "ico")
_NO_FOLDER: Path | None = None
_image_colors = import_when_used("PIL.ImageColor")  # the names of CSS


def _parse_colour(text: str) -> str:
    """Return a CSS colour, in hexadecimal digits or by name, as `#rrggbb`."""
    try:
        return normalise_colour(text if is_colour(text) else _find_named_colour(text))
    except ValueError:
        raise value_types.UnreadableValue("is no colour", "Set it like #3455d1.") from None


def _find_named_colour(name: str) -> str:
    if not name.isalpha():
        raise ValueError("no name")
    return "#{:02x}{:02x}{:02x}".format(*_image_colors.getrgb(name))


def _parse_folder(text: str) -> Path | None:
    """Return the path of a folder that can be read, as it is from everywhere."""
    path = Path(text).resolve()
    try:
        next(path.iterdir(), None)
    except OSError as error:
        raise value_types.UnreadableValue(
            f"cannot be read ({error.strerror})", "Set it to a folder that this user may read."
        ) from error
    return path


BRAND_DIR = env.read_parsed("BRAND_DIR", "folder", _parse_folder, default=_NO_FOLDER, id="E045")


def _name_static_file(names: Iterable[str]) -> str:
    """Return the static name of the first of these files that the operator's folder has, or ""."""
    found = (name for name in names if BRAND_DIR and (BRAND_DIR / "static" / name).is_file())
    return next((f"{_STATIC_PREFIX}/{name}" for name in found), "")


def _read_image(name: str, stem: str) -> str:
    return env.read_url(name, value_types.require_url) or _name_static_file(f"{stem}.{kind}" for kind in _IMAGES)


BRAND_NAME = env.read_text("BRAND_NAME", default="Vestibule")
BRAND_COLOR = env.read_parsed("BRAND_COLOR", "colour", _parse_colour, default="#3455d1", id="E037")
BRAND_LOGO_URL = _read_image("BRAND_LOGO_URL", "logo")
BRAND_LOGO_DARK_URL = _read_image("BRAND_LOGO_DARK_URL", "logo-dark")
BRAND_FAVICON_URL = _read_image("BRAND_FAVICON_URL", "favicon")
BRAND_STYLESHEET = _name_static_file(["brand.css"])
BRAND_TERMS_URL = env.read_url("BRAND_TERMS_URL", value_types.require_url)
BRAND_PRIVACY_URL = env.read_url("BRAND_PRIVACY_URL", value_types.require_url)
BRAND_IMPRINT_URL = env.read_url("BRAND_IMPRINT_URL", value_types.require_url)
BRAND_FOOTER_TEXT = env.read_text("BRAND_FOOTER_TEXT")
SUPPORT_EMAIL = env.read_parsed("SUPPORT_EMAIL", "address", value_types.parse_email_address, default="", id="E037")

STATICFILES_DIRS: list[tuple[str, Path]] = []
LOCALE_PATHS: list[Path] = []
if BRAND_DIR:
    TEMPLATES[0] |= {
        "BACKEND": "vestibule.service.brand_templates.BrandTemplates",
        "NAME": "django",
        "DIRS": [BRAND_DIR / "templates"],
    }
    if (BRAND_DIR / "static").is_dir():
        STATICFILES_DIRS.append((_STATIC_PREFIX, BRAND_DIR / "static"))
    if (BRAND_DIR / "locale").is_dir():
        LOCALE_PATHS.append(BRAND_DIR / "locale")
for _url in (BRAND_LOGO_URL, BRAND_LOGO_DARK_URL, BRAND_FAVICON_URL):
    if (_parts := urlsplit(_url)).netloc:
        CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"].append(f"{_parts.scheme}://{_parts.netloc}")
