"""The audit log: filtered, a row a page, and taken along."""

from typing import Any
from uuid import UUID

from django.contrib.admin import SimpleListFilter, display
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html

from vestibule.audit import events
from vestibule.audit.models import AuditEvent
from vestibule.flows.staff.permissions import Permission
from vestibule.web.admin import access
from vestibule.web.admin.tables import ReadOnlyTable, format_moment, list_columns

KEPT_EVENT_NAMES = tuple(event.name for event in events.ALL_EVENTS if event.in_audit_log)


class EventNameFilter(SimpleListFilter):
    """By name; the names are known, so that no query looks for them."""

    title, parameter_name = "event", "name"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Every event that is a row."""
        return [(name, name) for name in sorted(KEPT_EVENT_NAMES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """The rows of that name."""
        return queryset.filter(name=self.value()) if self.value() else queryset


class AuditEventTable(ReadOnlyTable):
    """The table of events."""

    heading = "Audit log"
    path = "audit/auditevent/"
    list_display = ("when", "name", "code", "actor", "person", "staff", "address", "reason")
    list_filter = (EventNameFilter,)
    filter_parameters = ("name", "user_id", "by_id", "code")
    ordering = ("-at", "-pk")
    sortable_by = ()
    search_fields = ("user_id", "by_id", "name")
    search_help_text = "A person's id, or an event"

    @display(description="When")
    def when(self, event: AuditEvent) -> str:
        """The moment."""
        return format_moment(event.at)

    @display(description="Person")
    def person(self, event: AuditEvent) -> str:
        """Whose account it is about."""
        return _person_link(event.user_id)

    @display(description="Staff")
    def staff(self, event: AuditEvent) -> str:
        """Who did it, where that is somebody else."""
        return _person_link(event.by_id)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        """What happened to a person and what they did to others, or every event of that name."""
        typed = search_term.strip().replace("\x00", "")
        try:
            person = UUID(typed)
        except ValueError:
            return (queryset.filter(name=typed) if typed else queryset), False
        return queryset.filter(Q(user_id=person) | Q(by_id=person)), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with a way to take it along for whoever may."""
        typed = request.GET.get("q", "").strip()
        chosen = {"user_id" if "-" in typed else "name": typed} if typed else {}
        context = {
            "chosen": chosen or request.GET.dict(),
            "may_export": access.is_permitted(request, Permission.EXPORT),
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def row_view(self, request: access.StaffRequest, object_id: str) -> HttpResponse:
        """One event."""
        event = AuditEvent.objects.filter(pk=int(object_id)).first() if object_id.isdecimal() else None
        if event is None:
            raise Http404
        told = list_columns(event, without=("subject",))
        context = {"title": event.name, "facts": told, "lead": events.meaning_of(event.name)}
        return self.render_admin_page(request, "house/facts.html", context)


def _person_link(user_id: UUID | None) -> str:
    if user_id is None:
        return ""
    return format_html('<a class="id" href="/admin/accounts/user/{}/">{}…</a>', user_id, str(user_id)[:8])
