"""The API against its own schema, as strangers would send it."""

import json
import re
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.architecture.test_shape import endpoints
from tests.world import Api, Inbox
from vestibule.service.wsgi import application

schemathesis.serializer.alias("application/secevent+jwt", "text/plain")
schema = schemathesis.openapi.from_wsgi("/api/schema?format=json", application)


BEARER: list[dict[str, list[str]]] = [{"bearer": []}]  # who has none is refused before anything of the request is read


def is_signed_in(context: Any) -> bool:
    """Whether an operation is for who is signed in."""
    return bool(context.operation.definition.raw.get("security") == BEARER)


def brief(count: int) -> hypothesis_settings:
    """So many examples beside those that the schema spells out, the same ones each time."""
    return hypothesis_settings(
        max_examples=count, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )


@schema.exclude(is_signed_in).parametrize()
@brief(25)
def test_answers_conform_to_the_schema(house: None, case: Case[Any]) -> None:
    conforms(case)


@schema.include(is_signed_in).parametrize()
@brief(3)
def test_refusals_of_strangers_conform_to_the_schema(house: None, case: Case[Any]) -> None:
    conforms(case)


def conforms(case: Case[Any]) -> None:
    """Send the request, and hold its answer against the schema."""
    # What a password or an address must be, and how large a body may be, goes beyond what a schema can say.
    case.call_and_validate(
        headers={"Host": "testserver"}, excluded_checks=[positive_data_acceptance, negative_data_rejection]
    )


def test_the_schema_has_an_example_for_every_code(api: Api) -> None:
    document = json.loads(api.http.get("/api/schema", headers={"Accept": "application/json"}).content)
    assert document["openapi"].startswith("3.1")
    paths = (
        re.sub(r"<\w+:(\w+)>", r"{\1}", path) for path in endpoints() if path.startswith(("api/auth/", "api/admin/"))
    )
    assert set(document["paths"]) == {f"/{path}" for path in paths}
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                for media in answer.get("content", {}).values():
                    if status >= "400":
                        assert media["examples"], (operation["operationId"], status)


def test_the_public_configuration(api: Api, inbox: Inbox) -> None:
    assert api.http.get("/api/auth/config").json() == {
        "signup": {"required_fields": [], "modes": ["deferred", "pending"], "mode": "deferred"},
        "password": {"min_length": 12, "max_bytes": 1024},
        "channels": ["email", "sms"],
        "enumeration_protection": True,
        "passwords": "required",
        "magic_link": True,
        "passkeys": True,
        "providers": [],
        "captcha": {
            "provider": "altcha",
            "site_key": "",
            "register": "never",
            "login": "never",
            "password_reset": "never",
        },
    }


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs?script=", "/api/schema"])
def test_the_docs_need_nobody_else(api: Api, path: str) -> None:
    text = api.http.get(path).content.decode()
    assert api.http.get(path).status_code == 200
    assert "cdn" not in text
    assert "https://" not in text.replace("https://auth.example.com/problems/", "") or path == "/api/schema"
    assert settings.SPECTACULAR_SETTINGS["SWAGGER_UI_DIST"] == "SIDECAR"
