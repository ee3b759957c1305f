"""The audit log taken along: as CSV for a spreadsheet, or a JSON object a line, streamed as it is read."""

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

from vestibule.audit import events as known
from vestibule.audit.models import AuditEvent
from vestibule.flows import audit_log
from vestibule.flows.audit_log import Filter
from vestibule.flows.staff import Thing
from vestibule.kernel.errors import FieldError, Invalid, Refusal, StepUpRequired, Unauthenticated
from vestibule.skins.admin import gate
from vestibule.skins.problems import PROBLEMS, row, words

COLUMNS = (
    *("id", "at", "name", "code", "actor", "user_id", "by_id", "reason", "challenge_id", "address", "agent"),
    "request_id",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute (OWASP: CSV injection)


def events(request: gate.Visit, frame: Mapping[str, Any]) -> HttpResponseBase:
    """Ask why, then hand the file over. `frame`: what each page of the admin knows."""
    if not gate.may(request, Thing.EXPORT):
        raise Http404
    gate.recently(request)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            which, reason = filter_of(request.POST), request.POST.get("reason", "")
            found = audit_log.export(client=request.client, which=which, reason=reason)
            return _file(found, request.POST.get("format", ""), request.client.at)
        except (StepUpRequired, Unauthenticated):
            raise
        except Refusal as refused:
            refusal = refused
    context = {
        "title": _("Export the audit log"),
        "typed": request.POST or request.GET,
        "names": sorted(event.name for event in known.ALL if event.kept),
        "alert": words(refusal) if refusal else "",
    }
    status = PROBLEMS[row(refusal)].status if refusal else 200
    return TemplateResponse(request, "house/export.html", {**frame, **context}, status=status)


def filter_of(typed: Mapping[str, str]) -> Filter:
    """The filter as it was typed: a person's id, an event's name and code, first and last day. Raises Invalid."""
    try:
        user_id = UUID(typed["user_id"]) if typed.get("user_id") else None
        since, until = _day(typed.get("since", ""), time.min), _day(typed.get("until", ""), time.max)
    except ValueError as error:
        raise Invalid({"filter": [FieldError("invalid", _("That is no id, or no day."))]}) from error
    name, code = typed.get("name", "")[:60], typed.get("code", "")[:40]
    return Filter(user_id=user_id, name=name, code=code, since=since, until=until)


def as_csv(rows: Iterable[AuditEvent]) -> Iterator[str]:
    """Lines of RFC 4180, with a first line that names the columns; no cell of it is a formula."""
    line = csv.writer(_Echo())
    yield line.writerow(COLUMNS)
    for each in rows:
        yield line.writerow([defused(value) for value in _values(each)])


def as_json_lines(rows: Iterable[AuditEvent]) -> Iterator[str]:
    """An object a line."""
    for each in rows:
        yield json.dumps(dict(zip(COLUMNS, _values(each), strict=True)), default=str) + "\n"


def defused(value: object) -> str:
    """The cell as text that no spreadsheet takes for a formula: an apostrophe stands before what begins like one."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


class _Echo:
    """A file for csv.writer that hands each line back."""

    def write(self, line: str) -> str:
        """The line."""
        return line


def _file(rows: Iterator[AuditEvent], form: str, now: datetime) -> StreamingHttpResponse:
    lines, kind, suffix = (
        (as_json_lines(rows), "application/x-ndjson", "jsonl") if form == "jsonl" else (as_csv(rows), "text/csv", "csv")
    )
    name = f'attachment; filename="audit-{now:%Y-%m-%d}.{suffix}"'
    return StreamingHttpResponse(lines, content_type=f"{kind}; charset=utf-8", headers={"Content-Disposition": name})


def _values(event: AuditEvent) -> list[object]:
    row = {**{name: getattr(event, name) for name in COLUMNS}, "at": event.at.isoformat()}
    return [row[name] for name in COLUMNS]


def _day(typed: str, edge: time) -> datetime | None:
    """The moment at that edge of a day (in UTC). Raises ValueError."""
    if not typed:
        return None
    day = parse_date(typed)
    if day is None:
        raise ValueError(typed)
    return datetime.combine(day, edge, UTC)
