"""The WSGI application."""

from django.core.wsgi import get_wsgi_application

from vestibule.celery import app as celery

__all__ = ["application", "celery"]

application = get_wsgi_application()
