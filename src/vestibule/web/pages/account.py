"""`/account/…`: what a person tells about themselves, a row with a page of its own for each; and a copy of all data."""

from functools import partial

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.utils.encoders import JSONEncoder

from vestibule.accounts.fields import PERSONAL_FIELDS, Holder, PersonalField
from vestibule.flows import step_up
from vestibule.flows.account import personal_data, profile
from vestibule.kernel.client import Client
from vestibule.kernel.errors import NotFound, Refusal, StepUpRequired
from vestibule.sessions.models import MULTI_FACTOR
from vestibule.web.language import offered_languages
from vestibule.web.pages.account_page import answer_form, redirect_to_saved_profile, render_account_page
from vestibule.web.pages.rendering import personal_field_contexts
from vestibule.web.pages.session_cookie import signed_in_only

SHOWN_FIELDS = [row for row in PERSONAL_FIELDS if row.editable and not row.is_address]
_GUARDED = ("username",)  # `profile.change_profile` wants a recent sign-in


@signed_in_only
def edit_profile(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/`: what the person tells about themselves. A form with all of it is taken, too."""
    if request.method == "POST":
        return _change_fields(request, client, SHOWN_FIELDS)
    user = profile.show_profile(client=client)
    context = {
        "tab": "profile",
        "rows": [(row, user.read_field(row)) for row in SHOWN_FIELDS],
        "own_language": offered_languages().get(user.language, ""),
        "saved": "saved" in request.GET,
        "passkey_upgrade": _may_upgrade(client),
    }
    return render_account_page(request, client, "profile", context)


@signed_in_only
def change_field(request: HttpRequest, client: Client, field: str) -> HttpResponse:
    """`/account/profile/<field>/`: change one of these fields. What wants a recent sign-in asks for it before anything
    is typed."""
    rows = [row for row in SHOWN_FIELDS if row.name == field]
    if not rows:
        raise NotFound
    return _change_fields(request, client, rows, is_guarded=field in _GUARDED)


@signed_in_only
def change_picture(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/picture/`: replace or remove the picture."""
    show_page = partial(render_account_page, request, client, "picture", {"tab": "profile"})
    return answer_form(request, client, _save_picture, show_page)


@signed_in_only
def export_data(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/export/`: all data that is kept about the person, as the API has it."""
    show_page = partial(render_account_page, request, client, "export", {"tab": "security"})
    return answer_form(request, client, _download_data, show_page, is_guarded=True)


def _change_fields(
    request: HttpRequest, client: Client, rows: list[PersonalField], *, is_guarded: bool = False
) -> HttpResponse:
    show_page = partial(_fields_page, request, client, rows)
    return answer_form(request, client, partial(_save_fields, rows=rows), show_page, is_guarded=is_guarded)


def _save_fields(request: HttpRequest, client: Client, rows: list[PersonalField]) -> HttpResponse:
    typed = {**_posted_fields(request, rows, Holder.USER), "profile": _posted_fields(request, rows, Holder.PROFILE)}
    profile.change_profile(client=client, typed=typed)
    return redirect_to_saved_profile()


def _save_picture(request: HttpRequest, client: Client) -> HttpResponse:
    if uploaded := request.FILES.get("picture"):
        profile.set_picture(client=client, uploaded=uploaded.read())
    else:
        profile.remove_picture(client=client)
    return redirect_to_saved_profile()


def _download_data(_request: HttpRequest, client: Client) -> HttpResponse:
    body = personal_data.export_personal_data(client=client)
    disposition = {"Content-Disposition": 'attachment; filename="account.json"'}
    return JsonResponse(body, encoder=JSONEncoder, headers=disposition, json_dumps_params={"indent": 2})


def _posted_fields(request: HttpRequest, rows: list[PersonalField], holder: Holder) -> dict[str, str]:
    return {row.name: request.POST.get(row.name, "") for row in rows if row.holder is holder}


def _fields_page(
    request: HttpRequest, client: Client, rows: list[PersonalField], refusal: Refusal | None
) -> HttpResponse:
    """The form of these fields: as they were typed, else as they are."""
    user = profile.show_profile(client=client)
    values = {row.name: str(request.POST.get(row.name, user.read_field(row))) for row in rows}
    context = {
        "tab": "profile",
        "alone": rows[0] if len(rows) == 1 else None,
        "action": request.path,
        "fields": personal_field_contexts(rows, values, refusal, list(values)),
    }
    return render_account_page(request, client, "profile_field", context, refusal)


def _may_upgrade(client: Client) -> bool:
    """Return whether the browser may make a passkey by itself: right after a sign-in by password and second factor
    (docs/decisions/0115)."""
    try:
        step_up.require_recent_sign_in(client)
    except StepUpRequired:
        return False
    return "pwd" in client.amr and MULTI_FACTOR in client.amr
