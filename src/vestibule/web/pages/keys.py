"""`/account/keys/`: the API keys of the signed-in person."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vestibule.applications.api_keys import DEFAULT_LIFE, LONGEST_NAME, key_scopes
from vestibule.applications.scopes import split_scope
from vestibule.flows.account import api_keys
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid, NotFound, Refusal
from vestibule.web.pages.account_page import answer_form, render_account_page
from vestibule.web.pages.rendering import field_context, posted_id
from vestibule.web.pages.session_cookie import signed_in_only
from vestibule.web.scope_words import describe_scopes

_LIVES = (7, 30, DEFAULT_LIFE.days, 365)  # days that the page offers


@signed_in_only
def manage_keys(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/keys/`: list them, make one, remove one. A new key is shown once."""
    return answer_form(request, client, _change_keys, partial(_keys_page, request, client))


def _change_keys(request: HttpRequest, client: Client) -> HttpResponse:
    act = request.POST.get("act", "")
    if act == "remove":
        api_keys.remove_key(client=client, id=posted_id(request))
        return HttpResponseRedirect(f"{reverse('vestibule_pages:keys')}?removed", status=303)
    if act != "create":
        raise NotFound
    made = api_keys.create_key(
        client=client,
        name=request.POST.get("name", ""),
        scopes=request.POST.getlist("scope"),
        lives_for=_posted_life(request),
    )
    context = {"tab": "security", "row": made.row, "key": made.key}
    return render_account_page(request, client, "key_new", context)


def _keys_page(request: HttpRequest, client: Client, refusal: Refusal | None) -> HttpResponse:
    typed = {"name": request.POST.get("name", ""), "days": request.POST.get("days", str(DEFAULT_LIFE.days))}
    chosen = request.POST.getlist("scope")
    listed = api_keys.list_own_keys(client=client)
    context: dict[str, Any] = {
        "tab": "security",
        "removed": "removed" in request.GET,
        "keys": [(each, describe_scopes(split_scope(each.scope))) for each in listed],
        "name": field_context("name", typed, refusal, ["name"]),
        "longest": LONGEST_NAME,
        "scopes": [(each, describe_scopes([each])[0], each in chosen) for each in key_scopes()],
        "lives": [(days, str(days) == typed["days"]) for days in _LIVES],
    }
    return render_account_page(request, client, "keys", context, refusal)


def _posted_life(request: HttpRequest) -> timedelta:
    lives = {str(days): timedelta(days=days) for days in _LIVES}
    if (life := lives.get(request.POST.get("days", ""))) is None:
        raise Invalid({"days": [FieldError("invalid_choice", params={"choices": ", ".join(lives)})]})
    return life
