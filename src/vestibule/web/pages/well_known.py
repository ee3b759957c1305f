"""`/.well-known/…`: what browsers and password managers ask about passkeys."""

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from vestibule.conf import conf
from vestibule.factors.passkey_ceremonies import list_origins

_CACHED = {"Cache-Control": "public, max-age=300"}


@require_safe
def list_related_origins(request: HttpRequest) -> JsonResponse:
    """`/.well-known/webauthn`: the origins that may use our passkeys (WebAuthn L3, 5.11)."""
    return JsonResponse({"origins": list_origins()}, headers=_CACHED)


@require_safe
def list_passkey_endpoints(request: HttpRequest) -> JsonResponse:
    """`/.well-known/passkey-endpoints`: where passkeys are made and managed (W3C, A Well-Known URL for Relying Party
    Passkey Endpoints)."""
    page = f"{conf.base_url}{reverse('vestibule_pages:security')}"
    return JsonResponse({"enroll": page, "manage": page}, headers=_CACHED)
