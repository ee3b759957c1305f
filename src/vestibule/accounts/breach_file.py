"""A list of breached passwords as a sorted file: one SHA-1 digest a line (as haveibeenpwned-downloader writes it)."""

from mmap import ACCESS_READ, mmap
from pathlib import Path

_DIGEST_LENGTH = 40  # hexadecimal digits of a SHA-1
_MAX_LINE_LENGTH = 64  # bytes at most: the digest, a colon, how often it was seen, the end of the line


def contains_digest(path: Path, digest: str) -> bool:
    """Return whether the file contains this digest (upper case), by binary search: some forty reads for any length.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        if not path.stat().st_size:
            return False
        with mmap(file.fileno(), 0, access=ACCESS_READ) as lines:
            return _binary_search(lines, digest.encode())


def _binary_search(lines: mmap, wanted: bytes) -> bool:
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        start = lines.rfind(b"\n", max(low, middle - _MAX_LINE_LENGTH), middle) + 1 or low
        seen = lines[start : start + _DIGEST_LENGTH].upper()
        if seen == wanted:
            return True
        if seen < wanted:
            low = lines.find(b"\n", middle, middle + _MAX_LINE_LENGTH) + 1 or high
        else:
            high = start
    return False
