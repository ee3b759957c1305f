"""The paths for whoever runs it."""

from django.urls import path

from vestibule.skins.ops import health, views

urlpatterns = [
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", views.metrics),
    path(".well-known/jwks.json", views.jwks),
]
