"""Rendering of messages: subject, text and HTML of a mail, the text of an SMS, in the reader's language."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.dateformat import format as date_format
from django.utils.translation import get_language, override

from vestibule.conf import conf
from vestibule.courier.message_kind import MessageKind
from vestibule.courier.messages import KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedMessage:
    """What the transport gets; an SMS has only a text."""

    subject: str
    text: str
    html: str = ""


def render_mail(kind: MessageKind, params: Mapping[str, str | int], language: str = "") -> RenderedMessage:
    """Return the mail of this kind in that language: hand-written text, and HTML with inline styles only."""
    with override(_available(language)):
        context = {**_context(kind, params), "base_url": conf.base_url, "language": get_language()}
        return RenderedMessage(
            subject=f"{kind.subject} · {conf.brand.name}",
            text=render_to_string(f"{kind.template}.txt", context),
            html=render_to_string(f"{kind.template}.html", context),
        )


def render_sms(kind: MessageKind, params: Mapping[str, str | int], language: str = "") -> RenderedMessage:
    """Return the SMS of this kind in that language. A code's last line is bound to our host, so that phones fill it in
    nowhere else."""
    with override(_available(language)):
        context = {**_context(kind, params), "host": conf.host}
        text = render_to_string(f"{kind.template}.sms.txt", context).strip()
        return RenderedMessage(subject=str(kind.subject), text=text)


def _available(language: str) -> str:
    """Return the language, or the default if there is none or it was taken out of LANGUAGES meanwhile."""
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _context(kind: MessageKind, params: Mapping[str, str | int]) -> dict[str, object]:
    """Return what every template reads. A digest (courier.hourly_digest) lists each kind once, with how often, when
    last, and its links."""
    held = json.loads(str(params["held"])) if "held" in params else {}
    listed = [{**facts, "kind": KINDS[name], "at": _written(facts["at"])} for name, facts in held.items()]
    written = {"at": _written(str(params["at"]))} if "at" in params else {}
    return {**params, **written, "listed": listed, "kind": kind, "brand": conf.brand}


def _written(moment: str) -> str:
    """Return a moment, kept in ISO 8601, as people write it. What an older version posted was written already."""
    try:
        return f"{date_format(datetime.fromisoformat(moment), 'd F Y, H:i')} UTC"
    except ValueError:
        return moment
