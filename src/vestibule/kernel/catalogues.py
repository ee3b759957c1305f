"""Which languages a folder of catalogues holds (GNU gettext)."""

from pathlib import Path

ENGLISH = "en"  # the language of the source, which needs no catalogue


def list_languages(folder: Path) -> set[str]:
    """Return the languages that have a compiled catalogue in this folder, as Django names them, and English."""
    found = folder.glob("*/LC_MESSAGES/django.mo")
    return {ENGLISH, *(path.parts[-3].replace("_", "-").lower() for path in found)}
