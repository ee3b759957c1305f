"""The paths of the JSON API; a trailing slash is taken off before they are looked at."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from vestibule.skins.api import configuration, docs, registration

urlpatterns = [
    path("auth/config", configuration.Show.as_view()),
    path("auth/register/start", registration.Start.as_view()),
    path("auth/register/resend", registration.Resend.as_view()),
    path("auth/register/confirm", registration.Confirm.as_view()),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", docs.Page.as_view(), name="docs"),
]
