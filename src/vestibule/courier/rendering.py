"""Rendering of messages: subject, text and HTML of a mail, the text of an SMS, in the reader's language."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.text import wrap
from django.utils.translation import get_language, get_language_bidi, override

from vestibule.conf import conf
from vestibule.courier import links
from vestibule.courier.message_kind import Action, MessageKind
from vestibule.courier.message_sentences import describe_code, describe_event, describe_origin, list_brand_links
from vestibule.courier.messages import KINDS

TEXT_WIDTH = 76


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedMessage:
    """What the transport gets; an SMS has only a text."""

    subject: str
    text: str
    html: str = ""


def render_mail(kind: MessageKind, params: Mapping[str, str | int], language: str = "") -> RenderedMessage:
    """Return the mail of this kind in that language: a text, and HTML that reads the same without its style sheet."""
    with override(_available(language)):
        context = _context(kind, params)
        return RenderedMessage(
            subject=_mail_subject(kind, str(context["code"])),
            text=_tidy_text(_render(f"{kind.mail_template}.txt", context)),
            html=_render(f"{kind.mail_template}.html", context),
        )


def render_sms(kind: MessageKind, params: Mapping[str, str | int], language: str = "") -> RenderedMessage:
    """Return the SMS of this kind in that language. A code's last line is bound to our host, so that phones fill it in
    nowhere else."""
    with override(_available(language)):
        context = {**_context(kind, params), "host": conf.host}
        text = _render(f"{kind.sms_template}.sms.txt", context).strip()
        return RenderedMessage(subject=_heading(kind), text=text)


def _render(template: str, context: Mapping[str, object]) -> str:
    return render_to_string(f"vestibule/courier/{template}", context)


def _available(language: str) -> str:
    """Return the language, or the default if there is none or it was taken out of LANGUAGES meanwhile."""
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _mail_subject(kind: MessageKind, code: str) -> str:
    """Return the subject, with the code that the mail brings and our name, unless the words hold it."""
    words = str(kind.code_subject if code else kind.subject)
    subject = words % {"brand": conf.brand.name, "code": code}
    return subject if "%(brand)s" in words else f"{subject} · {conf.brand.name}"


def _heading(kind: MessageKind) -> str:
    return str(kind.subject) % {"brand": conf.brand.name}


def _tidy_text(rendered: str) -> str:
    """Return a text whose paragraphs are one empty line apart and whose lines are short; no link is broken."""
    lines = re.sub(r"\n{3,}", "\n\n", rendered.strip()).split("\n")
    return "\n".join(line if len(line) <= TEXT_WIDTH else wrap(line, TEXT_WIDTH) for line in lines) + "\n"


def _context(kind: MessageKind, params: Mapping[str, str | int]) -> dict[str, object]:
    """Return what every template reads. A digest (courier.hourly_digest) lists each kind once, with how often, when
    last, and its links."""
    held, brand = json.loads(str(params["held"])) if "held" in params else {}, conf.mail_brand
    at, code = _written(str(params.get("at", ""))), str(params.get("code", "")) if kind.code_subject else ""
    hours = int(params.get("hours", 0)) if params.get("link") else 0  # a mail with a code alone gets them, too
    return {
        **params,
        "code": code,
        "at": at,
        "about_code": code and describe_code(int(params.get("minutes", 0)), hours),
        "origin": describe_origin(kind, str(params.get("address", "")), at),
        "kind": kind,
        "heading": _heading(kind),
        "preview": kind.preview or kind.says,
        "buttons": [(action.label, url) for action in kind.actions if (url := _action_url(action, params))],
        "listed": [_listed_item(KINDS[name], facts) for name, facts in held.items()],
        "brand": brand,
        "brand_links": list_brand_links(brand),
        "language": get_language(),
        "direction": "rtl" if get_language_bidi() else "ltr",
    }


def _action_url(action: Action, params: Mapping[str, str | int]) -> str:
    return links.page_url(action.page) if action.page else str(params.get("link", ""))


def _listed_item(kind: MessageKind, facts: Mapping[str, Any]) -> dict[str, object]:
    sentence = describe_event(_heading(kind), facts["times"], _written(facts["at"]), facts["address"])
    return {**facts, "heading": _heading(kind), "sentence": sentence, "button": kind.actions and kind.actions[0].label}


def _written(moment: str) -> str:
    """Return a moment, kept in ISO 8601, as people write it. What an older version posted was written already."""
    try:
        return f"{date_format(datetime.fromisoformat(moment), 'DATETIME_FORMAT')} UTC"
    except ValueError:
        return moment
