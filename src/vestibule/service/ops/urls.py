"""The URL patterns for operators."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from vestibule.service.ops import health, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", health.report_liveness),
    path("health/ready", health.report_readiness),
    path("metrics", views.show_metrics),
    path(".well-known/jwks.json", views.show_jwks),
]
if settings.EMAIL_BACKEND.startswith("anymail.") and settings.ANYMAIL_WEBHOOK_SECRET:
    urlpatterns.append(path("webhooks/", include("vestibule.service.ops.feedback")))
