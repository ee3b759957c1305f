"""What every page of the account shows: whose it is, their picture, and the way to the administration for the staff."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse

from vestibule.accounts import pictures
from vestibule.accounts.models import User
from vestibule.flows.account import profile
from vestibule.flows.staff.permissions import ROLE_PERMISSIONS, Permission
from vestibule.kernel.client import Client
from vestibule.kernel.errors import NotFound, Refusal
from vestibule.web.pages.rendering import render_page


def render_account_page(
    request: HttpRequest, client: Client, template: str, context: dict[str, Any], refusal: Refusal | None = None
) -> HttpResponse:
    """Render a page of the account; `template` is its name without folder and ending."""
    path = f"vestibule/pages/account/{template}.html"
    return render_page(request, path, {**account_context(client), **context}, refusal)


def redirect_to_saved_profile() -> HttpResponse:
    """Redirect to the first page of the account, which says that the change is saved."""
    return HttpResponseRedirect(f"{reverse('vestibule_pages:account')}?saved", status=303)


def refuse_unknown_action(_request: HttpRequest, _client: Client) -> HttpResponse:
    """Refuse what no button of a page asks for.

    Raises:
        NotFound: always.
    """
    raise NotFound


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


def _admin_url() -> str:
    try:
        return reverse("vestibule_admin:index")
    except NoReverseMatch:  # a project that has not included it
        return ""
