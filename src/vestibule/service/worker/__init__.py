"""Delivery and sweeps: by Celery, or by a thread of the embedded process."""
