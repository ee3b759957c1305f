"""Pages with a button for each provider that people come from, and their marks (static/vestibule/pages/providers)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse

from vestibule.identities.protocol import authorization_origin
from vestibule.identities.providers import FACTS, Provider, list_providers
from vestibule.kernel import hosts
from vestibule.kernel.errors import Refusal
from vestibule.web.headers import allow_forms_to
from vestibule.web.pages.rendering import render_page


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderButton:
    """What a page shows of a provider. `mark` is the path of its picture among the static files."""

    id: str
    name: str

    @property
    def mark(self) -> str:
        """The brand's own, or a key for a provider that we do not know by name."""
        return f"vestibule/pages/providers/{self.id if self.id in FACTS else 'other'}.svg"


def list_provider_buttons() -> list[ProviderButton]:
    """Return a button for each provider that is configured, in order."""
    return [ProviderButton(id=each.id, name=each.name) for each in list_providers()]


def render_with_providers(
    request: HttpRequest, template: str, context: dict[str, Any], refusal: Refusal | None = None
) -> HttpResponse:
    """Render the page with the providers in its context. Its forms may lead to them: browsers hold also the redirect
    after a form to the policy of the page (CSP 3, 6.4.2)."""
    response = render_page(request, template, {"providers": list_provider_buttons(), **context}, refusal)
    return allow_forms_to(response, [_origin_of(each) for each in list_providers()])


def _origin_of(provider: Provider) -> str:
    """Return where the provider signs in: what it said itself, if it was asked before, else the host of its issuer."""
    return authorization_origin(provider) or hosts.url_origin(urlsplit(provider.issuer))
