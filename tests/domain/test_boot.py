"""A server that begins anew, once, so that the C library gets its hashes huge pages."""

import os
import subprocess
import sys

import pytest

BEGIN = """
import os, sys
from vestibule.service.boot import restart_with_huge_pages
print("began", flush=True)
restart_with_huge_pages()
print(os.environ.get("GLIBC_TUNABLES"), sys.argv[1:])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="another C library")
@pytest.mark.parametrize(
    ("given", "began", "told"),
    [(None, 2, "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1"), ("glibc.malloc.check=0", 1, "glibc.malloc.check=0")],
)
def test_it_begins_anew_once_with_the_same_arguments(given: str | None, began: int, told: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    environment |= {"GLIBC_TUNABLES": given} if given else {}
    argv = [sys.executable, "-c", BEGIN, "serve", "--port", "80 80"]
    said = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said == [*["began"] * began, f"{told} ['serve', '--port', '80 80']"]
