"""Settings of the limit lines: Django and DRF with nothing around them (bench.plain_views)."""

import os

from vestibule.service.settings.addresses import parse_postgresql_url

SECRET_KEY = "for one measurement"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bench.plain_views"
INSTALLED_APPS = ["rest_framework"]
MIDDLEWARE: list[str] = []
DATABASES = {
    "default": {
        **parse_postgresql_url(os.environ["DATABASE_URL"]),
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,
    }
}
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
}
