"""The pages of the sign-up link: a GET shows a button and changes nothing, because mail scanners open links; the POST
verifies."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from vestibule.accounts import applicant
from vestibule.addresses import parsing
from vestibule.conf import conf
from vestibule.flows.sign_up import deferred, pending
from vestibule.flows.sign_up.deferred import Progress
from vestibule.flows.sign_up.steps import SignUpEnded
from vestibule.kernel.client import Client
from vestibule.kernel.errors import AlreadyUsed, Exhausted, Invalid, LinkExpired, Refusal, UsernameTaken
from vestibule.limits import rules
from vestibule.web.destination import redirect_with_destination, remember_destination
from vestibule.web.edge import admit
from vestibule.web.pages.link_token import FINAL_REFUSALS, opened_by_link
from vestibule.web.pages.registration_cookie import remembered_registration
from vestibule.web.pages.rendering import get_or_post, render_page
from vestibule.web.pages.waiting import end_sign_up, render_done_page, start_again


@opened_by_link
def verify_email(request: HttpRequest, token: str) -> HttpResponse:
    """`/verify-email/?token=…`: the button that confirms. In another browser than the one that signed up it asks for
    the password of the sign-up; `&reject=1` asks whether to end the sign-up instead."""
    if not token:
        return redirect_with_destination(request, "vestibule_pages:resend_link")
    if request.method != "POST":
        return _link_page(request, token)
    client = None
    try:
        client = admit(request, rules.REGISTER_CONFIRM)
        registered = pending.confirm_by_link(
            client=client,
            token=token,
            registration=remembered_registration(request),
            password=request.POST.get("password", ""),
            username=applicant.parse_chosen_username(request.POST.get("username")),
            sign_in=True,
            page_lifetime=conf.page_session,
        )
    except Refusal as refusal:
        return _link_page(request, token, client, refusal)
    return end_sign_up(request, registered.signed_in)


@get_or_post
def reject_by_link(request: HttpRequest) -> HttpResponse:
    """`/verify-email/reject/`: "this wasn't me" ends the sign-up."""
    token = request.POST.get("token", "")
    if not token or request.method != "POST":
        return redirect_with_destination(request, "vestibule_pages:resend_link")
    try:
        pending.reject_sign_up(client=admit(request, rules.REGISTER_CONFIRM), token=token)
    except FINAL_REFUSALS as over:
        return _dead_link_page(request, over)
    except Refusal as refusal:
        context = {"token": token, "rejecting": True}
        return render_page(request, "vestibule/pages/link.html", context, refusal)
    return render_page(request, "vestibule/pages/rejected.html", {})


@get_or_post
def resend_by_email(request: HttpRequest) -> HttpResponse:
    """`/verify-email/resend/`: another mail by address, for a person who lost the page. The answer is always the
    same."""
    typed = request.POST.get("email", "")
    if request.method != "POST":
        return render_page(request, "vestibule/pages/resend.html", {})
    try:
        email = applicant.parse_single_field("email", typed, parsing.parse_email)
        client = admit(request, rules.REGISTER_RESEND, email)
        pending.resend(client=client, address=email)
    except Refusal as refusal:
        return render_page(request, "vestibule/pages/resend.html", {"email": typed}, refusal)
    response = render_page(request, "vestibule/pages/resend.html", {"email": email, "sent": True})
    return remember_destination(request, response)


def _link_page(
    request: HttpRequest, token: str, client: Client | None = None, refusal: Refusal | None = None
) -> HttpResponse:
    context: dict[str, Any] = {"token": token, "rejecting": "reject" in request.GET}
    context["username"] = request.POST.get("username", "")
    if refusal is None or client:
        try:
            client = client or admit(request, rules.REGISTER_STATUS)
            link = pending.read_link(client=client, token=token, registration=remembered_registration(request))
            context |= {"address": link.address, "bound": link.same_browser}
            context["elsewhere"] = not link.same_browser and not link.has_password
        except Refusal as gone:
            refusal = refusal or gone
    if isinstance(refusal, FINAL_REFUSALS):
        return _dead_link_page(request, refusal)
    context["name_taken"] = isinstance(refusal, UsernameTaken | Invalid)
    context["password_focus"] = not context["name_taken"]
    return render_page(request, "vestibule/pages/link.html", context, refusal)


def _dead_link_page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Render what a person can do whose link opens nothing any more."""
    match refusal:
        case SignUpEnded():
            return render_page(request, "vestibule/pages/rejected.html", {}, refusal)
        case AlreadyUsed():
            return render_done_page(request, refusal)
        case LinkExpired() | Exhausted():
            return start_again(request, _ended_progress(request), refusal)
    return render_page(request, "vestibule/pages/link.html", {"over": True}, refusal)


def _ended_progress(request: HttpRequest) -> Progress | None:
    """Return the progress of the sign-up that this browser remembers, if that is over, too."""
    try:
        client = admit(request, rules.REGISTER_STATUS)
        progress = deferred.show_progress(client=client, registration=remembered_registration(request))
    except Refusal:
        return None
    return progress if progress.ended_by else None
