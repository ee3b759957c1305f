"""Profile pictures: an upload is decoded, rotated upright and re-encoded, so that nothing but its pixels is stored."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from vestibule.accounts.models import Profile
from vestibule.kernel import entropy
from vestibule.kernel.errors import FieldError, Malformed
from vestibule.kernel.yielding_threads import make_yielding_threads
from vestibule.limits.admission import PICTURE, admission
from vestibule.storage.lazy_import import import_when_used

if TYPE_CHECKING:
    from PIL import Image, ImageOps
else:
    Image, ImageOps = import_when_used("PIL.Image"), import_when_used("PIL.ImageOps")

FOLDER = "pictures"
LOOKUP_BATCH = 500  # names in one query
MAX_SIDE = 512  # pixels, at most
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MAX_BYTES = 5 * 1024 * 1024
# A decompression bomb is small on the wire and large in memory, so the header is checked before anything is decoded.
MAX_PIXELS = 10_000_000
MAX_DRAFTED_PIXELS = 50_000_000  # of a baseline JPEG, which is decoded row by row at down to an eighth of its width

log = structlog.get_logger("vestibule.accounts")


def reencode_picture(uploaded: bytes) -> bytes:
    """Return the picture (the first frame of an animation) as WebP, at most 512 pixels wide and high, upright, without
    metadata. It is decoded under admission control, in a thread of low priority.

    Raises:
        Malformed: the upload is no picture or has too many pixels.
        Unavailable: too many pictures are being decoded.
    """
    if len(uploaded) > MAX_BYTES:
        raise Malformed(FieldError("too_large"))
    with admission.hold_slot(PICTURE):
        return _picture_thread().submit(_reencode, uploaded).result()


@cache
def _picture_thread() -> ThreadPoolExecutor:
    """Create the thread at the first picture, after the server has forked."""
    return make_yielding_threads(1, "pictures")


def _reencode(uploaded: bytes) -> bytes:
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


def _refuse_decompression_bombs(image: "Image.Image") -> None:
    """Check the size in the header, before any pixel is decoded.

    A progressive JPEG is decoded at full size. So is a long and narrow one, for which the size after `draft` is
    checked.

    Raises:
        Malformed: the picture has too many pixels.
    """
    drafted = image.format in ("JPEG", "MPO") and "progressive" not in image.info
    written = image.width * image.height
    image.draft(None, (MAX_SIDE, MAX_SIDE))
    if written > (MAX_DRAFTED_PIXELS if drafted else MAX_PIXELS) or image.width * image.height > MAX_PIXELS:
        raise Malformed(FieldError("too_large", "too_many_pixels"))


def _shrink_and_strip(image: "Image.Image") -> "Image.Image":
    """Return the pixels alone, upright and scaled down."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off at 255
        upright = upright.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    pixels = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    pixels.thumbnail((MAX_SIDE, MAX_SIDE))
    clean = Image.new(pixels.mode, pixels.size)
    clean.paste(pixels)
    return clean


def store_picture(content: bytes) -> str:
    """Store the picture under a random name and return the name."""
    return str(default_storage.save(f"{FOLDER}/{entropy.random_token()}.webp", ContentFile(content)))


def delete_stored_picture(name: str) -> None:
    """Delete the file, if a name is given."""
    if name:
        default_storage.delete(name)


def list_orphaned_pictures(before: datetime, limit: int) -> list[str]:
    """Return at most `limit` stored pictures that no profile names and that are older than `before`. An interrupted
    upload or erasure leaves them behind. Return none if the storage cannot be reached."""
    try:
        names = [f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1]]
        found = (name for name in _without_profile(names) if default_storage.get_modified_time(name) < before)
        return list(islice(found, limit))
    except FileNotFoundError:  # no picture was ever stored, or one was deleted meanwhile
        return []
    except Exception as error:  # noqa: BLE001 - any storage may be configured, and the other sweeps must go on
        log.warning("pictures.unswept", error=type(error).__name__)
        return []


def delete_orphaned_pictures(before: datetime, limit: int) -> int:
    """Delete at most `limit` of those pictures, and return how many."""
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
    """Return the URL of the picture, or None."""
    return default_storage.url(name) if name else None
