"""People in the admin: found by address, number or id; a page for each, with the buttons of the staff."""

from typing import Any
from uuid import UUID

from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path

from vestibule.accounts import directory
from vestibule.accounts.fields import PERSONAL_FIELDS
from vestibule.accounts.models import Role, User
from vestibule.audit import events
from vestibule.flows import step_up
from vestibule.flows.staff import audit_log, people
from vestibule.flows.staff.audit_log import EventFilter
from vestibule.identities.providers import linked_provider_name
from vestibule.kernel.errors import NotFound, Refusal, StepUpRequired, Unauthenticated
from vestibule.web.admin import access
from vestibule.web.admin.actions import ACTIONS, UNLINK, AccountAction
from vestibule.web.admin.tables import ReadOnlyTable, format_moment, person_url
from vestibule.web.problems import refusal_message, refusal_status

# Addresses stand above them, with their proofs.
_SHOWN_FIELDS = [row for row in PERSONAL_FIELDS if row.staff_see and not row.is_address]


class PersonTable(ReadOnlyTable):
    """The table of people."""

    heading = "People"
    path = "accounts/user/"
    list_display = ("name", "username", "phone_number", "status", "role", "since")
    list_filter = ("status", "role")
    filter_parameters = ("status__exact", "role__exact")
    ordering = ("-created_at",)
    sortable_by = ()
    search_fields = ("email", "phone_number", "id")  # in words for the template; get_search_results does the work
    search_help_text = "Email, phone number or id"

    @display(description="Email")
    def name(self, user: User) -> str:
        """The text that links to the person's page."""
        return user.email or user.phone_number or str(user.pk)

    @display(description="Since")
    def since(self, user: User) -> str:
        """When the row was created."""
        return format_moment(user.created_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the rows without the columns that nobody may see."""
        return User.objects.defer("password")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """Search by an index, never through the whole table (`accounts.directory`)."""
        return (directory.search_users(search_term, queryset) if search_term.strip() else queryset), False

    def get_urls(self) -> list[URLPattern]:
        """Add a page for each act."""
        act = path(
            "<uuid:id>/<slug:name>/",
            self.admin_site.admin_view(self.account_action_view),
            name="vestibule_accounts_user_act",
        )
        return [*super().get_urls(), act]

    def row_view(self, request: access.StaffRequest, object_id: str) -> HttpResponse:
        """Show the account, its second factors, sessions, devices and newest events, and the buttons."""
        try:
            shown = people.show_person(client=request.client, user_id=UUID(object_id))
        except (ValueError, NotFound) as error:
            raise Http404 from error
        count, happened = audit_log.find_events(client=request.client, event_filter=EventFilter(user_id=shown.user.pk))
        acts = [
            act
            for act in ACTIONS.values()
            if access.is_permitted(request, act.permission) and act.is_applicable(shown.user)
        ]
        context = {
            "title": self.name(shown.user),
            "person": shown.user,
            "personal": [(row.label, shown.user.read_field(row)) for row in _SHOWN_FIELDS],
            "factors": shown.factors,
            "passkeys": shown.passkeys,
            "factor_reset": shown.factor_reset,
            "identities": [(linked_provider_name(each.provider), each) for each in shown.identities],
            "sessions": shown.sessions,
            "devices": shown.devices,
            "events": [{"row": each, "meaning": events.meaning_of(each.name)} for each in happened],
            "more": count > len(happened),
            "acts": acts,
            "unlink": next((act for act in acts if act.name == UNLINK), None),
            "done": ACTIONS.get(request.GET.get("done", "")),
        }
        return self.render_admin_page(request, "vestibule/admin/person.html", context)

    def account_action_view(self, request: access.StaffRequest, id: UUID, name: str) -> HttpResponse:
        """Ask for a reason, call the flow, and return to the person."""
        act = ACTIONS.get(name)
        if act is None or not access.is_permitted(request, act.permission):
            raise Http404
        step_up.require_recent_sign_in(request.client)
        refusal: Refusal | None = None
        if request.method == "POST":
            try:
                act.call_flow(client=request.client, user_id=id, typed=request.POST)
                return HttpResponseRedirect(f"{person_url(id)}?done={name}", status=303)
            except (StepUpRequired, Unauthenticated):
                raise
            except Refusal as refused:
                refusal = refused
        return self._reason_form(request, id, act, refusal)

    def _reason_form(
        self, request: access.StaffRequest, id: UUID, act: AccountAction, refusal: Refusal | None
    ) -> HttpResponse:
        try:
            shown = people.show_person(client=request.client, user_id=id)
        except NotFound as error:
            raise Http404 from error
        asked = request.POST.get("identity") or request.GET.get("identity", "")  # only one of them
        context: dict[str, Any] = {
            "title": act.title,
            "act": act,
            "person": shown.user,
            "name": self.name(shown.user),
            "identity_id": asked,
            "identities": [
                (linked_provider_name(each.provider), each) for each in shown.identities if asked in ("", str(each.pk))
            ],
            "roles": Role.choices,
            "alert": refusal_message(refusal) if refusal else "",
            "typed": request.POST,
        }
        return self.render_admin_page(request, "vestibule/admin/act.html", context, refusal_status(refusal))
