"""Pictures of people: what was uploaded is decoded, turned upright and encoded anew; nothing else of it is kept."""

from io import BytesIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from vestibule.accounts.identifiers import Malformed
from vestibule.kernel import entropy

SIDE = 512  # pixels, at most
MAX_PIXELS = 40_000_000  # a bomb is small on the wire and large in memory: asked before anything is decoded
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


def recoded(uploaded: bytes) -> bytes:
    """The picture as WebP, 512 pixels at most, without metadata. Raises Malformed for what is none."""
    try:
        with Image.open(BytesIO(uploaded), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Malformed("too_large", _("This picture has too many pixels."))
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed("invalid_image", _("This is not a picture that we can read.")) from error
    upright.thumbnail((SIDE, SIDE))
    clean = Image.new("RGBA", upright.size)
    clean.paste(upright)
    output = BytesIO()
    clean.save(output, "WEBP", quality=85)
    return output.getvalue()


def keep(content: bytes) -> str:
    """Store it under a name that nobody guesses; the name."""
    return str(default_storage.save(f"pictures/{entropy.token()}.webp", ContentFile(content)))


def forget(name: str) -> None:
    """Erase it, if there is one."""
    if name:
        default_storage.delete(name)


def url(name: str) -> str | None:
    """Where it can be seen."""
    return default_storage.url(name) if name else None
