"""`/account/activity/`: what happened to the account, in words for its owner."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from vestibule.audit import events
from vestibule.audit.models import AuditEvent
from vestibule.conf import conf
from vestibule.flows.account import personal_data
from vestibule.kernel.client import Client
from vestibule.web.pages.account_page import render_account_page
from vestibule.web.pages.activity_words import describe_event, describe_reason
from vestibule.web.pages.device_names import name_user_agent
from vestibule.web.pages.proofs import name_proofs
from vestibule.web.pages.session_cookie import signed_in_only

_LONGEST_NUMBER = 6  # digits of a page
_PROVING = (events.SESSION_OPENED.name, events.SESSION_REAUTHENTICATED.name)
# An application asks for these itself, so that address and agent are its server's.
_BY_APPLICATION = frozenset(
    each.name
    for each in (
        events.APPLICATION_SIGNED_IN,
        events.APPLICATION_SIGNED_OUT,
        events.APPLICATION_CODE_REPLAYED,
        events.APPLICATION_REFRESH_REUSED,
    )
)


@signed_in_only
def show_activity(request: HttpRequest, client: Client) -> HttpResponse:
    """The events, newest first, a page at a time."""
    typed = request.GET.get("page", "1")
    is_number = typed.isascii() and typed.isdecimal() and len(typed) <= _LONGEST_NUMBER
    number = max(1, int(typed)) if is_number else 1
    found = personal_data.list_security_events(client=client, page=number)
    context = {
        "tab": "activity",
        "happened": [event_context(event, found.names.get(event.application, "")) for event in found.events],
        "newer": number - 1 if number > 1 else None,
        "older": number + 1 if number * personal_data.EVENTS_PER_PAGE < found.count else None,
    }
    return render_account_page(request, client, "activity", context)


def event_context(event: AuditEvent, application: str = "") -> dict[str, Any]:
    """Return what the template needs of an event: what happened, why it was refused, to which application (its name),
    who did it from where, when."""
    return {
        "words": describe_event(event.name, event.code),
        "reason": describe_reason(event.name, event.code),
        "application": application,
        "who": _describe_actor(event, application),
        "address": event.address or "",
        "proved": name_proofs(event.code.split()) if event.name in _PROVING else "",
        "at": event.at,
    }


def _describe_actor(event: AuditEvent, application: str) -> str:
    """Return who did it: the staff, the service, an application ("" if its name is said already), or the device that it
    was done from."""
    if event.by_id:
        return _("%(brand)s staff") % {"brand": conf.brand.name}
    if event.actor.startswith("system:"):
        return conf.brand.name
    if event.name in _BY_APPLICATION:
        return "" if application else _("An application")
    if event.name == events.PROVIDER_EVENT_RECEIVED.name:
        return _("Another provider")
    return name_user_agent(event.agent) or _("Unknown device")
