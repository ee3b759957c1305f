"""Settings of applications that people sign in to through this service (docs/openid.md)."""

from vestibule.service.settings import value_types
from vestibule.service.settings.deployment import env

OAUTH_SCOPES = dict(env.read_list("OAUTH_SCOPES", value_types.parse_scope))
OAUTH_RESOURCES = env.read_list("OAUTH_RESOURCES", value_types.require_url)
APPLICATIONS_FILE = env.read_parsed(
    "APPLICATIONS_FILE", "file", value_types.parse_readable_file, default=None, id="E042"
)
