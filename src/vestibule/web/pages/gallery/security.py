"""The security page of a signed-in person, and what it leads to: factors, addresses, step-up, links, closing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext

from vestibule.accounts.models import User
from vestibule.factors import totp
from vestibule.factors.holdings import FactorSummary
from vestibule.factors.models import Passkey, Totp
from vestibule.factors.passkeys import LONGEST_NAME
from vestibule.factors.registry import Method
from vestibule.flows.account.second_factors import TotpSeed
from vestibule.identities.answers import ProviderAnswer
from vestibule.identities.models import Identity
from vestibule.kernel.errors import (
    EmailTaken,
    Exhausted,
    Expired,
    FactorInvalid,
    FieldError,
    Invalid,
    InvalidCredentials,
    LastFactor,
    LastSignInMethod,
    LinkExpired,
    Locked,
    NotFound,
    PhoneTaken,
    Refusal,
    TokenInvalid,
    Unavailable,
    WrongSecret,
)
from vestibule.web.field_messages import field_message
from vestibule.web.pages.factor_form import PASSWORD, way_context
from vestibule.web.pages.gallery.examples import (
    ADA_EMAIL,
    ADA_PHONE,
    DESTINATION,
    LONG_CODE,
    NOW,
    PROVIDERS,
    TOKEN,
    ada,
    example_id,
    frame,
    newcomer,
    without_email,
)
from vestibule.web.pages.gallery.state import BUSY, State, refused
from vestibule.web.pages.rendering import field_context

_NOTHING = FactorSummary(
    totp=None,
    passkeys=0,
    codes_left=0,
    codes_created_at=None,
    can_text=False,
    is_required=False,
    remembered_devices=0,
)
_EVERYTHING = FactorSummary(
    totp=Totp(id=example_id(8), created_at=NOW, confirmed_at=NOW, last_used_at=NOW),
    passkeys=2,
    codes_left=9,
    codes_created_at=NOW,
    can_text=True,
    is_required=True,
    remembered_devices=2,
)


def security_states() -> Iterator[State]:
    """Yield the states of these pages."""
    yield from _overview_states()
    yield from _row_states()
    yield from _awaiting_states()
    yield from _factor_states()
    yield from _step_up_states()
    answer = ProviderAnswer(provider="github", issuer="https://github.com", subject="1", email=ADA_EMAIL)
    link = {"token": TOKEN, "answer": answer, "provider": "GitHub"}
    yield State(name="link-identity", template="account/link", context=link)
    for over in (LinkExpired(), TokenInvalid(), NotFound(), Unavailable()):
        yield from refused("link-identity", "account/link", {"over": True}, [over])
    yield State(name="closing", template="account/closing", context={"grace_days": 14})


def _security(factors: FactorSummary = _EVERYTHING, *, person: User | None = None, **more: Any) -> dict[str, Any]:
    return {
        **frame("security", person),
        "factors": factors,
        "codes_total": 10,
        "passkeys": _passkeys() if factors.passkeys else [],
        "passkey_signals": {},
        "identities": [],
        "unlinked": [],
        "enrolment_owed": False,
        "providers": [],
        "done": "",
        **more,
    }


def _passkeys() -> list[tuple[Passkey, str]]:
    phone = Passkey(
        id=example_id(9),
        aaguid=UUID(int=0),
        name="Phone",
        created_at=NOW - timedelta(days=100),
        last_used_at=NOW,
        is_backed_up=True,
    )
    key = Passkey(id=example_id(10), aaguid=UUID(int=0), name="Blue key", created_at=NOW, is_backed_up=False)
    return [(phone, "iCloud Keychain"), (key, "")]


def _identities() -> list[tuple[Identity, Any]]:
    linked = Identity(id=example_id(11), name="ada@example.com", created_at=NOW, last_used_at=NOW)
    revoked = Identity(
        id=example_id(12), name="ada", created_at=NOW, last_used_at=NOW, revoked_at=NOW + timedelta(days=1)
    )
    return [(linked, PROVIDERS[0]), (revoked, PROVIDERS[2])]


def _overview_states() -> Iterator[State]:
    page = "account/security"
    linked: dict[str, Any] = {"identities": _identities(), "unlinked": PROVIDERS[3:]}
    unproved = ada(phone_is_proved=False)
    yield State(name="security", template=page, context=_security())
    yield State(name="security-newcomer", template=page, context=_security(_NOTHING, person=newcomer()))
    used_up = replace(_EVERYTHING, codes_created_at=None, codes_left=0, remembered_devices=0)
    yield State(name="security-no-codes", template=page, context=_security(used_up))
    by_phone = _security(_NOTHING, person=without_email())
    yield State(name="security-without-email", template=page, context=by_phone)
    yield State(name="security-identities", template=page, context=_security(**linked))
    yield State(name="security-enrolment-owed", template=page, context=_security(_NOTHING, enrolment_owed=True))
    yield State(name="security-phone-unproved", template=page, context=_security(person=unproved))
    done = gettext("Your password is changed. Other devices were signed out.")
    yield State(name="security-done", template=page, context=_security(_NOTHING, person=newcomer(), done=done))
    for act, refusal in (
        ("passkey_remove", LastFactor()),
        ("identity_remove", LastSignInMethod()),
        ("totp_remove", LastFactor()),
        ("devices_forget", BUSY[0]),
        ("devices_forget", BUSY[1]),
    ):
        context = _security(**linked)
        yield State(name=f"security-{act}-{refusal.code}", template=page, context=context, refusal=refusal)


def _row(**more: Any) -> dict[str, Any]:
    return {
        **frame("security"),
        "awaits": "",
        "address": "",
        "typed": "",
        "current_wrong": False,
        "new_wrong": False,
        "new_errors": [],
        "min_length": 12,
        "password_optional": False,
        "grace_days": 14,
        "codes_total": 10,
        "factors": _EVERYTHING,
        **more,
    }


def _row_states() -> Iterator[State]:
    """The page of each row."""
    bare = {**frame("security", newcomer()), "factors": _NOTHING}
    for row in ("password", "email", "phone", "codes", "close"):
        yield State(name=f"row-{row}", template=f"account/security_{row}", context=_row())
        yield State(name=f"row-{row}-newcomer", template=f"account/security_{row}", context=_row(**bare))
        yield from refused(f"row-{row}", f"account/security_{row}", _row(), [LastSignInMethod(), *BUSY])
    first = _row(**frame("security", without_email()))
    yield State(name="row-email-first", template="account/security_email", context=first)
    without_link = _row(password_optional=True, magic_link=False)
    yield State(name="row-password-without-email-link", template="account/security_password", context=without_link)
    unproved, optional = _row(person=ada(phone_is_proved=False)), _row(password_optional=True)
    by_link = {**optional, "magic_link": True}
    yield State(name="row-phone-unproved", template="account/security_phone", context=unproved)
    yield State(name="row-password-optional", template="account/security_password", context=optional)
    yield State(name="row-password-or-link", template="account/security_password", context=by_link)
    current, new = _row(typed="new@example.com", current_wrong=True), _row(typed="new", new_wrong=True)
    short = Invalid({"password": [FieldError("password_too_short", params={"min_length": 12})]})
    malformed = Invalid({"email": [FieldError("email_malformed")]})
    for row in ("password", "email", "phone"):
        yield from refused(
            f"row-{row}", f"account/security_{row}", current, [InvalidCredentials(reason="wrong_password")]
        )
    for row in ("email", "phone"):
        yield from refused(f"row-{row}", f"account/security_{row}", new, [malformed])
    too_short = _row(new_wrong=True, new_errors=[field_message(each) for each in short.fields["password"]])
    yield from refused("row-password", "account/security_password", too_short, [short])
    yield from _passkey_and_identity_states()


def _passkey_and_identity_states() -> Iterator[State]:
    """Passkeys and identities, and the page of each."""
    for name, listed in (("passkeys", _passkeys()), ("passkeys-none", [])):
        context = {**frame("security"), "passkeys": listed, "passkey_signals": {}}
        yield State(name=name, template="account/passkeys", context=context)
    phone = _passkeys()[0][0]
    wrong = Invalid({"name": [FieldError("required")]})
    yield State(name="passkey", template="account/passkey", context=_passkey(phone))
    for each in (wrong, LastFactor(), *BUSY):
        yield from refused("passkey", "account/passkey", _passkey(phone, each), [each])
    for identity, provider in _identities():
        context = {**frame("security"), "identity": identity, "provider": provider}
        yield State(name=f"identity-{provider.id}", template="account/identity", context=context)
    yield from refused("identity", "account/identity", context, [LastSignInMethod(), *BUSY])


def _passkey(passkey: Passkey, refusal: Refusal | None = None) -> dict[str, Any]:
    name = field_context("name", {"name": passkey.name}, refusal, ["name"])
    return {**frame("security"), "passkey": passkey, "name": name, "longest": LONGEST_NAME}


def _awaiting_states() -> Iterator[State]:
    for kind, address in (("email", ADA_EMAIL), ("phone", ADA_PHONE)):
        page = f"account/security_{kind}"
        yield State(name=f"row-{kind}-code", template=page, context=_row(awaits=kind, address=address.value))
        for each in (WrongSecret(attempts_left=4), Expired(), Exhausted(), EmailTaken(), PhoneTaken()):
            yield from refused(f"row-{kind}-code", page, _row(awaits=kind), [each])


@cache
def _example_seed() -> TotpSeed:
    """Return a seed that opens nothing. Its QR code is drawn once: that takes as long as a page."""
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - opens nothing
    uri = f"otpauth://totp/Acme:ada?secret={secret}"
    return TotpSeed(secret=secret, uri=uri, qr_svg=totp.draw_qr_code(uri))


def _factor_states() -> Iterator[State]:
    app: dict[str, Any] = {
        **frame("security"),
        "seed": None,
        "factors": _NOTHING,
        "confirming": False,
        "end_others": False,
    }
    seed = _example_seed()
    key = " ".join(seed.secret[at : at + 4] for at in range(0, len(seed.secret), 4))
    yield State(name="app", template="account/app", context=app)
    yield State(name="app-key", template="account/app", context={**app, "seed": seed, "key": key})
    confirmed = {**app, "end_others": True, "confirming": True}
    yield from refused("app", "account/app", confirmed, [WrongSecret(), Expired(), *BUSY])
    alone = replace(
        _EVERYTHING, passkeys=0, totp=Totp(id=example_id(8), created_at=NOW, confirmed_at=NOW, last_used_at=None)
    )
    for name, factors in (("app-on", _EVERYTHING), ("app-on-alone", alone)):
        yield State(name=name, template="account/app", context={**app, "factors": factors})
    yield from refused("app-on", "account/app", {**app, "factors": alone}, [LastFactor()])
    passkey = {**frame("security"), "name": "", "longest": LONGEST_NAME}
    yield State(name="passkey-new", template="account/passkey_new", context=passkey)
    invalid = Invalid({"credential": [FieldError("invalid", "passkey_invalid")]})
    yield from refused("passkey-new", "account/passkey_new", {**passkey, "name": "Blue key"}, [invalid, *BUSY])
    codes = {**frame("security"), "codes": [LONG_CODE] * 10, "at": NOW, "file": quote(LONG_CODE)}
    for done in ("totp", "passkey", "codes"):
        yield State(name=f"codes-after-{done}", template="account/codes", context={**codes, "done": done})
    leading = {**codes, "done": "totp", "destination": DESTINATION}
    yield State(name="codes-to-application", template="account/codes", context=leading)


def _step_up_states() -> Iterator[State]:
    def step_up(name: str, offered: list[str], chosen: str = "", refusal: Refusal | None = None) -> State:
        context = {
            **way_context(offered, chosen, [("back", reverse("vestibule_pages:security"))]),
            "action": reverse("vestibule_pages:confirm_identity"),
            "passkey_options": reverse("vestibule_api:login_passkey_options"),
        }
        return State(name=f"step-up-{name}", template="account/step_up", context=context, refusal=refusal)

    factors = [each.value for each in Method]
    yield step_up("password", [PASSWORD])
    yield step_up("password-wrong", [PASSWORD], PASSWORD, InvalidCredentials(reason="wrong_password"))
    for each in factors:
        yield step_up(each.replace("_", "-"), factors, each)
        yield step_up(f"{each.replace('_', '-')}-wrong", factors, each, FactorInvalid())
    yield step_up("sign-in-again", [])
    for refusal in (Locked(retry_after=900), *BUSY):
        yield step_up(refusal.code, [PASSWORD], PASSWORD, refusal)
