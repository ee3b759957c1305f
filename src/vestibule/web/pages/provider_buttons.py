"""Pages with a button for each provider that people come from."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse

from vestibule.identities.protocol import authorization_origin
from vestibule.identities.providers import Provider, list_providers
from vestibule.kernel import hosts
from vestibule.kernel.errors import Refusal
from vestibule.web.headers import allow_forms_to
from vestibule.web.pages.rendering import render_page


def render_with_providers(
    request: HttpRequest, template: str, context: dict[str, Any], refusal: Refusal | None = None
) -> HttpResponse:
    """Render the page with the providers in its context. Its forms may lead to them: browsers hold also the redirect
    after a form to the policy of the page (CSP 3, 6.4.2)."""
    providers = list_providers()
    response = render_page(request, template, {"providers": providers, **context}, refusal)
    return allow_forms_to(response, [_origin_of(each) for each in providers])


def _origin_of(provider: Provider) -> str:
    """Return where the provider signs in: what it said itself, if it was asked before, else the host of its issuer."""
    return authorization_origin(provider) or hosts.url_origin(urlsplit(provider.issuer))
