"""The admin site: its paths, its access check, and the context of its pages. It has no login and no password page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, include, path
from unfold.sites import UnfoldAdminSite

from vestibule.accounts.models import User
from vestibule.applications.models import Application
from vestibule.audit.models import AuditEvent
from vestibule.conf import conf
from vestibule.courier.models import Message
from vestibule.flows.staff import funnel
from vestibule.web.admin import access, dashboard, export
from vestibule.web.admin.applications import ApplicationTable
from vestibule.web.admin.events import AuditEventTable
from vestibule.web.admin.messages import MessageTable
from vestibule.web.admin.people import PersonTable
from vestibule.web.admin.tables import ReadOnlyTable
from vestibule.web.templating import page_context


class StaffAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold is untyped
    """The only admin site."""

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return the paths of the dashboard, the tables and the export; any other path is a 404."""
        tables: dict[type, ReadOnlyTable] = self._registry
        return [
            path("", self.admin_view(self.index), name="index"),
            path("export/", self.admin_view(self.export_view), name="export"),
            *(path(table.path, include(table.urls)) for table in tables.values()),
            path("<path:url>", self.admin_view(self.catch_all_view)),
        ]

    def admin_view(self, view: access.View, cacheable: bool = False) -> access.View:
        """Wrap a view in the access check and in Django's own wrapper, which checks the CSRF token."""
        return access.staff_only(super().admin_view(view, cacheable))

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the request passed `staff_only`."""
        return hasattr(request, "client")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return nothing: the stock list would link to pages that do not exist."""
        return []

    def index(self, request: access.StaffRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """`/admin/`: the funnel of the last 30 days."""
        shown = dashboard.draw_funnel(funnel.compute_funnel(client=request.client))
        context = {**self.each_context(request), "title": "Sign-ups", "board": shown}
        return TemplateResponse(request, "vestibule/admin/index.html", context)

    def export_view(self, request: access.StaffRequest) -> HttpResponseBase:
        """`/admin/export/`: the export of the audit log."""
        return export.export_audit_log(request, self.each_context(request))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return the context of every page, without inline colours: the palette is a stylesheet
        (static/vestibule/admin/admin.css)."""
        known: dict[str, Any] = super().each_context(request)
        brand = conf.brand.name
        return {
            **known,
            **page_context(request),
            "request": request,
            "user": getattr(request, "user", None),
            "colors": None,
            "site_title": brand,
            "site_header": brand,
        }


site = StaffAdminSite(name="vestibule_admin")
site.register(User, PersonTable)
site.register(Message, MessageTable)
site.register(AuditEvent, AuditEventTable)
site.register(Application, ApplicationTable)
