"""The other pages: of applications, of failures, of documentation, of the mailbox."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language

from vestibule.applications.errors import ApplicationUnknown, UserCodeUnknown
from vestibule.applications.models import Source
from vestibule.courier.messages import NEW_SIGN_IN, VERIFY_ADDRESS
from vestibule.courier.rendering import render_mail
from vestibule.courier.transports.mailbox import MailboxMessage
from vestibule.kernel.errors import AlreadyUsed, LinkExpired, Locked, OtherBrowser
from vestibule.web.error_responses import CURRENT_PASSWORD, NEW_PASSWORD
from vestibule.web.pages.gallery.examples import ADA_EMAIL, CODE, NOW, TOKEN, shop
from vestibule.web.pages.gallery.messages import message_params
from vestibule.web.pages.gallery.state import BUSY, State, refused
from vestibule.web.problems import PROBLEMS
from vestibule.web.scope_words import describe_scopes

_FAILURES = (
    "bad_request",
    "permission_denied",
    "not_found",
    "method_not_allowed",
    "body_too_large",
    "application_unknown",
    "throttled",
    "server_error",
    "unavailable",
)


def application_states() -> Iterator[State]:
    """Yield the states of the pages that stand between an application and its person."""
    asked: dict[str, Any] = {
        "application": shop(),
        "host": "shop.example",
        "publisher": "",
        "is_unchecked": False,
        "is_on_this_device": False,
        "scopes": describe_scopes(["openid", "profile", "email", "offline_access"]),
        "account": ADA_EMAIL.value,
        "named": [("client_id", "shop"), ("request_uri", TOKEN)],
    }
    unchecked = {**asked, "is_unchecked": True, "application": shop(Source.DOCUMENT)}
    yield State(name="consent", template="consent", context=asked)
    yield State(name="consent-unchecked", template="consent", context={**unchecked, "publisher": "shop.example"})
    here = {**unchecked, "is_on_this_device": True, "host": "localhost:3000"}
    yield State(name="consent-on-this-device", template="consent", context=here)
    for over in (ApplicationUnknown(), AlreadyUsed(), LinkExpired(), OtherBrowser()):
        yield State(name=f"consent-over-{over.code}", template="consent_over", refusal=over)
    yield State(name="device-code", template="device_code", context={"user_code": ""})
    typed = {"user_code": "BCDF-GHJK"}
    yield from refused("device-code", "device_code", typed, [UserCodeUnknown(), Locked(retry_after=900), *BUSY])
    device = {**asked, **typed, "is_allowed": None}
    yield State(name="device-consent", template="device_consent", context=device)
    yield State(name="device-let-in", template="device_done", context={**device, "is_allowed": True})
    yield State(name="device-kept-out", template="device_done", context={**device, "is_allowed": False})
    asks = {"application": shop(), "account": ADA_EMAIL.value, "named": [("client_id", "shop")]}
    yield State(name="sign-out", template="sign_out", context=asks)
    yield State(name="sign-out-of-unknown", template="sign_out", context={**asks, "application": None})
    left = {"application": shop(), "stayed": False, "continue_to": "https://shop.example/"}
    yield State(name="signed-out", template="signed_out", context=left)
    yield State(name="signed-out-stayed", template="signed_out", context={**left, "stayed": True})
    unknown = {**left, "application": None, "continue_to": ""}
    yield State(name="signed-out-of-unknown", template="signed_out", context=unknown)
    posted = {"action": "https://shop.example/back", "fields": [("code", TOKEN), ("state", "1")]}
    yield State(name="form-post", template="form_post", context=posted)


def failure_states() -> Iterator[State]:
    """Yield the states of the pages of failures, outside of a view, and of the explanation of each problem."""
    for code in _FAILURES:
        yield State(name=f"failure-{code}", template="failure", context={"problem": PROBLEMS[code]})
    for code, problem in PROBLEMS.items():
        yield State(name=f"problem-{code}", template="problem", context={"code": code, "problem": problem})
    for each in BUSY:
        yield from refused("refused", "refused", {}, [each])
    again = {
        "typed": [("email", ADA_EMAIL.value)],
        "passwords": [],
        "action": reverse("vestibule_pages:register"),
        "files": False,
    }
    passwords = [("current_password", *CURRENT_PASSWORD), ("password", *NEW_PASSWORD)]
    yield State(name="again", template="again", context=again)
    yield State(name="again-with-passwords", template="again", context={**again, "passwords": passwords})
    yield State(name="again-with-files", template="again", context={**again, "files": True})


def mailbox_states() -> Iterator[State]:
    """Yield the states of the pages of the mailbox."""
    params = message_params(VERIFY_ADDRESS)
    letter = MailboxMessage(
        id="20260314T092653",
        channel="email",
        to=ADA_EMAIL.value,
        sender="Vestibule <noreply@example.com>",
        subject=render_mail(VERIFY_ADDRESS, params, get_language() or "").subject,
        sent_at=NOW,
        text=f"Type this code:\n\n    {CODE}\n",
        html="<p>Hello</p>",
        code=CODE,
        link=f"https://id.example.com/verify-email/?token={TOKEN}",
        headers={"From": "noreply@example.com", "To": ADA_EMAIL.value, "X-Long": "x" * 200},
    )
    notice = replace(letter, id="1", channel="sms", html="", code="", link="", subject=str(NEW_SIGN_IN.subject))
    yield State(name="mailbox", template="mailbox", context={"letters": [letter, notice], "to": ""})
    yield State(name="mailbox-of-one", template="mailbox", context={"letters": [letter], "to": ADA_EMAIL.value})
    yield State(name="mailbox-empty", template="mailbox", context={"letters": [], "to": ""})
    yield State(name="letter", template="letter", context={"letter": letter})
    for name, only in (("code", replace(letter, link="")), ("link", replace(letter, code=""))):
        yield State(name=f"letter-with-{name}", template="letter", context={"letter": only})
    yield State(name="letter-sms", template="letter", context={"letter": notice})
