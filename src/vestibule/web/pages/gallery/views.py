"""The views of the gallery: the index, one state of a page, one message."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe

from vestibule.courier.message_kind import MessageKind
from vestibule.courier.messages import KINDS
from vestibule.courier.rendering import render_mail, render_sms
from vestibule.web.pages.gallery.messages import message_params
from vestibule.web.pages.gallery.registry import GROUPS, list_states
from vestibule.web.pages.mailbox import as_mail_program, only_without_transport
from vestibule.web.pages.rendering import render_page

P = ParamSpec("P")


def _gallery_view(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Make a view in the language that `?language=` names."""

    @only_without_transport
    @require_safe
    @wraps(view)
    def view_in_language(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        wanted = request.GET.get("language", "")
        with override(wanted if wanted in dict(settings.LANGUAGES) else get_language()):
            return view(request, *args, **kwargs)

    return view_in_language


@_gallery_view
def show_index(request: HttpRequest) -> HttpResponse:
    """`/dev/gallery/`: links to all states."""
    context = {
        "groups": [(group, list(list_states(group))) for group in GROUPS],
        "kinds": list(KINDS),
        "languages": settings.LANGUAGES,
        "query": f"?language={get_language()}" if "language" in request.GET else "",
    }
    return render_page(request, "vestibule/pages/gallery.html", context)


@_gallery_view
def show_state(request: HttpRequest, group: str, name: str) -> HttpResponse:
    """`/dev/gallery/<group>/<name>/`: the page in this state, with status 200 whatever it says."""
    state = list_states(group).get(name)
    if state is None:
        raise Http404
    response = render_page(request, state.path, dict(state.context), state.refusal)
    response.status_code = 200
    return response


@_gallery_view
@as_mail_program  # type: ignore[arg-type]  # its types allow no path argument
def show_mail(request: HttpRequest, name: str) -> HttpResponse:
    """`/dev/gallery/mail/<kind>/`: the HTML of a mail."""
    kind = _kind_or_404(name)
    return HttpResponse(render_mail(kind, message_params(kind), get_language() or "").html)


@_gallery_view
def show_text(request: HttpRequest, name: str) -> HttpResponse:
    """`/dev/gallery/text/<kind>/`: the subject and the text of a mail."""
    kind = _kind_or_404(name)
    mail = render_mail(kind, message_params(kind), get_language() or "")
    return HttpResponse(f"{mail.subject}\n\n{mail.text}", content_type="text/plain; charset=utf-8")


@_gallery_view
def show_sms(request: HttpRequest, name: str) -> HttpResponse:
    """`/dev/gallery/sms/<kind>/`: the text of an SMS."""
    kind = _kind_or_404(name)
    text = render_sms(kind, message_params(kind), get_language() or "").text
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _kind_or_404(name: str) -> MessageKind:
    if name not in KINDS:
        raise Http404
    return KINDS[name]
