"""The paths for whoever runs it."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from vestibule.skins.ops import health, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", views.metrics),
    path(".well-known/jwks.json", views.jwks),
]
if settings.EMAIL_BACKEND.startswith("anymail.") and settings.ANYMAIL_WEBHOOK_SECRET:
    urlpatterns.append(path("webhooks/", include("vestibule.skins.ops.feedback")))
