"""Which build of Argon2 runs: the wheel's, for any machine, or one built here for this one."""

from importlib.metadata import PackageNotFoundError, distribution

# `make install` leaves it beside the metadata of what it built: the compiler's flags
BUILD_MARK_FILE = "vestibule-build.txt"


def describe_build() -> str:
    """In words for the doctor."""
    try:
        flags = distribution("argon2-cffi-bindings").read_text(BUILD_MARK_FILE)
    except PackageNotFoundError:
        flags = None
    return f"built here ({flags.strip()})" if flags else "wheel build"
