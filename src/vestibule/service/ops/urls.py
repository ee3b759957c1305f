"""The URL patterns for operators."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from vestibule.service.ops import health, views

app_name = "vestibule_ops"
urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{settings.HEALTH_PATH}live", health.report_liveness, name="live"),
    path(f"{settings.HEALTH_PATH}ready", health.report_readiness, name="ready"),
    path(settings.METRICS_PATH, views.show_metrics, name="metrics"),
]
if settings.EMAIL_BACKEND.startswith("anymail.") and settings.ANYMAIL_WEBHOOK_SECRET:
    urlpatterns.append(path("webhooks/", include("vestibule.service.ops.feedback")))
