"""Settings of other providers that people come from: `SOCIAL_<NAME>_<SETTING>` for any number of them, like
SOCIAL_GOOGLE_CLIENT_ID (docs/social.md)."""

import re

from vestibule.identities.providers import COMMON_NAMES, EVENTS, OFF, OIDC_NAMES, ON, OWN_NAMES
from vestibule.service.settings import value_types
from vestibule.service.settings.deployment import env

_SETTINGS = sorted({*COMMON_NAMES, *OIDC_NAMES, *(name for names in OWN_NAMES.values() for name in names)})
_VARIABLE = re.compile(rf"SOCIAL_([A-Z0-9_]+?)_({'|'.join(_SETTINGS).upper()})")


def _read_variable(variable: str, name: str) -> str:
    if name in ("client_secret", "private_key"):
        return env.read_secret(variable, has_lines=name == "private_key")
    if name in ("issuer", "url", "api_url"):
        return env.read_url(variable, value_types.require_url)
    if name == EVENTS:
        return ON if env.read_switch(variable, default=False) else OFF
    return env.read_text(variable)


SOCIAL: dict[str, dict[str, str]] = {}
for _found in filter(None, map(_VARIABLE.fullmatch, sorted(env.environ))):
    if _text := _read_variable(_found[0], _found[2].lower()):
        SOCIAL.setdefault(_found[1].lower(), {})[_found[2].lower()] = _text
SOCIAL_LINKING = env.read_choice("SOCIAL_LINKING", ("prove", "authoritative"), default="prove", id="E034")
SOCIAL_KEEP_TOKENS = env.read_switch("SOCIAL_KEEP_TOKENS", default=False)
RETURN_URLS = env.read_list("RETURN_URLS", value_types.parse_site_url)
