"""APPLICATIONS_FILE: the applications that the operator declares, read from there."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register

from vestibule.applications.declarations import Declaration, parse_declarations
from vestibule.kernel.errors import Invalid
from vestibule.web.field_messages import describe_fields


class UnreadableFile(Exception):
    """The file cannot be read, is no TOML, or declares what cannot be; the text says what is wrong."""


def read_applications_file() -> list[Declaration]:
    """Return what the file declares; nothing without a file.

    Raises:
        UnreadableFile: it cannot be understood.
    """
    if settings.APPLICATIONS_FILE is None:
        return []
    try:
        return parse_declarations(settings.APPLICATIONS_FILE.read_text("utf-8-sig"))
    except Invalid as invalid:
        raise UnreadableFile(describe_fields(invalid)) from invalid
    except (OSError, ValueError, RecursionError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise UnreadableFile(str(error)) from error


@register(Tags.security)
def check_applications_file(**_: Any) -> list[Error]:
    """Return what the file declares and cannot be, which stops the start."""
    try:
        read_applications_file()
    except UnreadableFile as unreadable:
        problem = f"APPLICATIONS_FILE={settings.APPLICATIONS_FILE} cannot be understood. {unreadable}"
        return [Error(problem, hint="docs/applications.md says what it holds.", id="vestibule.E042")]
    return []
