"""The catalogues of our sentences: what the source says, and what each language makes of it (docs/languages.md)."""

import os

import django
from django.apps import apps

if not apps.ready:  # what says the sentences can only be loaded then
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vestibule.service.settings")
    django.setup()
