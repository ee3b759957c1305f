"""Django system checks for settings that contradict each other. Each finding has an id and a remedy."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.module_loading import import_string

from vestibule.conf import conf
from vestibule.service import brand_folder
from vestibule.service.settings import contradictions


@register(Tags.security)
def check_contradictions(**_: Any) -> list[Error]:
    """Return the contradictions that stop the start."""
    return [
        Error(each.problem, hint=each.remedy, id=f"vestibule.{each.id}")
        for each in contradictions.find_errors(settings)
    ]


@register(Tags.security)
def check_dotted_paths(**_: Any) -> list[Error]:
    """Return dotted paths that cannot be imported, so that they are found at the start and not with the first
    message."""
    found = []
    for name, path in (("EMAIL_BACKEND", settings.EMAIL_BACKEND), ("SMS_BACKEND", conf.sms_gateway)):
        try:
            if path:
                import_string(path)
        except ImportError:
            hint = "Write its full dotted path, and install what it belongs to (like `vestibule[anymail]`)."
            found.append(Error(f"{name}={path} cannot be imported.", hint=hint, id="vestibule.E024"))
    return found


@register(Tags.templates)
def check_brand_folder(**_: Any) -> list[CheckMessage]:
    """Return what in the operator's folder cannot be used, so that no person meets it, and what has no effect there."""
    hint = "docs/branding.md tells what BRAND_DIR may hold."
    problems = [Error(f"{each}.", hint=hint, id="vestibule.E046") for each in brand_folder.find_problems()]
    compile_it = "Compile it: `msgfmt django.po -o django.mo`."
    doubts = [Warning(f"{each}.", hint=compile_it, id="vestibule.W008") for each in brand_folder.find_doubts()]
    return [*problems, *doubts]


@register(Tags.security)
def check_doubtful_settings(**_: Any) -> list[Warning]:
    """Return settings that may be intended but probably are not."""
    return [
        Warning(each.problem, hint=each.remedy, id=f"vestibule.{each.id}")
        for each in contradictions.find_doubts(settings)
    ]
