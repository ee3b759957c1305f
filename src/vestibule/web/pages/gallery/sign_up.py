"""The pages of a sign-up: the form, the page that waits for the proof, the mailed link, the end."""

from collections.abc import Iterator
from typing import Any

from vestibule.addresses.address import Address, Email
from vestibule.flows.sign_up.steps import SignUpEnded
from vestibule.kernel.errors import (
    AlreadyUsed,
    CaptchaInvalid,
    CaptchaRequired,
    EmailTaken,
    Exhausted,
    Expired,
    FieldError,
    Invalid,
    InvalidCredentials,
    LinkExpired,
    Locked,
    PasswordRequired,
    PhoneTaken,
    Refusal,
    Throttled,
    TokenInvalid,
    TooSoon,
    Unavailable,
    UsernameTaken,
    WrongSecret,
)
from vestibule.web.pages.gallery.examples import ADA_EMAIL, ADA_PHONE, CODE, DESTINATION, PROVIDERS, TOKEN
from vestibule.web.pages.gallery.state import BUSY, State, refused
from vestibule.web.pages.mail_sites import find_mail_site
from vestibule.web.pages.rendering import field_context, personal_field_contexts
from vestibule.web.pages.sign_up_form import FORM_FIELDS, PERSONAL

CAPTCHA: dict[str, Any] = {
    "captcha": {"for": "register", "vendor": None, "site_key": "", "ticket": TOKEN, "seconds": 30, "refused": False}
}
WRONG_FIELDS = Invalid(
    {
        "email": [FieldError("email_malformed")],
        "username": [FieldError("username_malformed")],
        "phone_number": [FieldError("phone_malformed")],
        "password": [
            FieldError("password_too_short", params={"min_length": 12}),
            FieldError("password_too_common"),
        ],
    }
)
WRONG_EMAIL = Invalid({"email": [FieldError("email_malformed")]})
_TYPED = {
    "email": "ada@example",
    "username": "a",
    "full_name": "Ada Lovelace",
    "phone_number": "0100",
}


def sign_up_states() -> Iterator[State]:
    """Yield the states of these pages, in the order of a sign-up."""
    yield from _form_states()
    yield from _waiting_states()
    yield from _link_states()
    yield from _other_states()


def form_context(
    refusal: Refusal | None = None,
    names: tuple[str, ...] = ("email",),
    typed: dict[str, str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return what the form reads."""
    rows = [row for row in PERSONAL if row.name in names]
    return {
        "restarting": False,
        "fields": personal_field_contexts(rows, typed or {}, refusal, FORM_FIELDS),
        "password": field_context("password", {}, refusal, FORM_FIELDS),
        "password_optional": False,
        "channel": "email",
        "pending": False,
        "sms_offered": True,
        "min_length": 12,
        "providers": [],
        **more,
    }


def _form_states() -> Iterator[State]:
    every = tuple(row.name for row in PERSONAL)
    yield State(name="register", template="register", context=form_context())
    yield State(name="register-by-link", template="register", context=form_context(pending=True, sms_offered=False))
    yield State(
        name="register-by-phone", template="register", context=form_context(names=("phone_number",), channel="sms")
    )
    yield State(name="register-with-providers", template="register", context=form_context(providers=PROVIDERS))
    yield State(name="register-password-optional", template="register", context=form_context(password_optional=True))
    yield State(name="register-with-captcha", template="register", context=form_context(**CAPTCHA))
    yield State(
        name="register-to-application", template="register", context=form_context(names=every, destination=DESTINATION)
    )
    refusals = (WRONG_FIELDS, UsernameTaken(), EmailTaken(), PhoneTaken(), *BUSY)
    for each in refusals:
        yield from refused("register", "register", form_context(each, every, _TYPED), [each])
    ended = (Expired(), LinkExpired(), Exhausted(), TokenInvalid(), AlreadyUsed(), Throttled(retry_after=60))
    for each in ended:
        yield from refused("start-again", "register", form_context(each, typed=_TYPED, restarting=True), [each])
    yield State(name="start-again", template="register", context=form_context(typed=_TYPED, restarting=True))
    asked = (CaptchaRequired(), CaptchaInvalid())
    yield from refused("register", "register", form_context(typed=_TYPED, **CAPTCHA), asked)
    yield State(
        name="register-captcha-too-soon",
        template="register",
        context=form_context(typed=_TYPED, **CAPTCHA),
        refusal=CaptchaRequired(retry_after=17),
    )


def _progress(
    address: Address = ADA_EMAIL, status: str = "waiting", *, linked: bool = False, texting: bool = False, **counts: int
) -> dict[str, Any]:
    counted = {"expires_in": 1800, "code_expires_in": 590, "resend_in": 0, "resends_left": 3} | counts
    return {
        "registration": TOKEN,
        "status": status,
        "address": address,
        "linked": linked,
        "texting": texting,
        **counted,
        "mail_site": None,
    }


def _waiting_states() -> Iterator[State]:
    def waiting(name: str, refusal: Refusal | None = None, **context: Any) -> State:
        return State(name=f"verify-{name}", template="verify", context=context, refusal=refusal)

    yield waiting("code", **_progress())
    yield waiting("just-sent", **_progress(resend_in=42))
    yield waiting("resent", **_progress(resend_in=60, resends_left=1), resent=True)
    yield waiting("no-resends", **_progress(resends_left=0))
    yield waiting("linked", **_progress(linked=True, texting=True))
    yield waiting("by-phone", **_progress(ADA_PHONE))
    yield waiting("bounced", **_progress(status="bounced", texting=True))
    yield waiting("code-expired", **_progress(code_expires_in=0))
    yield waiting("linked-code-expired", **_progress(linked=True, code_expires_in=0))
    yield waiting("mail-site", **{**_progress(), "mail_site": find_mail_site(Email("ada@gmail.com"))})
    yield waiting("to-application", **_progress(), destination=DESTINATION)
    yield waiting("with-captcha", **_progress(texting=True), **CAPTCHA, typed_email=ADA_EMAIL.value)
    yield waiting("not-admitted", Throttled(retry_after=40), registration=TOKEN)
    yield waiting("wrong-code", WrongSecret(attempts_left=4), **_progress())
    yield waiting("wrong-code-last", WrongSecret(attempts_left=1), **_progress())
    taken = {"name_taken": True, "otp": CODE, "username": "ada"}
    yield waiting("username-taken", UsernameTaken(), **_progress(), **taken)
    yield waiting(
        "username-malformed", Invalid({"username": [FieldError("username_malformed")]}), **_progress(), **taken
    )
    elsewhere = field_context("email", {}, WRONG_EMAIL, ("email",))
    yield waiting("other-address-malformed", WRONG_EMAIL, **_progress(), typed_email="ada@", elsewhere=elsewhere)
    yield waiting("cooldown", TooSoon(retry_after=42), **_progress(resend_in=42))
    yield from refused("verify", "verify", _progress(), [Throttled(retry_after=1854), Locked(retry_after=3)])
    yield from refused("verify", "verify", _progress(), [Unavailable(), CaptchaRequired(), CaptchaInvalid()])
    for here in (False, True):
        done = {"signed_in": here, "destination": None if here else DESTINATION}
        name = "done-signed-in" if here else "done"
        yield State(name=name, template="done", context=done, refusal=AlreadyUsed())


def _link_states() -> Iterator[State]:
    def link(name: str, refusal: Refusal | None = None, **context: Any) -> State:
        kept = {
            "token": TOKEN,
            "rejecting": False,
            "address": ADA_EMAIL,
            "bound": True,
            "elsewhere": False,
            "over": False,
            "name_taken": False,
            "password_focus": True,
            "username": "ada",
        }
        return State(name=f"link-{name}", template="link", context={**kept, **context}, refusal=refusal)

    yield link("here")
    yield link("other-browser", bound=False)
    yield link("other-browser-no-password", bound=False, elsewhere=True)
    yield link("reject", rejecting=True)
    yield link("reject-not-admitted", Throttled(retry_after=60), rejecting=True, address=None)
    yield link("not-admitted", Throttled(retry_after=60), address=None)
    yield link("reject-throttled", Throttled(retry_after=60), rejecting=True)
    yield link("username-taken", UsernameTaken(), name_taken=True)
    yield link("wrong-password", InvalidCredentials(reason="wrong_password", attempts_left=4), bound=False)
    yield link("password-required", PasswordRequired(), bound=False)
    yield link("throttled", Throttled(retry_after=60))
    yield link("unavailable", Unavailable())
    yield link("username-malformed", Invalid({"username": [FieldError("username_malformed")]}), name_taken=True)
    yield link("over", TokenInvalid(), over=True)
    yield link("over-to-application", TokenInvalid(), over=True, destination=DESTINATION)


def _other_states() -> Iterator[State]:
    yield State(name="resend", template="resend", context={"email": ""})
    yield State(name="resend-sent", template="resend", context={"email": ADA_EMAIL, "sent": True})
    yield from refused("resend", "resend", {"email": "ada@"}, [WRONG_EMAIL, Throttled(retry_after=300), Unavailable()])
    yield State(name="rejected", template="rejected")
    yield State(name="rejected-before", template="rejected", refusal=SignUpEnded())
    yield State(name="no-registration", template="no_registration")
    yield State(name="welcome", template="welcome", context={"signed_in": True})
    yield State(name="welcome-elsewhere", template="welcome", context={"signed_in": False, "destination": DESTINATION})
    form = {"provider": "GitHub", "registration": TOKEN, "email": "", "over": False}
    yield State(name="social-email", template="social_email", context=form)
    yield State(name="social-email-of-unknown", template="social_email", context={**form, "provider": ""})
    yield State(name="social-email-with-captcha", template="social_email", context={**form, **CAPTCHA})
    yield from refused("social-email", "social_email", form, [WRONG_EMAIL, Throttled(retry_after=300), Unavailable()])
    yield from refused("social-email", "social_email", form, [TokenInvalid(), LinkExpired(), AlreadyUsed()], over=True)
