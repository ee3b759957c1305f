"""Access to the admin: the pages' own session, looked up at each request, and the role that the database holds."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from vestibule.accounts.models import User
from vestibule.flows.staff import permissions
from vestibule.flows.staff.permissions import Permission
from vestibule.kernel.client import Client
from vestibule.kernel.errors import EnrolmentRequired, NotAllowed, Refusal, StepUpRequired, Unauthenticated
from vestibule.web import error_responses
from vestibule.web.page_session import admit_page

View = Callable[..., HttpResponseBase]


class StaffRequest(HttpRequest):
    """A request of the staff, with what `staff_only` adds to it."""

    client: Client
    user: User


def staff_only(view: View) -> View:
    """Make a view for admins and managers.

    A client that is not signed in is redirected to the sign-in and back; one with an old sign-in to the password and
    back; one that has to set up a second factor first is redirected there. A signed-in client without a role gets a
    404.
    """

    @wraps(view)
    def view_for_staff(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            request.client = admit_page(request)
            request.user = permissions.enter_admin(client=request.client)
            return view(request, *args, **kwargs)
        except EnrolmentRequired:
            return HttpResponseRedirect(reverse("vestibule_pages:security"), status=303)
        except StepUpRequired:
            return _redirect_and_return("vestibule_pages:confirm_identity", request)
        except Unauthenticated:
            return _redirect_and_return("vestibule_pages:login", request)
        except NotAllowed as refusal:
            raise Http404 from refusal
        except Refusal as refusal:
            return error_responses.render_refusal(request, refusal)

    return view_for_staff


def is_permitted(request: HttpRequest, permission: Permission) -> bool:
    """Return whether the member of staff of this request has the permission."""
    user = getattr(request, "user", None)
    return user is not None and permission in permissions.ROLE_PERMISSIONS[user.role]


def may_look_at_applications(request: HttpRequest) -> bool:
    """Return whether the menu shows the applications."""
    return is_permitted(request, Permission.LOOK_AT_APPLICATIONS)


def _redirect_and_return(page: str, request: HttpRequest) -> HttpResponse:
    back = request.get_full_path() if request.method in ("GET", "HEAD") else request.path
    return HttpResponseRedirect(f"{reverse(page)}?{urlencode({'next': back})}", status=303)
