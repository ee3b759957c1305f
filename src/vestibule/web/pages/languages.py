"""The picker at the foot of every page, and the language of an account."""

from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from vestibule.flows.account import profile
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Refusal
from vestibule.web.destination import is_own_path
from vestibule.web.language import offered_languages
from vestibule.web.pages.account_page import answer_form, redirect_to_saved_profile, render_account_page
from vestibule.web.pages.session_cookie import signed_in_only

FIELD, PAGE = "language", "page"
_SHOWN_BY_POST = {"social", "passkey_options", "language"}  # pages that a GET does not show again


@require_POST
def pick_language(request: HttpRequest) -> HttpResponse:
    """`/language/`: keep the language in this browser, and show the page again on which it was picked."""
    language = request.POST.get(FIELD, "")
    if language not in offered_languages():
        raise Http404
    return _keep_language(HttpResponseRedirect(_read_page(request), status=303), language)


@signed_in_only
def change_own_language(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/language/`: the language of the account, which its messages are in, and the pages of this browser from
    now on."""
    return answer_form(request, client, _save_language, partial(_language_page, request, client))


def _save_language(request: HttpRequest, client: Client) -> HttpResponse:
    language = request.POST.get(FIELD, "")
    profile.change_language(client=client, language=language)
    return _keep_language(redirect_to_saved_profile(), language)


def _language_page(request: HttpRequest, client: Client, refusal: Refusal | None) -> HttpResponse:
    own = profile.show_profile(client=client).language
    context = {"tab": "profile", "own": own if own in offered_languages() else get_language()}
    return render_account_page(request, client, "language", context, refusal)


def _read_page(request: HttpRequest) -> str:
    """Return the path of ours, with its query, that the form names; else that of the first page. No other is followed
    (CWE-601)."""
    path = request.POST.get(PAGE, "")
    try:
        match = resolve(urlsplit(path).path) if is_own_path(path) else None
    except Resolver404:
        match = None
    is_page = match is not None and "vestibule_pages" in match.namespaces and match.url_name not in _SHOWN_BY_POST
    return path if is_page else reverse("vestibule_pages:home")


def _keep_language(response: HttpResponse, language: str) -> HttpResponse:
    """Set the cookie that Django, and `web.language`, read it from."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=timedelta(seconds=settings.LANGUAGE_COOKIE_AGE) if settings.LANGUAGE_COOKIE_AGE else None,
        path=settings.LANGUAGE_COOKIE_PATH,
        domain=settings.LANGUAGE_COOKIE_DOMAIN,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,  # type: ignore[arg-type]  # Django checks it
    )
    return response
