"""People: found by address, number or id; one page each, with what the staff may do."""

from typing import Any
from uuid import UUID

from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path

from vestibule.accounts import directory
from vestibule.accounts.models import Role, User
from vestibule.audit import events
from vestibule.flows import audit_log, people
from vestibule.flows.audit_log import Filter
from vestibule.kernel.errors import NotFound, Refusal, StepUpRequired, Unauthenticated
from vestibule.skins.admin import gate
from vestibule.skins.admin.acts import ACTS, Act
from vestibule.skins.admin.tables import Table, moment
from vestibule.skins.problems import PROBLEMS, row, words


class People(Table):
    """The table of people."""

    heading = "People"
    list_display = ("name", "username", "phone_number", "status", "role", "since")
    list_filter = ("status", "role")
    narrowed_by = ("status__exact", "role__exact")
    ordering = ("-created_at",)
    sortable_by = ()
    search_fields = ("email", "phone_number", "id")  # in words for the template; get_search_results does the work
    search_help_text = "Email, phone number or id"

    @display(description="Email")
    def name(self, user: User) -> str:
        """What leads to the person's page."""
        return user.email or user.phone_number or str(user.pk)

    @display(description="Since")
    def since(self, user: User) -> str:
        """When the row was made."""
        return moment(user.created_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """No column that nobody is to see."""
        return User.objects.defer("password")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """By one index or another, never through the whole table (accounts.directory)."""
        return (directory.found(search_term, queryset) if search_term.strip() else queryset), False

    def get_urls(self) -> list[URLPattern]:
        """And a page for each act."""
        act = path("<uuid:id>/<slug:name>/", self.admin_site.admin_view(self.act), name="accounts_user_act")
        return [*super().get_urls(), act]

    def one(self, request: gate.Visit, object_id: str) -> HttpResponse:
        """The account, its sessions, devices and newest events, and the buttons."""
        try:
            shown = people.show(client=request.client, user_id=UUID(object_id))
        except (ValueError, NotFound) as error:
            raise Http404 from error
        count, happened = audit_log.show(client=request.client, which=Filter(user_id=shown.user.pk))
        context = {
            "title": self.name(shown.user),
            "person": shown.user,
            "sessions": shown.sessions,
            "devices": shown.devices,
            "events": [{"row": each, "meaning": events.meaning_of(each.name)} for each in happened],
            "more": count > len(happened),
            "acts": [act for act in ACTS.values() if gate.may(request, act.thing) and act.fits(shown.user)],
            "done": ACTS.get(request.GET.get("done", "")),
        }
        return self.page(request, "house/person.html", context)

    def act(self, request: gate.Visit, id: UUID, name: str) -> HttpResponse:
        """Ask why, then do it, and come back to the person."""
        act = ACTS.get(name)
        if act is None or not gate.may(request, act.thing):
            raise Http404
        gate.recently(request)
        refusal: Refusal | None = None
        if request.method == "POST":
            try:
                act.do(client=request.client, user_id=id, typed=request.POST)
                return HttpResponseRedirect(f"/admin/accounts/user/{id}/?done={name}", status=303)
            except (StepUpRequired, Unauthenticated):
                raise
            except Refusal as refused:
                refusal = refused
        return self._ask(request, id, act, refusal)

    def _ask(self, request: gate.Visit, id: UUID, act: Act, refusal: Refusal | None) -> HttpResponse:
        try:
            user = people.show(client=request.client, user_id=id).user
        except NotFound as error:
            raise Http404 from error
        context: dict[str, Any] = {
            "title": act.title,
            "act": act,
            "person": user,
            "name": self.name(user),
            "roles": Role.choices,
            "alert": words(refusal) if refusal else "",
            "typed": request.POST,
        }
        return self.page(request, "house/act.html", context, PROBLEMS[row(refusal)].status if refusal else 200)
