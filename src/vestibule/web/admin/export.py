"""Export of the audit log: as CSV for a spreadsheet or as JSON lines, streamed while it is read."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django.http import Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from vestibule.audit.models import AuditEvent
from vestibule.flows import step_up
from vestibule.flows.staff import audit_log
from vestibule.flows.staff.audit_log import EventFilter
from vestibule.flows.staff.permissions import Permission
from vestibule.kernel.errors import FieldError, Invalid, Refusal, StepUpRequired, Unauthenticated
from vestibule.web.admin import access
from vestibule.web.admin.events import KEPT_EVENT_NAMES
from vestibule.web.problems import refusal_message, refusal_status

COLUMNS = (
    *("id", "at", "name", "code", "actor", "user_id", "by_id", "reason", "challenge_id", "address", "agent"),
    *("request_id", "application"),
)
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute such a cell (OWASP: CSV injection)


def export_audit_log(request: access.StaffRequest, page_context: Mapping[str, Any]) -> HttpResponseBase:
    """Ask for a reason, then return the file. `page_context` is the common context of the admin's pages."""
    if not access.is_permitted(request, Permission.EXPORT):
        raise Http404
    step_up.require_recent_sign_in(request.client)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            which, reason = parse_filter(request.POST), request.POST.get("reason", "")
            found = audit_log.export_events(client=request.client, event_filter=which, reason=reason)
            return _export_response(found, request.POST.get("format", ""), request.client.at)
        except (StepUpRequired, Unauthenticated):
            raise
        except Refusal as refused:
            refusal = refused
    context = {
        "title": _("Export the audit log"),
        "typed": request.POST or request.GET,
        "names": sorted(KEPT_EVENT_NAMES),
        "alert": refusal_message(refusal) if refusal else "",
    }
    status = refusal_status(refusal)
    return TemplateResponse(request, "vestibule/admin/export.html", {**page_context, **context}, status=status)


def parse_filter(typed: Mapping[str, str]) -> EventFilter:
    """Return the filter: a person's id, an event's name and code, first and last day.

    Raises:
        Invalid: the id or a day is malformed.
    """
    try:
        user_id = UUID(typed["user_id"]) if typed.get("user_id") else None
        since, until = (
            _parse_day_edge(typed.get("since", ""), time.min),
            _parse_day_edge(typed.get("until", ""), time.max),
        )
    except ValueError as error:
        raise Invalid({"filter": [FieldError("invalid", "filter_malformed")]}) from error
    name, code = typed.get("name", "")[:60], typed.get("code", "")[:40]
    return EventFilter(user_id=user_id, name=name, code=code, since=since, until=until)


def to_csv(rows: Iterable[AuditEvent]) -> Iterator[str]:
    """Return lines in the form of RFC 4180, the first with the column names. No cell is a formula."""
    line = csv.writer(_EchoFile())
    yield line.writerow(COLUMNS)
    for each in rows:
        yield line.writerow([escape_formula(value) for value in _column_values(each)])


def to_json_lines(rows: Iterable[AuditEvent]) -> Iterator[str]:
    """Return one JSON object a line."""
    for each in rows:
        yield json.dumps(dict(zip(COLUMNS, _column_values(each), strict=True)), default=str) + "\n"


def escape_formula(value: object) -> str:
    """Return the cell as text that no spreadsheet reads as a formula, with an apostrophe if it begins like one."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_PREFIXES) else text


class _EchoFile:
    """A file for csv.writer that returns each line."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def _export_response(rows: Iterator[AuditEvent], form: str, now: datetime) -> StreamingHttpResponse:
    lines, kind, suffix = (
        (to_json_lines(rows), "application/x-ndjson", "jsonl") if form == "jsonl" else (to_csv(rows), "text/csv", "csv")
    )
    name = f'attachment; filename="audit-{now:%Y-%m-%d}.{suffix}"'
    return StreamingHttpResponse(lines, content_type=f"{kind}; charset=utf-8", headers={"Content-Disposition": name})


def _column_values(event: AuditEvent) -> list[object]:
    row = {**{name: getattr(event, name) for name in COLUMNS}, "at": event.at.isoformat()}
    return [row[name] for name in COLUMNS]


def _parse_day_edge(typed: str, edge: time) -> datetime | None:
    """Return the beginning or end of a day (UTC).

    Raises:
        ValueError: the text is no day.
    """
    if not typed:
        return None
    day = parse_date(typed)
    if day is None:
        raise ValueError(typed)
    return datetime.combine(day, edge, UTC)
