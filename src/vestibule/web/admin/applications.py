"""Applications in the admin, for admins alone: their list, a page for each, and forms that make and change them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.contrib.admin import display
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vestibule.applications.metadata import SECRET_METHODS, declared_by
from vestibule.applications.models import Application
from vestibule.flows import step_up
from vestibule.flows.staff import applications
from vestibule.flows.staff.applications import (
    EDITABLE_SOURCES,
    REMOVABLE_SOURCES,
    ApplicationDetails,
)
from vestibule.flows.staff.permissions import Permission
from vestibule.kernel.errors import Invalid, NotFound, Refusal, StepUpRequired, Unauthenticated
from vestibule.web.admin import access
from vestibule.web.admin.application_form import FIELDS, MORE_FIELDS, fill_form, read_form
from vestibule.web.admin.tables import ReadOnlyTable, format_moment
from vestibule.web.problems import refusal_message, refusal_status

_PAGES = "vestibule_admin:vestibule_applications_application"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationAction:
    """One button on an application's page. `grave` marks an act that cannot be undone."""

    name: str
    title: Promise | str
    lead: Promise | str
    is_applicable: Callable[[Application], bool]
    grave: bool = False


def _has_secrets(application: Application) -> bool:
    return application.source in EDITABLE_SOURCES and application.token_endpoint_auth_method in SECRET_METHODS


_CHANGE, _SECRET_CREATION, _SECRET_REMOVAL, _REMOVE = "change", "new-secret", "remove-secret", "remove"
ACTIONS: Mapping[str, ApplicationAction] = MappingProxyType(
    {
        act.name: act
        for act in (
            ApplicationAction(
                name=_CHANGE,
                title=_("Change"),
                lead="",
                is_applicable=lambda application: application.source in EDITABLE_SOURCES,
            ),
            ApplicationAction(
                name=_SECRET_CREATION,
                title=_("New secret"),
                lead=_("You see it once. The older ones go on working until you remove them."),
                is_applicable=_has_secrets,
            ),
            ApplicationAction(
                name=_SECRET_REMOVAL,
                title=_("Remove the secret"),
                lead=_("Whatever proves itself by it is refused from now on."),
                is_applicable=_has_secrets,
                grave=True,
            ),
            ApplicationAction(
                name=_REMOVE,
                title=_("Remove the application"),
                lead=_("Nobody signs in to it any more, and all that people granted to it ends. This is for good."),
                is_applicable=lambda application: application.source in REMOVABLE_SOURCES,
                grave=True,
            ),
        )
    }
)


class ApplicationTable(ReadOnlyTable):
    """The table of applications."""

    heading = "Applications"
    path = "applications/application/"
    permission = Permission.LOOK_AT_APPLICATIONS
    list_display = ("name", "client_id", "type", "source", "first_party", "since")
    list_filter = ("type", "source")
    filter_parameters = ("type__exact", "source__exact")
    ordering = ("-created_at", "-pk")
    sortable_by = ()

    @display(description="Our own", boolean=True)
    def first_party(self, application: Application) -> bool:
        """Whether nobody is asked for consent."""
        return application.is_first_party

    @display(description="Since")
    def since(self, application: Application) -> str:
        """When it was made."""
        return format_moment(application.created_at)

    def get_urls(self) -> list[URLPattern]:
        """Add the form of a new application, and a page for each act."""
        wrap = self.admin_site.admin_view
        add = path("add/", wrap(self.new_view), name="vestibule_applications_application_add")
        act = path("<uuid:id>/<slug:name>/", wrap(self.act_view), name="vestibule_applications_application_act")
        return [add, *super().get_urls(), act]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, with a link to the form of a new one."""
        may_add = access.is_permitted(request, Permission.MANAGE_APPLICATIONS)
        return super().changelist_view(request, {**(extra_context or {}), "may_add_application": may_add})

    def row_view(self, request: access.StaffRequest, object_id: str) -> HttpResponse:
        """Show what it declares, how its secrets end, and the buttons."""
        self.require_permission(request)
        shown = _load(request, object_id)
        application = shown.application
        context = {
            "title": application.name,
            "application": application,
            "declared": declared_by(application),
            "secrets": shown.secrets,
            "may_remove_secrets": _has_secrets(application),
            "acts": [act for act in ACTIONS.values() if act.is_applicable(application) and act.name != _SECRET_REMOVAL],
        }
        return self.render_admin_page(request, "vestibule/admin/application.html", context)

    def new_view(self, request: access.StaffRequest) -> HttpResponse:
        """Show the form, or create the application and show its secret this once."""
        self.require_permission(request)
        step_up.require_recent_sign_in(request.client)
        refusal: Refusal | None = None
        if request.method == "POST":
            try:
                declared = read_form(request.POST, is_new=True)
                return self._done(request, applications.create_application(client=request.client, declared=declared))
            except (StepUpRequired, Unauthenticated):
                raise
            except Refusal as refused:
                refusal = refused
        typed = _typed_values(request) if request.method == "POST" else {}
        return self._form(request, None, typed, refusal)

    def act_view(self, request: access.StaffRequest, id: UUID, name: str) -> HttpResponse:
        """Show the form of an act, or do it."""
        self.require_permission(request)
        step_up.require_recent_sign_in(request.client)
        application = _load(request, str(id)).application
        act = ACTIONS.get(name)
        if act is None or not act.is_applicable(application):
            raise Http404
        refusal: Refusal | None = None
        if request.method == "POST":
            try:
                return self._act(request, application, act)
            except (StepUpRequired, Unauthenticated):
                raise
            except NotFound as error:
                raise Http404 from error
            except Refusal as refused:
                refusal = refused
        if act.name == _CHANGE:
            values = _typed_values(request) if request.method == "POST" else declared_by(application)
            return self._form(request, application, values, refusal)
        context = {
            "title": act.title,
            "act": act,
            "application": application,
            "secret": request.POST.get("secret") or request.GET.get("secret", ""),
            "alert": refusal_message(refusal) if refusal else "",
        }
        return self.render_admin_page(request, "vestibule/admin/application_act.html", context, refusal_status(refusal))

    def _act(self, request: access.StaffRequest, application: Application, act: ApplicationAction) -> HttpResponse:
        client, client_id = request.client, str(application.pk)
        page = application_url(application)
        if act.name == _CHANGE:
            changes = read_form(request.POST, is_new=False)
            applications.change_application(client=client, client_id=client_id, changes=changes)
        elif act.name == _SECRET_CREATION:
            made = applications.create_secret(client=client, client_id=client_id)
            return self._done(request, ApplicationDetails(application=application, secrets=[], new_secret=made.secret))
        elif act.name == _SECRET_REMOVAL:
            secret_id = _parse_id(request.POST.get("secret", ""))
            applications.remove_secret(client=client, client_id=client_id, secret_id=secret_id)
        else:
            applications.remove_application(client=client, client_id=client_id)
            page = reverse(f"{_PAGES}_changelist")
        return HttpResponseRedirect(page, status=303)

    def _done(self, request: access.StaffRequest, made: ApplicationDetails) -> HttpResponse:
        """Show the secret that was made, or lead to the page of an application without one."""
        if not made.new_secret:
            return HttpResponseRedirect(application_url(made.application), status=303)
        context = {"title": made.application.name, "application": made.application, "secret": made.new_secret}
        return self.render_admin_page(request, "vestibule/admin/application_secret.html", context)

    def _form(
        self,
        request: access.StaffRequest,
        application: Application | None,
        values: Mapping[str, Any],
        refusal: Refusal | None,
    ) -> HttpResponse:
        errors = refusal.fields if isinstance(refusal, Invalid) else {}
        is_new = application is None
        more = fill_form(MORE_FIELDS, values, errors, is_new=is_new)
        context = {
            "title": _("New application") if application is None else application.name,
            "application": application,
            "fields": fill_form(FIELDS, values, errors, is_new=is_new),
            "more": more,
            "open": any(each["error"] for each in more),
            "alert": refusal_message(refusal) if refusal and not errors else "",
        }
        return self.render_admin_page(
            request, "vestibule/admin/application_form.html", context, refusal_status(refusal)
        )


def application_url(application: Application) -> str:
    """Return the page of an application."""
    return reverse(f"{_PAGES}_change", args=[application.pk])


def _load(request: access.StaffRequest, row_id: str) -> ApplicationDetails:
    try:
        return applications.show_application(client=request.client, client_id=str(UUID(row_id)))
    except (ValueError, NotFound) as error:
        raise Http404 from error


def _parse_id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError as error:
        raise NotFound from error


def _typed_values(request: HttpRequest) -> dict[str, Any]:
    """Return what was typed, by field, as the form shows it again."""
    return {**request.POST.dict(), "grant_types": request.POST.getlist("grant_types")}
