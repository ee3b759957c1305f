"""Settings of the languages that people are spoken to in (docs/languages.md)."""

from pathlib import Path

from django.conf.locale import LANG_INFO

from vestibule import accounts
from vestibule.kernel.catalogues import ENGLISH, list_languages
from vestibule.service.settings import value_types
from vestibule.service.settings.deployment import env, https

_KNOWN = (ENGLISH, "de", "fr", "es", "pt-br", "it", "nl", "pl", "tr", "hi", "ja", "zh-hans", "ar")
_TRANSLATED = list_languages(Path(accounts.__file__).parent / "locale")
_OFFERED = [code for code in _KNOWN if code in _TRANSLATED]

_chosen = env.read_list("LANGUAGES", value_types.choice_parser(_OFFERED), default=_OFFERED)
LANGUAGES = [(code, LANG_INFO[code]["name_local"]) for code in dict.fromkeys(_chosen)]
# Where nothing says what a person reads.
LANGUAGE_CODE = env.read_choice("LANGUAGE_CODE", _OFFERED, default=ENGLISH if ENGLISH in _chosen else _chosen[0])
LANGUAGE_COOKIE_NAME = "__Host-language" if https else "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60  # seconds
LANGUAGE_COOKIE_SECURE = https
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
