"""The identities at other providers on the security page: those that are linked, and buttons for the others."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from vestibule.flows.account import identities
from vestibule.identities.providers import linked_provider_name
from vestibule.kernel.client import Client
from vestibule.kernel.errors import NotFound, Refusal
from vestibule.web.pages.account_page import Act, answer_form, find_action, render_account_page
from vestibule.web.pages.factors import security_url
from vestibule.web.pages.provider_buttons import ProviderButton, list_provider_buttons
from vestibule.web.pages.rendering import posted_id
from vestibule.web.pages.session_cookie import signed_in_only


@signed_in_only
def change_identity(request: HttpRequest, client: Client, id: UUID) -> HttpResponse:
    """`/account/security/identities/<id>/`: what it is, and a button that removes it."""
    act = find_action(request, IDENTITY_ACTIONS)
    return answer_form(request, client, act, partial(_identity_page, request, client, id))


def _identity_page(request: HttpRequest, client: Client, id: UUID, refusal: Refusal | None) -> HttpResponse:
    found = [pair for pair in identities_context(client)["identities"] if pair[0].pk == id]
    if not found:
        raise NotFound
    context = {"tab": "security", "identity": found[0][0], "provider": found[0][1]}
    return render_account_page(request, client, "identity", context, refusal)


def identities_context(client: Client) -> dict[str, Any]:
    """Return what the security page needs: each identity with its provider, which may be configured no more, and the
    providers without one."""
    found = identities.list_own_identities(client=client)
    buttons = {each.id: each for each in list_provider_buttons()}
    linked = {each.provider for each in found}
    return {
        "identities": [(each, buttons.get(each.provider) or _button_of_former(each.provider)) for each in found],
        "unlinked": [button for id, button in buttons.items() if id not in linked],
    }


def _button_of_former(id: str) -> ProviderButton:
    return ProviderButton(id=id, name=linked_provider_name(id))


def _remove_identity(request: HttpRequest, client: Client) -> HttpResponse:
    identities.unlink_identity(client=client, id=posted_id(request))
    return HttpResponseRedirect(security_url("identity_remove"), status=303)


IDENTITY_ACTIONS: Mapping[str, Act] = MappingProxyType({"identity_remove": _remove_identity})
