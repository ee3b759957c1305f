"""The identities at other providers on the security page: those that are linked, and buttons for the others."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from vestibule.flows.account import identities
from vestibule.identities.providers import linked_provider_name
from vestibule.kernel.client import Client
from vestibule.web.pages.factors import security_url
from vestibule.web.pages.provider_buttons import ProviderButton, list_provider_buttons
from vestibule.web.pages.rendering import posted_id


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


IDENTITY_ACTIONS: Mapping[str, Callable[[HttpRequest, Client], HttpResponse]] = MappingProxyType(
    {"identity_remove": _remove_identity}
)
