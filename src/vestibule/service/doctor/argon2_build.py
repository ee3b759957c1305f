"""The build of Argon2 in use: that of the wheel, which runs on any CPU, or one compiled for this machine, which takes
about half the time for a hash."""

from importlib.metadata import PackageNotFoundError, distribution

# `make install` writes the compiler's flags into this file of the package that it builds.
BUILD_MARK_FILE = "vestibule-build.txt"


def describe_build() -> str:
    """Return the build in words."""
    try:
        flags = distribution("argon2-cffi-bindings").read_text(BUILD_MARK_FILE)
    except PackageNotFoundError:
        flags = None
    return f"built here ({flags.strip()})" if flags else "wheel build"
