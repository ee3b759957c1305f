"""Every kind of message, and how it reads: subject, text and HTML of a mail, the text of an SMS."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One row of the table. A notice tells the owner of something; how many may come a day is capped of its own."""

    name: str
    subject: Promise | str
    notice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What goes to the transport; an SMS has a text only."""

    subject: str
    text: str
    html: str = ""


REGISTRATION_CODE = Kind(name="registration_code", subject=_("Your verification code"))
VERIFY_ADDRESS = Kind(name="verify_address", subject=_("Confirm your address"))
ALREADY_REGISTERED = Kind(name="already_registered", subject=_("You already have an account"), notice=True)

SESSION_ENDED = Kind(name="session_ended", subject=_("We ended one of your sessions"), notice=True)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for kind in (REGISTRATION_CODE, VERIFY_ADDRESS, ALREADY_REGISTERED, SESSION_ENDED)}
)


def mail(kind: Kind, params: Mapping[str, str | int]) -> Rendered:
    """The mail of this kind: hand-written text, and HTML with inline styles only."""
    context = {**params, "brand": settings.BRAND, "base_url": settings.BASE_URL}
    return Rendered(
        subject=f"{kind.subject} · {settings.BRAND.name}",
        text=render_to_string(f"courier/{kind.name}.txt", context),
        html=render_to_string(f"courier/{kind.name}.html", context),
    )


def sms(kind: Kind, params: Mapping[str, str | int]) -> Rendered:
    """The SMS of this kind; a code's last line is bound to our host, so that phones fill it in nowhere else."""
    context = {**params, "brand": settings.BRAND, "host": settings.HOST}
    return Rendered(subject=str(kind.subject), text=render_to_string(f"courier/{kind.name}.sms.txt", context).strip())
