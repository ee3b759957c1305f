"""Pictures of people: what was uploaded is decoded, turned upright and encoded anew; nothing else of it is kept."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO
from itertools import islice

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageOps

from vestibule.accounts.identifiers import Malformed
from vestibule.accounts.models import Profile
from vestibule.kernel import entropy
from vestibule.kernel.errors import FieldError
from vestibule.limits.admission import PICTURE, admission

FOLDER = "pictures"
LOOKUP_BATCH = 500  # names that are looked up at once
MAX_SIDE = 512  # pixels, at most
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MAX_BYTES = 5 * 1024 * 1024
# A bomb is small on the wire and large in memory: its header is asked before anything is decoded.
MAX_PIXELS = 10_000_000
MAX_DRAFTED_PIXELS = 50_000_000  # of a baseline JPEG, which is decoded at down to an eighth of its width, row by row

log = structlog.get_logger("vestibule.accounts")


def reencode_picture(uploaded: bytes) -> bytes:
    """The picture (the first one, where it moves) as WebP, 512 pixels at most, upright, without metadata; by admission.

    Raises Malformed for what is none or has too many pixels, Unavailable.
    """
    if len(uploaded) > MAX_BYTES:
        raise Malformed(FieldError("too_large"))
    with admission.hold_slot(PICTURE):
        try:
            with Image.open(BytesIO(uploaded), formats=FORMATS) as image:
                _refuse_decompression_bombs(image)
                clean = _shrink_and_strip(image)
        except Malformed:
            raise
        except Exception as error:
            raise Malformed(FieldError("invalid_image")) from error
        output = BytesIO()
        clean.save(output, "WEBP", quality=85)
    return output.getvalue()


def _refuse_decompression_bombs(image: Image.Image) -> None:
    """By the header alone: only that was read so far. A progressive JPEG is decoded whole, and so is one that is long
    and narrow: it is asked what the draft leaves of it. Raises Malformed."""
    drafted = image.format in ("JPEG", "MPO") and "progressive" not in image.info
    written = image.width * image.height
    image.draft(None, (MAX_SIDE, MAX_SIDE))
    if written > (MAX_DRAFTED_PIXELS if drafted else MAX_PIXELS) or image.width * image.height > MAX_PIXELS:
        raise Malformed(FieldError("too_large", "too_many_pixels"))


def _shrink_and_strip(image: Image.Image) -> Image.Image:
    """A picture with nothing but pixels in it."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off at 255
        upright = upright.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    pixels = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    pixels.thumbnail((MAX_SIDE, MAX_SIDE))
    clean = Image.new(pixels.mode, pixels.size)
    clean.paste(pixels)
    return clean


def store_picture(content: bytes) -> str:
    """Store it under a name that nobody guesses; the name."""
    return str(default_storage.save(f"{FOLDER}/{entropy.random_token()}.webp", ContentFile(content)))


def delete_stored_picture(name: str) -> None:
    """Erase it, if there is one."""
    if name:
        default_storage.delete(name)


def list_orphaned_pictures(before: datetime, limit: int) -> list[str]:
    """At most so many of the stored pictures that no profile names, and that were there before that moment: what an
    interrupted upload or erasure left behind. None where the storage can't be asked."""
    try:
        names = [f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1]]
        found = (name for name in _without_profile(names) if default_storage.get_modified_time(name) < before)
        return list(islice(found, limit))
    except FileNotFoundError:  # no picture was ever kept, or one went meanwhile
        return []
    except Exception as error:  # noqa: BLE001 - whatever a storage raises: the other sweeps go on
        log.warning("pictures.unswept", error=type(error).__name__)
        return []


def delete_orphaned_pictures(before: datetime, limit: int) -> int:
    """Erase at most so many of those; how many went."""
    names = list_orphaned_pictures(before, limit)
    for name in names:
        delete_stored_picture(name)
    return len(names)


def _without_profile(names: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(names), LOOKUP_BATCH):
        some = names[start : start + LOOKUP_BATCH]
        owned = set(Profile.objects.filter(picture__in=some).values_list("picture", flat=True))
        yield from (name for name in some if name not in owned)


def picture_url(name: str) -> str | None:
    """Where it can be seen."""
    return default_storage.url(name) if name else None
