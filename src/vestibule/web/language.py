"""The language of a request: chosen before anything else is done, and again once its person is known."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import get_language_from_request, get_supported_language_variant

from vestibule import accounts
from vestibule.conf import conf
from vestibule.kernel.catalogues import ENGLISH, list_languages
from vestibule.web.cookies import BROWSER_KEPT_FOR, delete_cookie, set_cookie
from vestibule.web.routes import expects_json, is_admin

MAX_UI_LOCALES = 10  # tags of `ui_locales` that are read
_CATALOGUES = Path(accounts.__file__).parent / "locale"
# What reads the cookie of the picker: without one of them it would have no effect.
_READERS = {"vestibule.web.middleware.speak_language", "django.middleware.locale.LocaleMiddleware"}


def choose_language(request: HttpRequest) -> str:
    """Return one of LANGUAGES: on a page what the browser states (`stated_language`), else the best of Accept-Language
    (RFC 9110, 12.5.4), else LANGUAGE_CODE. The admin is in English.

    The API reads only Accept-Language, so that a cookie of the pages has no effect there.
    """
    if is_admin(request):
        return ENGLISH
    return (None if expects_json(request) else stated_language(request)) or _accepted_language(request)


def stated_language(request: HttpRequest) -> str | None:
    """Return the language that was picked in this browser, else the first supported one of `ui_locales` (OpenID Connect
    Core 1.0, 3.1.2.1), which an application says at the beginning of a visit."""
    picked = find_language(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))
    asked = request.GET.get("ui_locales", "") or request.COOKIES.get(conf.visit_language_cookie_name, "")
    return picked or find_language(asked)


def find_language(tags: str) -> str | None:
    """Return the first of these language tags (RFC 5646, with spaces between) that LANGUAGES has, as it is there; a
    region may be one of another: `de-AT` is `de`."""
    for tag in tags.split()[:MAX_UI_LOCALES]:
        try:
            return get_supported_language_variant(tag)
        except LookupError:
            continue
    return None


def speak_own_language(request: HttpRequest, own: str) -> None:
    """Answer in the language of the account from here on, unless the browser states another. The account is known only
    after the language was first chosen. In a project whose middleware chooses, its choice stays."""
    is_ours = getattr(request, "_speaks_own_language", False)
    if is_ours and not stated_language(request) and (language := find_language(own)):
        translation.activate(language)


def remember_visit_language(request: HttpRequest, response: HttpResponse, ui_locales: str) -> HttpResponse:
    """Keep the language that an application asks for, until the visit ends; "" ends it. What a person picked in this
    browser is another cookie, and counts more."""
    if language := find_language(ui_locales):
        set_cookie(response, conf.visit_language_cookie_name, language, BROWSER_KEPT_FOR)
    elif conf.visit_language_cookie_name in request.COOKIES:
        delete_cookie(response, conf.visit_language_cookie_name)
    return response


def offered_languages() -> Mapping[str, str]:
    """Return the languages that a person may pick, with their own names: those of LANGUAGES that have a catalogue of
    ours, or one in LOCALE_PATHS. There is none where nothing would read the choice."""
    if _READERS.isdisjoint(settings.MIDDLEWARE):
        return {}
    return _find_offered(tuple(settings.LANGUAGES), tuple(settings.LOCALE_PATHS))


@cache
def _find_offered(languages: tuple[tuple[str, str], ...], folders: tuple[str, ...]) -> Mapping[str, str]:
    known = {each for folder in (str(_CATALOGUES), *folders) for each in list_languages(Path(folder))}
    offered = [(code, LANG_INFO.get(code, {}).get("name_local", name)) for code, name in languages if code in known]
    return {code: capfirst(name) for code, name in offered}


def _accepted_language(request: HttpRequest) -> str:
    stated = SimpleNamespace(META=request.META, COOKIES={})  # it would prefer those of the request
    return get_language_from_request(stated)  # type: ignore[arg-type]  # all that it reads
