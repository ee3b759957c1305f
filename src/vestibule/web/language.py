"""The language of a request, chosen once before anything else."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language_from_request, get_supported_language_variant

from vestibule.web.routes import expects_json

MAX_UI_LOCALES = 10  # tags of `ui_locales` that are read


def choose_language(request: HttpRequest) -> str:
    """Return one of LANGUAGES: on a page that of the cookie, else the first supported one of `ui_locales` (OpenID
    Connect Core 1.0, 3.1.2.1), else the best of Accept-Language (RFC 9110, 12.5.4), else LANGUAGE_CODE.

    The API reads only Accept-Language, so that a cookie of the pages has no effect there.
    """
    if expects_json(request):
        stated = HttpRequest()  # without cookies, which get_language_from_request would prefer
        stated.META["HTTP_ACCEPT_LANGUAGE"] = request.headers.get("Accept-Language", "")
        return get_language_from_request(stated)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        for tag in request.GET.get("ui_locales", "").split()[:MAX_UI_LOCALES]:
            try:
                return get_supported_language_variant(tag)
            except LookupError:
                continue
    return get_language_from_request(request)
