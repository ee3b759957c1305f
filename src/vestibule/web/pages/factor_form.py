"""The form that proves one way of being who one is: a password, a code or a passkey, with the other ways below it. The
second step of a sign-in and the step-up share it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vestibule.factors.registry import Method

PASSWORD = "password"  # noqa: S105 - the name of a way


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to prove it, in words: what its button offers, what its form says, and the label of its field."""

    offer: Promise | str
    lead: Promise | str
    label: Promise | str = ""
    is_numeric: bool = False


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        Method.TOTP.value: Way(
            offer=_("Use your authenticator app"),
            lead=_("Type the code that your authenticator app shows now."),
            label=_("Code from the app"),
            is_numeric=True,
        ),
        Method.PASSKEY.value: Way(
            offer=_("Use a passkey"),
            lead=_("Your device asks for your fingerprint, your face or its PIN, or for your security key."),
        ),
        Method.RECOVERY_CODE.value: Way(
            offer=_("Use a recovery code"),
            lead=_("Type one of the recovery codes that you kept. Each of them works once."),
            label=_("Recovery code"),
        ),
        Method.SMS.value: Way(
            offer=_("Get a text message"),
            lead=_("Type the code that we sent to your phone."),
            label=_("Code from the message"),
            is_numeric=True,
        ),
        PASSWORD: Way(
            offer=_("Use your password"), lead=_("For your security, confirm your password."), label=_("Password")
        ),
    }
)


def way_context(offered: Sequence[str], chosen: str, carried: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return what the form's template needs. `chosen` is shown if it is offered, else the first; `carried` are the
    names and values of the hidden fields."""
    name = chosen if chosen in offered else next(iter(offered), "")
    return {
        "method": name,
        "way": WAYS.get(name),
        "others": [(each, WAYS[each]) for each in offered if each != name],
        "carried": [(field, value) for field, value in carried if value],
    }


def posted_method(request: HttpRequest) -> Method | None:
    """Return the second factor that the form named, or None."""
    typed = request.POST.get("method", "")
    return Method(typed) if typed in list(Method) else None


def posted_secret(request: HttpRequest) -> str:
    """Return the code, or the JSON of the passkey's answer."""
    return request.POST.get("code", "") or request.POST.get("credential", "")
