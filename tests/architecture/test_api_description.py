"""What a client is generated from says which operation wants a token, and in which order they are read."""

import re
from typing import Any

from tests.openapi import read_contract
from tests.surfaces import read_surfaces
from vestibule.web.problems import PROBLEMS

DOCUMENT: dict[str, Any] = read_contract()
TOKEN: dict[str, list[str]] = {"bearer": []}
NONE: dict[str, list[str]] = {}
# What the operation does without a body: it ends the session of the bearer token, or begins a visit that signs in.
WITHOUT_BODY = {"logout", "social_start"}
# Signed in or not: one takes the refresh token instead, the other links a provider where somebody is signed in.
EITHER = {"/api/auth/logout", "/api/auth/social/{provider}/start"}


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    methods = ("get", "post", "put", "patch", "delete")
    return {
        (path, method): of_path[method]
        for path, of_path in DOCUMENT["paths"].items()
        for method in methods
        if method in of_path
    }


def test_an_operation_says_whether_it_wants_a_token() -> None:
    who = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path): row.who for path, row in read_surfaces().items()}
    wanted = {"bearer": [TOKEN], "staff": [TOKEN], "anybody": None}
    for (path, method), operation in operations().items():
        expected = [TOKEN, NONE] if path in EITHER else wanted[who[path]]
        assert operation.get("security") == expected, (method, path)
    assert "security" not in DOCUMENT


def test_every_group_of_operations_is_described_and_sign_up_stands_first() -> None:
    described = [tag["name"] for tag in DOCUMENT["tags"]]
    assert all(tag["description"] for tag in DOCUMENT["tags"])
    assert set(described) == {tag for operation in operations().values() for tag in operation["tags"]}
    assert described[0] == "Registration"
    assert described[-1] == "Admin"


def test_ux_f_every_operation_has_a_short_summary_of_its_own() -> None:
    summaries = [operation.get("summary", "") for operation in operations().values()]
    assert all(re.fullmatch(r"[A-Z][^.]{3,59}", each) for each in summaries), summaries
    assert len(set(summaries)) == len(summaries)


def test_ux_f_a_body_is_required_but_where_the_operation_does_without() -> None:
    bodies = {of["operationId"]: of["requestBody"] for of in operations().values() if "requestBody" in of}
    assert {name for name, body in bodies.items() if not body["required"]} == WITHOUT_BODY


def test_ux_f_the_picture_is_a_file() -> None:
    form = DOCUMENT["paths"]["/api/auth/me/picture"]["put"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["properties"] == {"picture": {"type": "string", "format": "binary"}}
    assert form["required"] == ["picture"]


def test_ux_f_whatever_is_one_of_a_few_words_is_an_enum_with_a_name() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert set(schemas["ProblemCode"]["enum"]) == {problem.code or row for row, problem in PROBLEMS.items()}
    assert not [name for name in schemas if name.endswith("Enum")]
    for name, schema in schemas.items():
        for field in ("token_type", "channel", "role", "status"):
            stated = schema.get("properties", {}).get(field, {"$ref": ""})
            typed_by_the_person = name in {"StartRequest", "RegisterRequest"}
            assert "$ref" in stated or stated["type"] == "integer" or typed_by_the_person, (name, field)


def test_ux_f_alternatives_stand_where_generators_of_clients_keep_the_fields() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert not ("properties" in schema and {"anyOf", "oneOf"} & schema.keys()), name


def test_ux_f_the_document_says_where_the_service_is_and_how_to_sign_in() -> None:
    assert [server["url"] for server in DOCUMENT["servers"]] == ["/"]
    assert all(word in DOCUMENT["info"]["description"] for word in ("`login`", "`token/refresh`", "401"))


def test_ux_f_what_a_client_writes_first_has_examples() -> None:
    named = {of["operationId"]: of for of in operations().values()}
    for operation in ("register_start", "register_confirm", "login", "token_refresh", "password_change"):
        assert named[operation]["requestBody"]["content"]["application/json"]["examples"], operation
    for operation, status in (("register_start", "202"), ("register_confirm", "201"), ("login", "200")):
        assert named[operation]["responses"][status]["content"]["application/json"]["examples"], operation
    assert named["token_refresh"]["responses"]["200"]["content"]["application/json"]["examples"]
