"""The link in the mail: a GET shows a button and changes nothing, for mail scanners open links; POST verifies."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from vestibule.accounts import applicant, identifiers
from vestibule.flows import pending_registration
from vestibule.guards import rules
from vestibule.kernel.client import Client
from vestibule.kernel.errors import AlreadyUsed, Exhausted, LinkExpired, Refusal, TokenInvalid, UsernameTaken
from vestibule.skins.edge import admit
from vestibule.skins.pages.link_token import opened_by_link
from vestibule.skins.pages.remembered import registration_of
from vestibule.skins.pages.showing import form_or_post, page

OVER = (AlreadyUsed, Exhausted, LinkExpired, TokenInvalid)


@opened_by_link
def verify(request: HttpRequest, token: str) -> HttpResponse:
    """`/verify-email/?token=…`: the button that confirms. Where another browser signed up, it asks for the password
    that was typed there; `&reject=1` asks whether to end the sign-up instead."""
    if not token:
        return HttpResponseRedirect("/verify-email/resend/")
    if request.method != "POST":
        return _link(request, token)
    client = None
    try:
        client = admit(request, rules.REGISTER_CONFIRM)
        pending_registration.open_link(
            client=client,
            token=token,
            registration=registration_of(request),
            password=request.POST.get("password", ""),
            username=applicant.chosen_username(request.POST.get("username")),
        )
    except Refusal as refusal:
        return _link(request, token, client, refusal)
    return HttpResponseRedirect("/welcome/", status=303)


@form_or_post
def reject(request: HttpRequest) -> HttpResponse:
    """`/verify-email/reject/`: "this wasn't me"; the sign-up ends."""
    token = request.POST.get("token", "")
    if not token or request.method != "POST":
        return HttpResponseRedirect("/verify-email/resend/")
    try:
        pending_registration.reject(client=admit(request, rules.REGISTER_CONFIRM), token=token)
    except Refusal as refusal:
        return page(request, "pages/link.html", {"over": True, "rejecting": True}, refusal)
    return page(request, "pages/rejected.html", {})


@form_or_post
def resend(request: HttpRequest) -> HttpResponse:
    """`/verify-email/resend/`: another mail, by address, for whoever lost the page; the answer is always the same."""
    typed = request.POST.get("email", "")
    if request.method != "POST":
        return page(request, "pages/resend.html", {})
    try:
        email = applicant.alone("email", typed, identifiers.email)
        client = admit(request, rules.REGISTER_RESEND, identifiers.digest(email))
        pending_registration.resend(client=client, address=email)
    except Refusal as refusal:
        return page(request, "pages/resend.html", {"email": typed}, refusal)
    return page(request, "pages/resend.html", {"email": email, "sent": True})


def _link(
    request: HttpRequest, token: str, client: Client | None = None, refusal: Refusal | None = None
) -> HttpResponse:
    context: dict[str, Any] = {"token": token, "rejecting": "reject" in request.GET}
    if refusal is None or client:
        try:
            client = client or admit(request, rules.REGISTER_STATUS)
            link = pending_registration.read_link(client=client, token=token, registration=registration_of(request))
            context |= {"address": link.address, "bound": link.bound}
        except Refusal as gone:
            refusal = refusal or gone
    context["over"] = isinstance(refusal, OVER)
    context["name_taken"] = isinstance(refusal, UsernameTaken)
    return page(request, "pages/link.html", context, refusal)
