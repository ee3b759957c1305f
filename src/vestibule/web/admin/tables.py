"""A table of the admin: looked at, never written, and no slower for five million rows than for ten."""

from datetime import datetime
from typing import Any

from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import SuspiciousOperation
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

from vestibule.flows.staff.permissions import Permission
from vestibule.web.admin import access

MAX_COUNTED = 1000  # rows that are counted and turned to, at most


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # generic to mypy alone
    """The first rows of a table: nobody turns five million of them, and to count them takes as long as that sounds."""

    @cached_property
    def count(self) -> int:
        """How many there are, COUNTED at most: one query that stops there."""
        rows: Any = self.object_list
        return int(rows.order_by()[:MAX_COUNTED].count())


def format_moment(at: datetime) -> str:
    """A moment as our pages write it, in UTC."""
    return f"{at.day} {at:%b %Y, %H:%M:%S}"


def list_columns(row: Model, *, without: tuple[str, ...]) -> list[tuple[str, object]]:
    """The columns of a row by name, but those."""
    fields = [field for field in row._meta.concrete_fields if field.name not in without]
    values = [(str(field.verbose_name).capitalize(), getattr(row, field.attname)) for field in fields]
    return [(name, format_moment(value) if isinstance(value, datetime) else value) for name, value in values]


class ReadOnlyTable(ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """What our three tables share: nobody adds, changes or deletes, and nobody looks for what is not offered."""

    actions = None
    actions_on_top = actions_on_bottom = False
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # a count of the whole table for each choice
    list_per_page = 50
    list_max_show_all = 0
    paginator = CappedPaginator
    preserve_filters = False
    heading = ""
    path = ""  # under `/admin/`
    filter_parameters: tuple[str, ...] = ()  # the parameters that the filters use

    def get_urls(self) -> list[URLPattern]:
        """The list, and a page for each row."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            path("<str:object_id>/", wrap(self.row_view), name=f"{name}_change"),
        ]

    def row_view(self, request: access.StaffRequest, object_id: str) -> HttpResponse:
        """The page of one row. Raises Http404."""
        raise NotImplementedError

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, under its heading; without the parameters that mean nothing. Raises SuspiciousOperation."""
        if any("\x00" in value for value in request.GET.values()):
            raise SuspiciousOperation("no text holds a NUL")
        if ERROR_FLAG in request.GET:
            return HttpResponseRedirect(request.path)
        response: HttpResponse = super().changelist_view(request, {**(extra_context or {}), "title": self.heading})
        return response

    def render_admin_page(
        self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        """A page of the admin, in its frame."""
        up = f"/admin/{self.path}"
        frame = {**self.admin_site.each_context(request), "heading": self.heading, "up": up}
        return TemplateResponse(request, template, {**frame, **context}, status=status)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the filters offer: any other column of the row could be guessed by its beginning, a hash too."""
        return lookup in self.filter_parameters

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: the buttons call flows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may look."""
        return access.is_permitted(request, Permission.LOOK)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever may look."""
        return access.is_permitted(request, Permission.LOOK)
