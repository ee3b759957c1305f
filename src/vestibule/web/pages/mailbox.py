"""`/dev/mailbox/`: every mail and SMS, for a person at this machine, while no transport is configured. Otherwise these
paths do not exist."""

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Concatenate, ParamSpec

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from vestibule.conf import conf
from vestibule.courier.transports import mailbox
from vestibule.courier.transports.mailbox import MailboxMessage
from vestibule.web.operators import is_from_this_machine
from vestibule.web.templating import render

P = ParamSpec("P")
# As a mail program shows HTML: with its own styles and the operator's logo, without scripts and other requests.
as_mail_program = csp(
    {
        "default-src": [NONE],
        "style-src": [UNSAFE_INLINE],
        "img-src": [SELF, "https:"],
        "frame-ancestors": [NONE],
        "sandbox": ["allow-same-origin"],  # our own static files are for our own pages; no script runs
    }
)


def only_without_transport(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Make a view that exists only for a person at this machine, while no transport is configured."""

    @wraps(view)
    def view_on_this_machine(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not conf.mailbox or not is_from_this_machine(request.META):
            raise Http404
        return view(request, *args, **kwargs)

    return view_on_this_machine


@only_without_transport
@require_safe
def list_letters(request: HttpRequest) -> HttpResponse:
    """List all messages, newest first; `?to=` for one address, JSON for clients that accept it."""
    to = request.GET.get("to", "").strip()
    if to[:1].isdigit():
        to = f"+{to}"  # a query string turns the plus sign into a blank
    letters = mailbox.list_messages(to)
    if _wants_json(request):
        return JsonResponse({"messages": [_letter_json(letter) for letter in letters]})
    return render(request, "vestibule/pages/mailbox.html", {"letters": letters, "to": to})


@only_without_transport
@require_safe
def show_letter(request: HttpRequest, id: str) -> HttpResponse:
    """Show one message: its text and headers."""
    letter = _letter_or_404(id)
    if _wants_json(request):
        return JsonResponse(_letter_json(letter))
    return render(request, "vestibule/pages/letter.html", {"letter": letter})


@only_without_transport
@require_safe
@as_mail_program  # type: ignore[arg-type]  # its types allow no path argument
def show_letter_html(request: HttpRequest, id: str) -> HttpResponse:
    """Show the HTML of one mail as a mail program would."""
    return HttpResponse(_letter_or_404(id).html)


def _letter_or_404(id: str) -> MailboxMessage:
    letter = mailbox.find_message(id)
    if letter is None:
        raise Http404
    return letter


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _letter_json(letter: MailboxMessage) -> dict[str, object]:
    fields = asdict(letter)
    return {**fields, "from": fields.pop("sender"), "sent_at": letter.sent_at.isoformat().replace("+00:00", "Z")}
