"""The base of the admin's tables: read-only, and as fast for five million rows as for ten."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import SuspiciousOperation
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.dateformat import format as date_format
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

from vestibule.flows.staff.permissions import Permission
from vestibule.web.admin import access

MAX_COUNTED = 1000  # rows that are counted and paged through


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # generic to mypy alone
    """A paginator over the first rows of a table, because counting millions of rows is slow."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, MAX_COUNTED at most, by one query that stops there."""
        rows: Any = self.object_list
        return int(rows.order_by()[:MAX_COUNTED].count())


def format_moment(at: datetime) -> str:
    """Return a time (UTC) as our pages write it."""
    return date_format(at, "j M Y, H:i:s")


def person_url(user_id: UUID) -> str:
    """The page of a person."""
    return reverse("vestibule_admin:vestibule_accounts_user_change", args=[user_id])


def list_columns(row: Model, *, without: tuple[str, ...]) -> list[tuple[str, object]]:
    """Return the columns of a row by name, without those."""
    fields = [field for field in row._meta.concrete_fields if field.name not in without]
    values = [(str(field.verbose_name).capitalize(), getattr(row, field.attname)) for field in fields]
    return [(name, format_moment(value) if isinstance(value, datetime) else value) for name, value in values]


class ReadOnlyTable(ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """The base of our tables: nobody can add, change or delete, or filter by what is not offered."""

    actions = None
    actions_on_top = actions_on_bottom = False
    change_list_template = "vestibule/admin/change_list.html"
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # a count of the whole table for each choice
    list_per_page = 50
    list_max_show_all = 0
    paginator = CappedPaginator
    preserve_filters = False
    heading = ""
    path = ""  # under `/admin/`
    permission: ClassVar[Permission] = Permission.LOOK
    filter_parameters: tuple[str, ...] = ()  # the parameters that the filters use

    def get_urls(self) -> list[URLPattern]:
        """Return the list and a page for each row."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            path("<str:object_id>/", wrap(self.row_view), name=f"{name}_change"),
        ]

    def row_view(self, request: access.StaffRequest, object_id: str) -> HttpResponse:
        """Show one row.

        Raises:
            Http404: there is no such row.
        """
        raise NotImplementedError

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list under its heading. Unknown parameters are dropped.

        Raises:
            Http404: the member of staff lacks the permission.
            SuspiciousOperation: a parameter holds a NUL.
        """
        self.require_permission(request)
        if any("\x00" in value for value in request.GET.values()):
            raise SuspiciousOperation("no text holds a NUL")
        if ERROR_FLAG in request.GET:
            return HttpResponseRedirect(request.path)
        response: HttpResponse = super().changelist_view(request, {**(extra_context or {}), "title": self.heading})
        return response

    def require_permission(self, request: HttpRequest) -> None:
        """Check the permission for this table.

        Raises:
            Http404: the member of staff lacks it.
        """
        if not access.is_permitted(request, self.permission):
            raise Http404

    def render_admin_page(
        self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        """Render a page within the admin's frame."""
        up = reverse(f"vestibule_admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        frame = {**self.admin_site.each_context(request), "heading": self.heading, "up": up}
        return TemplateResponse(request, template, {**frame, **context}, status=status)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow only what the filters offer. By any other lookup a column, even a hash, could be guessed by its
        prefix."""
        return lookup in self.filter_parameters

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody can add."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody can change a row here: the buttons call flows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody can delete."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The staff may look, who have the permission."""
        return access.is_permitted(request, self.permission)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The staff may look, who have the permission."""
        return access.is_permitted(request, self.permission)
