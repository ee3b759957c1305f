"""FAULTS 23: null is the same as absent for whatever may be absent, in every body of the contract."""

import re
from functools import cache
from typing import Any
from uuid import uuid4

import jsonschema_rs

from tests.openapi import read_contract
from tests.world import PASSWORD, Api, Inbox, Reply

# What stands in an alternative and is not text, or chooses what else is wanted.
EXAMPLES: dict[str, Any] = {"method": "totp", "channel": "sms", "credential": {}}
# Where the body is not read, because she is no admin; and what ends the session of the test.
UNREAD = ("/api/admin/", "/api/auth/logout")
PASSKEY = {"method": "passkey"}
WRONG: list[Any] = [[], ["a"], [[]], {}, {"a": 1}, 0, 1, 7, 10**400, 1.5, True, "true"]


@cache
def bodies() -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation that takes JSON: method, path, and the schema of its body."""
    contract, found = read_contract(), []
    for path, operations in contract["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                found.append((method.upper(), path, resolved(contract, content["application/json"]["schema"])))
    return found


def resolved(contract: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with what it refers to in it."""
    choices = {"oneOf": schema["oneOf"]} if "oneOf" in schema else {}
    for part in (schema, *schema.get("allOf", []), *schema.get("oneOf", [])):
        if "$ref" in part:
            schema = contract["components"]["schemas"][part["$ref"].rpartition("/")[2]]
    properties = {name: resolved(contract, each) for name, each in schema.get("properties", {}).items()}
    return {**schema, **choices, "properties": properties}


def smallest(schema: dict[str, Any]) -> dict[str, Any]:
    """A body of what is required, and nothing of it right."""
    return {name: schema["properties"][name].get("enum", ["x"])[0] for name in schema.get("required", [])}


def suits(field: dict[str, Any], value: Any) -> bool:
    """Whether the contract lets the field have the value: an empty list is no wrong type where a list is wanted."""
    return jsonschema_rs.is_valid({**field, "components": read_contract()["components"]}, value)


def send(api: Api, access: str, method: str, path: str, body: Any) -> Reply:
    return api.send(method, re.sub(r"\{\w+\}", str(uuid4()), path), access, body)


def test_fault_23_the_contract_says_that_null_may_be_sent() -> None:
    assert len(bodies()) > 20
    for method, path, schema in bodies():
        for name, field in schema["properties"].items():
            nullable = "null" in field.get("type", []) or {"type": "null"} in field.get("oneOf", [])
            required = name in schema.get("required", [])
            assert required or nullable or field.get("nullable") or field["properties"], (method, path, name)


def test_fault_23_null_is_absent_in_every_body(api: Api, ada: str) -> None:
    for method, path, schema in bodies():
        body = smallest(schema)
        for name, field in schema["properties"].items():
            nested: list[dict[str, Any]] = [{name: {inner: None}} for inner in field["properties"]]
            for sent in [{name: None}, *nested] if name not in body else nested:
                reply = send(api, ada, method, path, body | sent)
                assert reply.status < 500
                assert "null" not in str(reply.body.get("codes", {}).get(name, "")), (method, path, sent)


def test_inp_06_every_wrong_type_is_named_in_every_body(api: Api, ada: str) -> None:
    for method, path, schema in bodies():
        body = smallest(schema)
        for name, field in schema["properties"].items():
            for wrong in WRONG:
                if suits(field, wrong):
                    continue
                reply = send(api, ada, method, path, {**body, name: wrong})
                assert (reply.status, reply.code) == (400, "invalid"), (method, path, name, wrong)
                assert name in reply.body["errors"], (method, path, name, wrong)


def accepts(schema: dict[str, Any], body: dict[str, Any]) -> bool:
    return jsonschema_rs.is_valid({**schema, "components": read_contract()["components"]}, body)


def misses_a_field(reply: Reply) -> bool:
    return reply.status == 400 and reply.code == "invalid" and "required" in str(reply.body["codes"])


def test_ux_f_the_contract_refuses_the_empty_body_that_the_service_refuses(api: Api, ada: str) -> None:
    for method, path, schema in bodies():
        if not path.startswith(UNREAD):
            reply = send(api, ada, method, path, {})
            assert accepts(schema, {}) is (reply.code != "invalid"), (method, path, reply.body)


def test_ux_f_every_alternative_of_the_contract_is_one_of_the_service(api: Api, ada: str) -> None:
    found = 0
    for method, path, schema in bodies():
        always = smallest(schema)
        for choice in (one for part in schema.get("allOf", []) for one in part.get("anyOf", [])):
            found += 1
            body = always | {name: EXAMPLES.get(name, "x") for name in choice["required"]}
            body |= PASSKEY if "credential" in body else {}
            assert accepts(schema, body), (method, path, body)
            reply = send(api, ada, method, path, body)
            assert not misses_a_field(reply), (method, path, body, reply.body)
            for name in choice["required"]:
                fewer = {key: value for key, value in body.items() if key != name}
                assert not accepts(schema, fewer), (method, path, fewer)
    assert found > 20


def test_fault_23_a_sign_up_and_a_sign_in_full_of_nulls(api: Api, inbox: Inbox, ada: str) -> None:
    optional = ("username", "full_name", "phone_number", "device", "captcha", "confirm_password", "channel")
    nothing = dict.fromkeys(optional)
    new = {"email": "new@example.com", "password": PASSWORD}
    reply = api.post("register/start", {**nothing, **new})
    assert reply.status == 202
    code = inbox.newest("new@example.com").code
    assert api.post("register/confirm", {"registration": reply.registration, "otp": code, "email": None}).status == 201
    for more in ({"device": None, "captcha": None}, {"username": None, "phone_number": None}, {"device": {"os": None}}):
        assert api.post("login", {**new, **more}).status == 200


def test_fault_23_null_takes_away_in_a_profile(api: Api, ada: str) -> None:
    full = {"full_name": "Ada", "username": "ada", "profile": {"bio": "Hello", "address": "1 Main St"}}
    assert api.send("PATCH", "me", ada, full).status == 200
    body = api.send("PATCH", "me", ada, {"full_name": None, "username": None, "profile": {"bio": None}}).body
    assert (body["full_name"], body["username"]) == ("", None)
    assert (body["profile"]["bio"], body["profile"]["address"]) == ("", "1 Main St")
    assert api.send("PATCH", "me", ada, {"profile": None}).body["profile"]["address"] == ""
