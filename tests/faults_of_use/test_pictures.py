"""Pictures that people really have, and those that are made to hurt (FAULTS 19, HOL-08)."""

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.pictures import picture
from vestibule.accounts import pictures
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Malformed
from vestibule.limits.admission import admission


@pytest.fixture(autouse=True, scope="module")
def visit() -> Iterator[None]:
    """Whoever uploads them."""
    with admission.attribute_work_to(Client.for_system("test", timezone.now())):
        yield


def saved(image: Image.Image, format: str, **more: object) -> bytes:
    output = BytesIO()
    image.save(output, format, **more)
    return output.getvalue()


def read(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(pictures.reencode_picture(content)))
    image.load()
    return image


def png(width: int, height: int, depth: int = 8, kind: int = 0) -> bytes:
    """A PNG that says so in its header, and holds next to nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


HALVES = Image.new("L", (64, 64), 40)
HALVES.paste(200, (32, 0, 64, 64))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_fault_19_every_kind_of_pixel_is_shown_as_it_is(format: str, mode: str) -> None:
    deep = Image.frombytes("I;16", HALVES.size, b"".join(struct.pack("<H", each * 257) for each in HALVES.tobytes()))
    image = deep if mode == "I;16" else HALVES.convert("RGB").convert(mode)
    if mode == "I;16" and format != "PNG":
        pytest.skip("16 bits are a PNG's")
    try:
        content = saved(image, format)
    except (OSError, ValueError):
        pytest.skip(f"there is no {format} of {mode}")
    shown = read(content).convert("L")
    dark, light = shown.getpixel((8, 32)), shown.getpixel((56, 32))
    assert isinstance(dark, int)
    assert isinstance(light, int)
    expected = (0, 255) if mode == "1" and format != "JPEG" else (40, 200)
    if mode != "1":
        assert abs(dark - expected[0]) <= 12
        assert abs(light - expected[1]) <= 12
    assert dark < light or mode == "1"


def test_fault_19_what_is_seen_through_stays_so() -> None:
    shown = read(saved(Image.new("RGBA", (8, 8), (255, 0, 0, 0)), "PNG"))
    assert shown.mode == "RGBA"
    assert shown.getpixel((4, 4))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("format", ["GIF", "WEBP"])
def test_fault_19_of_what_moves_the_first_picture_is_kept(format: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
    shown = read(saved(frames[0], format, save_all=True, append_images=frames[1:]))
    assert getattr(shown, "n_frames", 1) == 1
    red, green, _ = shown.convert("RGB").getpixel((16, 16))  # type: ignore[misc]
    assert red > 200
    assert green < 60


@pytest.mark.parametrize("turned", range(1, 9))
def test_fault_19_what_was_held_upright_is_upright(turned: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turned
    shown = read(picture("JPEG", (1200, 800), exif=exif.tobytes()))
    assert shown.size == ((512, 341) if turned < 5 else (341, 512))


def test_fault_19_a_photo_of_a_good_camera_is_taken() -> None:
    shown = read(picture("JPEG", (8000, 6000)))  # 48 megapixels
    assert shown.size == (512, 384)


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: saved(Image.new("1", (6300, 6300)), "PNG"), id="one bit, 4.9 kB"),
        pytest.param(lambda: png(3163, 3162), id="just over"),
        pytest.param(lambda: png(65_000, 65_000), id="more than Pillow takes"),
        pytest.param(lambda: png(12_000, 12_000), id="as much as Pillow warns of"),
        pytest.param(lambda: saved(Image.new("P", (4000, 4000)), "GIF"), id="GIF"),
        pytest.param(lambda: saved(Image.new("RGB", (4000, 4000)), "WEBP"), id="WebP"),
        pytest.param(lambda: picture("JPEG", (4000, 4000), progressive=True), id="a JPEG that is decoded whole"),
        pytest.param(lambda: picture("JPEG", (8000, 6300)), id="a JPEG of more than 50 megapixels"),
        pytest.param(lambda: picture("JPEG", (48_000, 1000)), id="a JPEG that is too narrow to be decoded smaller"),
        pytest.param(lambda: saved(Image.new("RGB", (8, 8)), "TIFF"), id="TIFF"),
        pytest.param(lambda: saved(Image.new("RGB", (8, 8)), "BMP"), id="BMP"),
        pytest.param(lambda: saved(Image.new("RGBA", (16, 16)), "ICO"), id="ICO"),
        pytest.param(lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", id="EPS"),
        pytest.param(lambda: b"\0" * (pictures.MAX_BYTES + 1), id="more than 5 MB"),
    ],
)
def test_hol_08_what_would_cost_too_much_is_refused_by_its_header(
    made: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = made()
    monkeypatch.setattr(pictures, "_shrink_and_strip", lambda image: pytest.fail("decoded"))
    with pytest.raises(Malformed) as refused:
        pictures.reencode_picture(content)
    assert refused.value.error.code in ("too_large", "invalid_image")


CHANGES = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=5)
WHOLE = [picture(format, (40, 30)) for format in ("JPEG", "PNG", "WEBP", "GIF")]


@settings(max_examples=300)
@given(
    st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=5), st.integers()
)
def test_hol_08_a_broken_picture_is_a_word_to_whoever_sent_it(
    whole: bytes, changed: list[tuple[int, int]], end: int
) -> None:
    content = bytearray(whole)
    for place, value in changed:
        content[place % len(content)] = value
    with suppress(Malformed):
        pictures.reencode_picture(bytes(content[: abs(end) % (2 * len(content)) or None]))


def test_hol_08_the_largest_pictures_that_are_taken_cost_a_bounded_memory(tmp_path: Path) -> None:
    """One after the other in a process of its own: the most that it had, beside what it has anyway."""
    square, frames = (3162, 3162), [Image.new("RGBA", (3162, 3162), (shade, 0, 0, 128)) for shade in (1, 2)]
    largest = {
        "bits.png": saved(Image.new("1", square), "PNG"),
        "whole.png": saved(frames[0], "PNG"),
        "deep.png": saved(Image.new("I;16", square), "PNG"),
        "moving.webp": saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True),
        "moving.gif": saved(frames[0].convert("P"), "GIF", save_all=True, append_images=[frames[1].convert("P")]),
        "progressive.jpeg": picture("JPEG", square, progressive=True),
        "phone.jpeg": picture("JPEG", (8000, 6000)),
    }
    for name, content in largest.items():
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-m", "tests.faults_of_use.decoded", *(str(tmp_path / name) for name in largest)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 0 < int(told.stdout) < 250
