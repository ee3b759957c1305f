"""Who a person is here: the account with the subject of their ID token, never one with the same address."""

from urllib.parse import urlencode

from django.conf import settings
from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class BySubject(OIDCAuthenticationBackend):
    """Finds and makes accounts by `sub`. Their sessions are found by `sid` when vestibule ends one."""

    def filter_users_by_claims(self, claims):
        """Return the account of this subject."""
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims):
        """Make it."""
        return self.UserModel.objects.create_user(claims["sub"], email=claims["email"])

    def verify_token(self, token, **kwargs):
        """Keep the session's id at vestibule, too."""
        payload = super().verify_token(token, **kwargs)
        self.request.session["sid"] = payload["sid"]
        return payload


def end_session_url(request):
    """Return where the browser signs out everywhere (OpenID Connect RP-Initiated Logout)."""
    back = {
        "id_token_hint": request.session["oidc_id_token"],
        "post_logout_redirect_uri": request.build_absolute_uri("/"),
    }
    return f"{settings.ISSUER}/oauth/logout?{urlencode(back)}"
