"""The pages of a sign-in: password, second factor, link by email, reset, mailed links that undo something."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from vestibule.factors.registry import Method
from vestibule.identities.answers import AccountExists, IdentityTaken, ProviderRefused
from vestibule.kernel.errors import (
    AccountSuspended,
    AccountUnverified,
    AlreadyUsed,
    CaptchaInvalid,
    CaptchaRequired,
    CredentialUnknown,
    Exhausted,
    Expired,
    FactorInvalid,
    FieldError,
    Invalid,
    InvalidCredentials,
    LinkExpired,
    Locked,
    OtherBrowser,
    Refusal,
    Throttled,
    TokenInvalid,
    TooSoon,
    Unavailable,
    WrongSecret,
)
from vestibule.web.pages.factor_form import way_context
from vestibule.web.pages.gallery.examples import ADA_EMAIL, DESTINATION, PROVIDERS, TOKEN
from vestibule.web.pages.gallery.sign_up import CAPTCHA, WRONG_EMAIL
from vestibule.web.pages.gallery.state import BUSY, State, refused
from vestibule.web.pages.rendering import field_context
from vestibule.web.pages.sign_in import ACCOUNT_UNDO, EMAIL_UNDO, FACTORS_UNDO, NOT_ME
from vestibule.web.pages.social import SIGN_IN_WAYS

_DEAD_LINKS: tuple[Refusal, ...] = (AlreadyUsed(), LinkExpired(), TokenInvalid(), Exhausted())
_UNDO_LINKS = {"not-me": NOT_ME, "email-undo": EMAIL_UNDO, "account-undo": ACCOUNT_UNDO, "factors-keep": FACTORS_UNDO}


def sign_in_states() -> Iterator[State]:
    """Yield the states of these pages."""
    yield from _login_states()
    yield from _second_factor_states()
    yield from _magic_states()
    yield from _reset_states()
    yield from _undo_states()
    yield State(name="logout", template="logout")
    yield from refused("logout", "logout", {}, [Unavailable()])
    for each in (*_refusals_of_providers(), *BUSY):
        yield from refused("social", "social_refused", {"provider": "GitHub"}, [each])


def _refusals_of_providers() -> tuple[Refusal, ...]:
    return (ProviderRefused(), LinkExpired(), TokenInvalid(), IdentityTaken(), AccountSuspended())


def login_context(**more: Any) -> dict[str, Any]:
    """Return what the sign-in reads."""
    return {"name": "", "providers": [], **more}


def _login_states() -> Iterator[State]:
    typed = {"name": "ada", "password_focus": True, "providers": []}
    yield State(name="login", template="login", context={"providers": []})
    yield State(name="login-with-providers", template="login", context={"providers": PROVIDERS})
    yield State(name="login-to-application", template="login", context={**typed, "destination": DESTINATION})
    yield State(name="login-with-captcha", template="login", context={**typed, **CAPTCHA})
    signals = {"passkey_signals": {"signalUnknownCredential": {"rpId": "localhost", "credentialId": TOKEN}}}
    yield State(name="login-with-signals", template="login", context={**typed, **signals})
    yield State(name="login-after-reset", template="login", context={"providers": [], "reset": True})
    unproved = {**typed, "name": ADA_EMAIL.value, "unproved": ADA_EMAIL, "password_focus": False}
    yield State(name="login-send-new-mail", template="login", context=unproved, refusal=AccountUnverified())
    refusals = (
        InvalidCredentials(),
        InvalidCredentials(reason="wrong_passkey"),
        InvalidCredentials(reason="credentials_changed"),
        AccountUnverified(),
        AccountSuspended(),
        CredentialUnknown(),
        Locked(retry_after=900),
        *BUSY,
        Invalid({"name": [FieldError("required")]}),
    )
    yield from refused("login", "login", {**typed, "stay": True}, refusals)
    yield from refused("login", "login", {**typed, **CAPTCHA}, [CaptchaRequired(), CaptchaInvalid()])
    exists = AccountExists(link=TOKEN, methods=["password", "passkey"], address=ADA_EMAIL.value)
    account_of = {"provider": "GitHub", "ways": [str(SIGN_IN_WAYS[each]) for each in exists.methods]}
    context = {"name": ADA_EMAIL.value, "password_focus": True, "account_of": account_of, "providers": PROVIDERS[:1]}
    yield State(name="login-account-exists", template="login", context=context, refusal=exists)


def _second_factor_states() -> Iterator[State]:
    offered = [each.value for each in Method]

    def step(
        name: str, chosen: str, refusal: Refusal | None = None, methods: list[str] = offered, *, remember: bool = False
    ) -> State:
        context = {
            **way_context(methods, chosen, [("mfa", TOKEN)]),
            "action": reverse("vestibule_pages:login_mfa"),
            "passkey_options": reverse("vestibule_api:login_mfa_passkey"),
            "remember": remember,
            "days": 30,
        }
        return State(name=f"second-factor-{name}", template="second_factor", context=context, refusal=refusal)

    for each in offered:
        yield step(each.replace("_", "-"), each)
        yield step(f"{each.replace('_', '-')}-wrong", each, FactorInvalid(attempts_left=3))
    yield step("remembering", Method.TOTP, FactorInvalid(attempts_left=3), remember=True)
    yield step("only-app", Method.TOTP, methods=[Method.TOTP.value])
    yield step("sms-too-soon", Method.SMS, TooSoon(retry_after=40))
    yield step("sms-throttled", Method.SMS, Throttled(retry_after=3600))
    yield step("locked-shortly", Method.TOTP, Locked(retry_after=20))
    for over in (Locked(retry_after=900), TokenInvalid(), Exhausted(), Expired(), *BUSY):
        yield step(f"over-{over.code}", "", over, methods=[])


def _magic_states() -> Iterator[State]:
    def magic(name: str, refusal: Refusal | None = None, **context: Any) -> State:
        kept = {"stay": False, "over": False, "email": ""}
        return State(name=f"magic-{name}", template="magic", context={**kept, **context}, refusal=refusal)

    yield magic("start")
    yield magic("start-with-captcha", **CAPTCHA)
    yield magic("start-malformed", WRONG_EMAIL, email="ada@")
    for each in BUSY:
        yield magic(f"start-{each.code}", each, email=ADA_EMAIL.value)
    asked: dict[str, Any] = {"asked": True, "email": ADA_EMAIL, "magic": TOKEN}
    yield magic("asked", **asked)
    yield magic("code-over-token_used", AlreadyUsed(), **asked, over=True)
    yield magic("asked-staying", **{**asked, "stay": True})
    yield magic("wrong-code", WrongSecret(attempts_left=4), **asked)
    yield magic("code-throttled", Throttled(retry_after=60), **asked)
    yield magic("link", token=TOKEN, email=ADA_EMAIL)
    yield magic("link-staying", Throttled(retry_after=60), token=TOKEN, stay=True)
    yield magic("link-other-browser", token=TOKEN, email=ADA_EMAIL, elsewhere=True)
    yield magic("link-refused", OtherBrowser(), token=TOKEN, email=ADA_EMAIL)
    yield magic("link-to-application", token=TOKEN, email=ADA_EMAIL, destination=DESTINATION)
    for over in (*_DEAD_LINKS, Expired()):
        yield magic(f"link-over-{over.code}", over, token=TOKEN, over=True)
    for over in (Expired(), Exhausted()):
        yield magic(f"code-over-{over.code}", over, **asked, over=True)


def _reset_states() -> Iterator[State]:
    def reset(name: str, refusal: Refusal | None = None, **context: Any) -> State:
        password = field_context("password", {}, refusal, ("password",))
        focus = password["wrong"] or bool(context["token"])
        kept = {"password": password, "password_focus": focus, "min_length": 12}
        return State(name=f"reset-{name}", template="reset", context={**kept, **context}, refusal=refusal)

    yield State(name="forgot", template="forgot")
    yield State(name="forgot-with-captcha", template="forgot", context={"email": ADA_EMAIL, **CAPTCHA})
    yield from refused("forgot", "forgot", {"email": "ada@"}, [WRONG_EMAIL, *BUSY, CaptchaRequired()])
    asked: dict[str, Any] = {"email": ADA_EMAIL, "otp": "", "token": ""}
    yield reset("code", **asked, sent=True)
    yield reset("wrong-code", WrongSecret(attempts_left=2), **asked)
    yield reset("link", token=TOKEN, email=ADA_EMAIL.value)
    wrong = Invalid({"password": [FieldError("password_too_short", params={"min_length": 12})]})
    yield reset("link-weak-password", wrong, token=TOKEN, email=ADA_EMAIL.value)
    yield reset("code-breached-password", Invalid({"password": [FieldError("password_breached")]}), **asked)
    for each in BUSY:
        yield reset(f"link-{each.code}", each, token=TOKEN, email="")
    for over in _DEAD_LINKS:
        yield reset(f"over-{over.code}", over, token=TOKEN, email="", over=True)
    for over in (AlreadyUsed(), Expired(), Exhausted()):
        yield reset(f"code-over-{over.code}", over, **asked, over=True)


def _undo_states() -> Iterator[State]:
    for name, link in _UNDO_LINKS.items():
        context = {"taking": link, "token": TOKEN, "action": reverse("vestibule_pages:not_me")}
        yield State(name=name, template="taking", context=context)
        yield State(name=f"{name}-done", template="taking", context={**context, "done": True})
    context = {"taking": NOT_ME, "token": TOKEN, "action": reverse("vestibule_pages:not_me")}
    yield from refused("not-me", "taking", context, BUSY)
    yield from refused("not-me", "taking", context, [AlreadyUsed()], over=True, used=True)
    yield from refused("not-me", "taking", context, _DEAD_LINKS[1:], over=True, used=False)
    yield State(name="not-me-without-token", template="taking", context={**context, "token": ""})
