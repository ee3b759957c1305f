"""How an operation stands in the OpenAPI document: whether it needs an access token."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

Security = list[dict[str, list[str]]]

TOKEN: Security = [{"bearer": []}]
TOKEN_OR_NONE: Security = [*TOKEN, {}]
NO_TOKEN: Security = []
_NOT_SIGNED_IN = "not_authenticated"


class OperationSchema(AutoSchema):
    """An operation needs an access token if it answers `not_authenticated`, unless its view says otherwise."""

    def get_auth(self) -> Security:
        """Return the security requirement of the operation (OpenAPI 3.1, 4.8.30); none for what anybody may call."""
        said: Security | None = getattr(self.view, "openapi_security", None)
        if said is not None:
            return [*said]
        declared: Any = self.get_response_serializers()
        problems = declared.values() if isinstance(declared, dict) else ()
        codes = [getattr(each, "description", "") or "" for each in problems]
        return TOKEN if any(_NOT_SIGNED_IN in listed.split(", ") for listed in codes) else NO_TOKEN
