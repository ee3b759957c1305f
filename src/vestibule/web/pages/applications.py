"""`/account/applications/`: the applications that the signed-in person let in."""

from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vestibule.flows.applications.consents import list_allowed_applications, withdraw_consent
from vestibule.kernel.client import Client
from vestibule.kernel.errors import Refusal
from vestibule.web.pages.account_page import answer_form, render_account_page
from vestibule.web.pages.session_cookie import signed_in_only
from vestibule.web.scope_words import describe_scopes


@signed_in_only
def manage_applications(request: HttpRequest, client: Client) -> HttpResponse:
    """List them with what each may have; a button takes it back."""
    return answer_form(request, client, _withdraw_consent, partial(_applications_page, request, client))


def _withdraw_consent(request: HttpRequest, client: Client) -> HttpResponse:
    withdraw_consent(client=client, client_id=request.POST.get("client_id", ""))
    return HttpResponseRedirect(f"{reverse('vestibule_pages:applications')}?withdrawn", status=303)


def _applications_page(request: HttpRequest, client: Client, refusal: Refusal | None) -> HttpResponse:
    context = {
        "tab": "applications",
        "withdrawn": "withdrawn" in request.GET,
        "allowed": [(each, describe_scopes(each.scope)) for each in list_allowed_applications(client=client)],
    }
    return render_account_page(request, client, "applications", context, refusal)
