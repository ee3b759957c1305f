"""`/login/magic/`: sign in with a mailed link or code. A GET changes nothing, because mail scanners open links.

The signed handle of the request stands in an HttpOnly cookie, which binds the link to the browser that asked for it.
Another browser is asked for the code of the same mail.
"""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from vestibule.accounts import applicant
from vestibule.addresses import parsing
from vestibule.addresses.address import Email
from vestibule.conf import conf
from vestibule.flows.sign_in import magic_link
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Refusal
from vestibule.limits import rules
from vestibule.sessions import devices
from vestibule.web.cookies import delete_cookie, known_device_id, set_cookie
from vestibule.web.destination import remember_destination
from vestibule.web.edge import admit
from vestibule.web.pages import captcha, link_token
from vestibule.web.pages.link_token import opened_by_link
from vestibule.web.pages.rendering import render_page
from vestibule.web.pages.second_factor import enter_page

TEMPLATE = "vestibule/pages/magic.html"


@opened_by_link
def sign_in_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a mail; type its code; or press the button behind its link.

    Raises:
        Http404: MAGIC_LINK is off.
    """
    if not conf.magic_link:
        raise Http404
    if request.method != "POST":
        return _link_page(request, token) if token else _start_page(request)
    return _confirm(request, token) if token or "otp" in request.POST else _send_link(request)


def _send_link(request: HttpRequest) -> HttpResponse:
    typed = request.POST.get("email", "")
    try:
        email = _parse_email(typed)
        client = admit(request, rules.LOGIN_MAGIC_START, email, captcha=captcha.posted_answer(request))
        sent = magic_link.start(client=client, email=email, device_cookie=known_device_id(request))
    except Refusal as refusal:
        return _start_page(request, refusal)
    response = _render(request, {"asked": True, "email": email, "magic": sent.magic})
    life = timedelta(seconds=sent.challenge_status.expires_in)
    set_cookie(response, conf.magic_cookie_name, sent.magic, life)
    return remember_destination(request, response)


def _confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in by the code that was typed, else by the link."""
    client = None
    otp, magic, typed = (request.POST.get(name, "") for name in ("otp", "magic", "email"))
    by_code = "otp" in request.POST
    try:
        client = admit(request, rules.LOGIN_MAGIC_CONFIRM)
        entered = magic_link.confirm(
            client=client,
            token="" if by_code else token,
            magic=magic if by_code else _remembered_magic(request),
            email=_parse_email(typed) if by_code and not magic else None,
            otp=otp,
            device_claims=devices.describe_user_agent(client.user_agent),
            device_cookie=known_device_id(request),
            remembered=request.COOKIES.get(conf.remembered_cookie_name, ""),
            page_lifetime=conf.page_stay if request.POST.get("stay") else conf.page_session,
        )
    except Refusal as refusal:
        if by_code:
            return _render(request, {"asked": True, "email": typed, "magic": magic}, refusal)
        return _link_page(request, token, client, refusal)
    response = enter_page(request, entered)
    delete_cookie(response, conf.magic_cookie_name)
    return response


def _link_page(
    request: HttpRequest, token: str, client: Client | None = None, refusal: Refusal | None = None
) -> HttpResponse:
    """The button, in the browser that asked for the link; in another one the field for the code."""
    context: dict[str, Any] = {"token": token}
    if refusal is None or client:
        try:
            client = client or admit(request, rules.TOKEN)
            link = magic_link.read_link(client=client, token=token, magic=_remembered_magic(request))
            context |= {"email": link.address, "elsewhere": not link.same_browser}
        except Refusal as gone:
            refusal = refusal or gone
    return _render(request, context, refusal)


def _start_page(request: HttpRequest, refusal: Refusal | None = None) -> HttpResponse:
    shown = captcha.form_context(request, rules.LOGIN_MAGIC_START, refusal)
    return render_page(request, TEMPLATE, {**_kept(request), "email": request.POST.get("email", ""), **shown}, refusal)


def _render(request: HttpRequest, context: dict[str, Any], refusal: Refusal | None = None) -> HttpResponse:
    over = isinstance(refusal, link_token.FINAL_REFUSALS_OF_CODES)
    return render_page(request, TEMPLATE, {**_kept(request), **context, "over": over}, refusal)


def _kept(request: HttpRequest) -> dict[str, Any]:
    """Return what each form of the page hands on."""
    return {"stay": bool(request.POST.get("stay"))}


def _remembered_magic(request: HttpRequest) -> str:
    return request.COOKIES.get(conf.magic_cookie_name, "")


def _parse_email(typed: str) -> Email:
    return applicant.parse_single_field("email", typed, parsing.parse_email)
