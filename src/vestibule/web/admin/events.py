"""The audit log in the admin: filtered, one row a page, exported."""

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
from vestibule.web.admin.tables import ReadOnlyTable, format_moment, list_columns, person_url

KEPT_EVENT_NAMES = tuple(event.name for event in events.ALL_EVENTS if event.in_audit_log)


class EventNameFilter(SimpleListFilter):
    """A filter by name. The names are known, so no query collects them."""

    title, parameter_name = "event", "name"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return every event that has rows."""
        return [(name, name) for name in sorted(KEPT_EVENT_NAMES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """Return the rows with that name."""
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
        """The time."""
        return format_moment(event.at)

    @display(description="Person")
    def person(self, event: AuditEvent) -> str:
        """The person whose account it concerns."""
        return _person_link(event.user_id)

    @display(description="Staff")
    def staff(self, event: AuditEvent) -> str:
        """The member of staff who acted, if it is another person."""
        return _person_link(event.by_id)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        """Return what happened to a person and what they did to others, or every event with that name."""
        typed = search_term.strip().replace("\x00", "")
        try:
            person = UUID(typed)
        except ValueError:
            return (queryset.filter(name=typed) if typed else queryset), False
        return queryset.filter(Q(user_id=person) | Q(by_id=person)), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, with a link to the export for those who have the permission."""
        typed = request.GET.get("q", "").strip()
        chosen = {"user_id" if "-" in typed else "name": typed} if typed else {}
        context = {
            "chosen": chosen or request.GET.dict(),
            "may_export": access.is_permitted(request, Permission.EXPORT),
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def row_view(self, request: access.StaffRequest, object_id: str) -> HttpResponse:
        """Show one event."""
        event = AuditEvent.objects.filter(pk=int(object_id)).first() if object_id.isdecimal() else None
        if event is None:
            raise Http404
        told = list_columns(event, without=("subject",))
        context = {"title": event.name, "facts": told, "lead": events.meaning_of(event.name)}
        return self.render_admin_page(request, "vestibule/admin/facts.html", context)


def _person_link(user_id: UUID | None) -> str:
    if user_id is None:
        return ""
    return format_html('<a class="id" href="{}">{}…</a>', person_url(user_id), str(user_id)[:8])
