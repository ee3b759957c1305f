"""Who may enter the admin: the pages' own session, looked up at each request, and the role that the database holds."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from vestibule.accounts.models import User
from vestibule.flows import staff
from vestibule.flows.staff import Thing
from vestibule.kernel.client import Client
from vestibule.kernel.errors import NotAllowed, Refusal, StepUpRequired, Unauthenticated
from vestibule.skins.page_session import admit_page
from vestibule.skins.problems import PROBLEMS, row, waiting

View = Callable[..., HttpResponseBase]


class Visit(HttpRequest):
    """A request of the staff: what the gate adds to it."""

    client: Client
    user: User


def staff_only(view: View) -> View:
    """A view for admins and managers. Nobody signed in: to the sign-in, and back. Signed in, and none of the staff:
    there is nothing here. An old sign-in: the password once more, and back."""

    @wraps(view)
    def guarded(request: Visit, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            request.client = admit_page(request)
            request.user = staff.enter(client=request.client)
            return view(request, *args, **kwargs)
        except StepUpRequired:
            return _elsewhere("/account/confirm/", request)
        except Unauthenticated:
            return _elsewhere("/login/", request)
        except NotAllowed as refusal:
            raise Http404 from refusal
        except Refusal as refusal:
            return _refused(request, refusal)

    return guarded


def may(request: HttpRequest, thing: Thing) -> bool:
    """Whether whoever passed the gate may do this."""
    user = getattr(request, "user", None)
    return user is not None and thing in staff.MAY[user.role]


def recently(request: Visit) -> None:
    """What changes something is not even asked for with an old sign-in. Raises StepUpRequired."""
    if not staff.recent(request.client, settings.STEP_UP):
        raise StepUpRequired


def _elsewhere(path: str, request: HttpRequest) -> HttpResponse:
    back = request.get_full_path() if request.method in ("GET", "HEAD") else request.path
    return HttpResponseRedirect(f"{path}?{urlencode({'next': back})}", status=303)


def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    problem = PROBLEMS[row(refusal)]
    response = render(request, "pages/failure.html", {"problem": problem}, status=problem.status)
    for name, value in waiting(refusal).items():
        response[name] = value
    return response
