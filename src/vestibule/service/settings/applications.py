"""Settings of applications that people sign in to through this service (docs/openid.md), and of sites behind a proxy
(docs/proxy.md)."""

from functools import partial

from vestibule.kernel.access_rules import AccessRule
from vestibule.service.settings import value_types
from vestibule.service.settings.deployment import env
from vestibule.service.settings.rules_file import parse_rules_file

OAUTH_SCOPES = dict(env.read_list("OAUTH_SCOPES", value_types.parse_scope))
OAUTH_RESOURCES = env.read_list("OAUTH_RESOURCES", value_types.require_url)
OAUTH_CLIENT_DOCUMENTS = env.read_switch("OAUTH_CLIENT_DOCUMENTS", default=False)
OAUTH_REGISTRATION = env.read_choice("OAUTH_REGISTRATION", ("off", "token", "open"), default="off")
OAUTH_REGISTRATION_TOKEN = env.read_secret("OAUTH_REGISTRATION_TOKEN")
APPLICATIONS_FILE = env.read_parsed(
    "APPLICATIONS_FILE", "file", value_types.parse_readable_file, default=None, id="E042"
)
AUTH_CHECK_DOMAIN = env.read_parsed("AUTH_CHECK_DOMAIN", "domain", value_types.parse_domain, default="", id="E035")
_NO_RULES: tuple[AccessRule, ...] = ()
AUTH_CHECK_RULES = env.read_parsed(
    "AUTH_CHECK_FILE",
    "file",
    partial(parse_rules_file, scopes=tuple(OAUTH_SCOPES)),
    default=_NO_RULES,
    id="E043",
)
