"""The audit log: filtered, a row a page, and taken along."""

from uuid import UUID

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from vestibule.audit import events
from vestibule.audit.models import AuditEvent
from vestibule.flows.staff import Thing
from vestibule.skins.admin import gate
from vestibule.skins.admin.tables import Table

KEPT = tuple(event.name for event in events.ALL if event.kept)


class Named(SimpleListFilter):
    """By name; the names are known, so that no query looks for them."""

    title, parameter_name = "event", "name"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Every event that is a row."""
        return [(name, name) for name in sorted(KEPT)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """The rows of that name."""
        return queryset.filter(name=self.value()) if self.value() else queryset


class Events(Table):
    """The table of events."""

    list_display = ("at", "name", "code", "actor", "user_id", "by_id", "address", "reason")
    list_filter = (Named,)
    narrowed_by = ("name", "user_id", "by_id", "code")
    ordering = ("-at", "-pk")
    sortable_by = ()
    search_fields = ("user_id", "by_id", "name")
    search_help_text = "A person's id, or an event"

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

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """The list, with a way to take it along for whoever may."""
        chosen = {name: value for name, value in request.GET.items() if name in self.narrowed_by and value}
        context = {"chosen": chosen, "may_export": gate.may(request, Thing.EXPORT), "title": "Audit log"}
        response: TemplateResponse = super().changelist_view(request, {**(extra_context or {}), **context})
        return response

    def one(self, request: gate.Visit, object_id: str) -> HttpResponse:
        """One event."""
        event = AuditEvent.objects.filter(pk=int(object_id)).first() if object_id.isdecimal() else None
        if event is None:
            raise Http404
        facts = [
            (field.verbose_name.capitalize(), getattr(event, field.attname))
            for field in AuditEvent._meta.fields
            if field.name != "subject"
        ]
        context = {"title": event.name, "facts": facts, "lead": events.meaning_of(event.name)}
        return self.page(request, "house/facts.html", context)
