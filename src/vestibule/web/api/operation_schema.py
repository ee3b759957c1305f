"""How operations and the bodies of requests stand in the OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema

from vestibule.web.api.parsing import RequestBody

Security = list[dict[str, list[str]]]

TOKEN: Security = [{"bearer": []}]
TOKEN_OR_NONE: Security = [*TOKEN, {}]
NO_TOKEN: Security = []
_NOT_SIGNED_IN = "not_authenticated"
_INLINE: dict[str, dict[str, Any]] = {"NullEnum": {"type": "null"}, "BlankEnum": {"type": "string", "enum": [""]}}


class OperationSchema(AutoSchema):
    """An operation needs an access token if it answers `not_authenticated`, unless its view says otherwise. It needs
    the body that it takes, unless the body says otherwise."""

    def get_auth(self) -> Security:
        """Return the security requirement of the operation (OpenAPI 3.1, 4.8.30); none for what anybody may call."""
        said: Security | None = getattr(self.view, "openapi_security", None)
        if said is not None:
            return [*said]
        declared: Any = self.get_response_serializers()
        problems = declared.values() if isinstance(declared, dict) else ()
        codes = [getattr(each, "description", "") or "" for each in problems]
        return TOKEN if any(_NOT_SIGNED_IN in listed.split(", ") for listed in codes) else NO_TOKEN

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Return the operation; whether its body is required, the body says and not its fields."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation and "requestBody" in operation:
            operation["requestBody"]["required"] = not getattr(self.get_request_serializer(), "may_be_absent", False)
        return operation


class RequestBodySchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # drf-spectacular's metaclass
    """A body tells its alternatives by `anyOf`. That stands in an `allOf`, and with the types of the fields, because
    generators of clients (openapi-typescript, openapi-python-client) drop the properties beside a bare `anyOf`."""

    target_class = RequestBody
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        """Return the schema of the body."""
        mapped: Any = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # type: ignore[no-untyped-call]
        schema: dict[str, Any] = mapped
        if alternatives := self.target.list_alternatives():
            properties = schema["properties"]
            schema["allOf"] = [{"anyOf": [_require_fields(properties, names) for names in alternatives]}]
        return schema


def inline_null_and_blank(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Return the document without the components NullEnum and BlankEnum, which stand where they were referred to."""
    schemas = result["components"]["schemas"]
    result["components"]["schemas"] = {name: schema for name, schema in schemas.items() if name not in _INLINE}
    inlined = {f"#/components/schemas/{name}": schema for name, schema in _INLINE.items()}
    return dict(_replace_references(result, inlined))


def _replace_references(node: Any, by: dict[str, dict[str, Any]]) -> Any:
    if isinstance(node, list):
        return [_replace_references(each, by) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("$ref") in by:
        return dict(by[node["$ref"]])
    return {name: _replace_references(each, by) for name, each in node.items()}


def _require_fields(properties: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return the schema of an object that has these fields, and null for none of them."""
    typed = {name: _forbid_null(properties[name]) for name in names if "type" in properties.get(name, {})}
    return {"type": "object", "properties": typed, "required": [*names]}


def _forbid_null(field: dict[str, Any]) -> dict[str, Any]:
    described = {word: value for word, value in field.items() if word != "description"}
    kinds = [kind for kind in field["type"] if kind != "null"] if isinstance(field["type"], list) else [field["type"]]
    return {**described, "type": kinds[0] if len(kinds) == 1 else kinds}
