"""Put uv into a folder of its own, where there is nothing but a stock python3: `python3 scripts/get_uv.py .uv`.

By pip in a virtual environment where this python can make one. Debian's cannot (no ensurepip, no pip, and nothing may
be installed beside its own packages): there the wheel is taken from the package index as pip would take it, its digest
compared, and the one program in it unpacked.
"""

import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import Request, urlopen

VERSION = "0.13.9"
INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
_JSON = "application/vnd.pypi.simple.v1+json"  # PEP 691


def by_pip(folder: Path) -> bool:
    """Whether a virtual environment could be made, and pip in it could install uv."""
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", f"uv=={VERSION}"]
    made = [sys.executable, "-m", "venv", "--clear", str(folder)]
    return all(subprocess.run(command, check=False, capture_output=True).returncode == 0 for command in (made, pip))


def by_hand(folder: Path) -> None:
    """The program out of the wheel for this machine. Raises OSError, and SystemExit where there is none."""
    with urlopen(Request(f"{INDEX}/uv/", headers={"Accept": _JSON}), timeout=60) as answer:
        files = json.load(answer)["files"]
    library = "musllinux" if list(Path("/lib").glob("ld-musl-*")) else "manylinux"
    fitting = [
        each
        for each in files
        if each["filename"].startswith(f"uv-{VERSION}-")
        and each["filename"].endswith(f"{platform.machine()}.whl")
        and library in each["filename"]
    ]
    if not fitting:
        sys.exit(f"{INDEX} has no uv {VERSION} for {platform.platform()}: install uv, and try again.")
    with urlopen(urljoin(f"{INDEX}/uv/", fitting[0]["url"]), timeout=600) as answer:
        wheel = answer.read()
    if hashlib.sha256(wheel).hexdigest() != fitting[0]["hashes"]["sha256"]:
        sys.exit(f"{fitting[0]['filename']} is not what {INDEX} says that it is.")
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        program = archive.read(f"uv-{VERSION}.data/scripts/uv")
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "bin" / "uv").write_bytes(program)
    (folder / "bin" / "uv").chmod(0o755)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    if not by_pip(where):
        by_hand(where)
