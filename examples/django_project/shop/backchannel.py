"""`/oidc/backchannel/`: vestibule says that a session ended (OpenID Connect Back-Channel Logout, 2.6)."""

import jwt
from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

EVENT = "http://schemas.openid.net/event/backchannel-logout"
keys = jwt.PyJWKClient(settings.OIDC_OP_JWKS_ENDPOINT)


@csrf_exempt
@require_POST
def end_sessions(request):
    """End the sessions of this `sid`."""
    token = request.POST.get("logout_token", "")
    try:
        claims = jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token).key,
            algorithms=["ES256"],
            issuer=settings.ISSUER,
            audience=settings.OIDC_RP_CLIENT_ID,
            options={"require": ["iss", "aud", "iat", "exp", "jti"]},
        )
    except jwt.PyJWTError:
        return HttpResponseBadRequest("no logout token")
    if EVENT not in claims.get("events", {}) or "nonce" in claims:
        return HttpResponseBadRequest("no logout token")
    for row in Session.objects.all():
        if row.get_decoded().get("sid") == claims["sid"]:
            row.delete()
    return HttpResponse(status=204)
