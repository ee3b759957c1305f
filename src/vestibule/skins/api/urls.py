"""The paths of the JSON API; a trailing slash is taken off before they are looked at."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from vestibule.skins.api import configuration, docs, me, registration, tokens

urlpatterns = [
    path("auth/config", configuration.Show.as_view()),
    path("auth/register/start", registration.Start.as_view()),
    path("auth/register/resend", registration.Resend.as_view()),
    path("auth/register/confirm", registration.Confirm.as_view()),
    path("auth/token/refresh", tokens.Refresh.as_view()),
    path("auth/token/verify", tokens.Verify.as_view()),
    path("auth/logout", tokens.Logout.as_view()),
    path("auth/logout/all", tokens.LogoutAll.as_view()),
    path("auth/me", me.Me.as_view()),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", docs.Page.as_view(), name="docs"),
]
