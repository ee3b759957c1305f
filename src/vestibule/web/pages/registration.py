"""Sign-up by page: the form, for the way that REGISTRATION_MODE names, and the welcome page."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from vestibule.accounts import applicant
from vestibule.addresses.address import Email
from vestibule.conf import conf
from vestibule.kernel.errors import Refusal
from vestibule.web.destination import resume_destination
from vestibule.web.edge import admit
from vestibule.web.pages import captcha, registration_cookie, waiting
from vestibule.web.pages.rendering import get_or_post, render_page
from vestibule.web.pages.session_cookie import is_signed_in, lead_signed_in_on
from vestibule.web.pages.sign_up_form import MODES, read_typed, render_sign_up_form

BROWSER_DEVICE = {"device": "this browser"}  # satisfies SIGNUP_FIELDS if it requires a device


@get_or_post
@lead_signed_in_on
def submit_sign_up(request: HttpRequest) -> HttpResponse:
    """`/register/`: type an address and a password. The answer is the page that waits for the proof."""
    if request.method != "POST":
        return render_sign_up_form(request, {"channel": request.GET.get("channel", Email.channel)})
    typed = read_typed(request)
    rule, sign_up = MODES[conf.registration_mode]
    try:
        who = applicant.parse_applicant(typed | BROWSER_DEVICE)
        client = admit(request, rule, who.address, captcha=captcha.posted_answer(request))
        sent = sign_up(client=client, applicant=who)
    except Refusal as refusal:
        return render_sign_up_form(request, typed, refusal)
    return waiting.render_sent_page(request, client, sent)


@require_safe
def show_welcome(request: HttpRequest) -> HttpResponse:
    """`/welcome/`: the account exists."""
    resume_destination(request)
    page = render_page(request, "vestibule/pages/welcome.html", {"signed_in": is_signed_in(request)})
    return registration_cookie.forget_registration(page)
