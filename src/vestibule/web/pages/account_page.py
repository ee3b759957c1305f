"""What every page of the account shows (whose it is, their picture, the way to the administration for the staff), and
how its form is answered."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse

from vestibule.accounts import pictures
from vestibule.accounts.models import User
from vestibule.flows import step_up
from vestibule.flows.account import profile
from vestibule.flows.staff.permissions import ROLE_PERMISSIONS, Permission
from vestibule.kernel.client import Client
from vestibule.kernel.errors import NotFound, Refusal, StepUpRequired
from vestibule.web.pages.rendering import render_page
from vestibule.web.pages.step_up import step_up_page

Act = Callable[[HttpRequest, Client], HttpResponse]


def answer_form(
    request: HttpRequest,
    client: Client,
    act: Act,
    show_page: Callable[[Refusal | None], HttpResponse],
    *,
    is_guarded: bool = False,
) -> HttpResponse:
    """Do what the form of a page asks for. Before that, and when it is refused, show the page; what wants a recent
    sign-in asks for it and leads back. A page that `is_guarded` asks for it before anything is typed."""
    refusal = None
    try:
        if request.method == "POST":
            return act(request, client)
        if is_guarded:
            step_up.require_recent_sign_in(client)
    except StepUpRequired:
        return step_up_page(request, client, request.path)
    except Refusal as refused:
        refusal = refused
    return show_page(refusal)


def render_account_page(
    request: HttpRequest, client: Client, template: str, context: dict[str, Any], refusal: Refusal | None = None
) -> HttpResponse:
    """Render a page of the account; `template` is its name without folder and ending."""
    path = f"vestibule/pages/account/{template}.html"
    return render_page(request, path, {**account_context(client), **context}, refusal)


def redirect_to_saved_profile() -> HttpResponse:
    """Redirect to the first page of the account, which says that the change is saved."""
    return HttpResponseRedirect(f"{reverse('vestibule_pages:account')}?saved", status=303)


def find_action(request: HttpRequest, actions: Mapping[str, Act]) -> Act:
    """Return what the button asks for; what no button asks for is refused with NotFound when it is done."""
    return actions.get(request.POST.get("act", ""), _refuse_unknown_action)


def account_context(client: Client) -> dict[str, Any]:
    """Return what the frame of the account's pages needs."""
    person = profile.show_profile(client=client)
    return {
        "person": person,
        "picture": pictures.picture_url(person.profile.picture),
        "initials": find_initials(person),
        "admin_url": _admin_url() if Permission.LOOK in ROLE_PERMISSIONS[person.role] else "",
    }


def find_initials(person: User) -> str:
    """Return one or two letters that stand for a person without a picture: of the first and the last of their names,
    else of the username or the email address. A number has none."""
    words = person.full_name.split() or [person.username or person.email or ""]
    letters = [word[:1].upper()[:1] for word in words if word[:1].isalpha()]
    return "".join([*letters[:1], *letters[1:][-1:]])


def _refuse_unknown_action(_request: HttpRequest, _client: Client) -> HttpResponse:
    raise NotFound


def _admin_url() -> str:
    try:
        return reverse("vestibule_admin:index")
    except NoReverseMatch:  # a project that has not included it
        return ""
