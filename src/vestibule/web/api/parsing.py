"""Strict parsing of JSON bodies: no duplicate keys, no deep nesting, no NaN or Infinity."""

import json
from collections.abc import Mapping
from functools import cache
from typing import IO, Any, ClassVar
from uuid import UUID

from django.utils.translation import get_language
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from vestibule.accounts.fields import PersonalField
from vestibule.captcha.verification import LONGEST_ANSWER

MAX_DEPTH = 32


class StrictJSONParser(BaseParser):
    """Parses UTF-8 JSON (RFC 8259). A body that is none, or holds a key twice, is a ParseError."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the parsed body.

        Raises:
            ParseError: the body is not strict JSON.
        """
        try:
            body = json.loads(
                stream.read().decode("utf-8"), object_pairs_hook=_reject_duplicate_keys, parse_constant=_reject_constant
            )
        except (ValueError, RecursionError) as error:
            raise ParseError from error
        _check_depth(body)
        return body


class RequestBody(serializers.Serializer[object]):
    """The body of a request. For an optional field null is the same as absent, because clients generated from a schema
    send null for what they were not given; `null_clears` marks a body in which null removes the field's content.
    `personal` are the fields of the table (accounts.fields) that the body holds besides its declared ones. What the
    OpenAPI document says of it: `may_be_absent` marks a body without which the operation does something useful, and
    `alternatives` are the sets of optional fields of which one has to be sent."""

    null_clears = False
    may_be_absent: ClassVar[bool] = False
    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = ()
    personal: ClassVar[tuple[PersonalField, ...]] = ()

    def get_fields(self) -> dict[str, Any]:
        """Return the personal fields and the declared ones; optional ones allow null."""
        fields: dict[str, Any] = {row.name: Text(required=False) for row in self.personal} | super().get_fields()
        for field in fields.values():
            field.allow_null = not field.required
        return fields

    def list_alternatives(self) -> tuple[tuple[str, ...], ...]:
        """Return the sets of fields of which one has to be sent."""
        return self.alternatives

    def to_internal_value(self, data: Any) -> Any:
        """Return the fields that were sent and not null, and those that have a default.

        Raises:
            ValidationError: a field is malformed.
        """
        if isinstance(data, Mapping) and not self.null_clears:
            required = {name for name, field in self.fields.items() if field.required}
            data = {name: value for name, value in data.items() if value is not None or name in required}
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A string as it was typed; numbers and booleans are refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "allow_blank": True, "max_length": 2048, **options})

    def to_internal_value(self, data: Any) -> str:
        """Return the string.

        Raises:
            ValidationError: the value has another type.
        """
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class WholeNumber(serializers.IntegerField):
    """A number as JSON has it; texts, fractions and booleans are refused."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number.

        Raises:
            ValidationError: the value has another type.
        """
        if type(data) is not int:  # a bool is an int
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Flag(serializers.BooleanField):
    """True or false as JSON has them; a text or a number is neither."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it.

        Raises:
            ValidationError: the value has another type.
        """
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Identifier(serializers.UUIDField):
    """A UUID as text (RFC 9562, 4); a number is none."""

    def to_internal_value(self, data: Any) -> UUID:
        """Return the UUID.

        Raises:
            ValidationError: the value has another type, or is no UUID.
        """
        if type(data) is not str:
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class Label(Text):
    """A name that an operating system or a browser sends: a string of any length and any characters, which is cleaned
    (`kernel.text`) and never refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "max_length": None, **options})

    def run_validators(self, value: Any) -> None:
        """Validate nothing: `kernel.text` removes NUL, lone surrogates and excess length."""


class Credential(serializers.DictField):
    """A PublicKeyCredential in its JSON form (WebAuthn L3, 5.1): an object, which the flow verifies."""


class Captcha(Text):
    """The answer to a captcha: ALTCHA's payload, or the token of the vendor's widget."""

    def __init__(self, **options: Any) -> None:
        words = "Where `captcha_required` asks for it; `/api/auth/config` names the provider."
        super().__init__(**{"required": False, "max_length": LONGEST_ANSWER, "help_text": words, **options})


def read_body(kind: type[RequestBody], request: Request) -> dict[str, Any]:
    """Return the body, checked.

    Raises:
        ValidationError: the body does not have this form.
    """
    return dict(_cached_serializer(kind, get_language()).run_validation(request.data))


@cache
def _cached_serializer(kind: type[RequestBody], language: str | None) -> RequestBody:
    """Return one serializer for all requests in a language, because creating its fields costs more than checking them.
    It keeps no state of what it checks."""
    shape = kind()
    _evaluate_messages(shape)
    return shape


def _evaluate_messages(shape: serializers.Serializer[object]) -> None:
    """Evaluate the lazy messages of DRF's validators now: they are evaluated once, in the language of the first reader,
    and not safely by two threads."""
    for field in shape.fields.values():
        for validator in field.validators:
            str(getattr(validator, "message", ""))
        if isinstance(field, serializers.Serializer):
            _evaluate_messages(field)


def _reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice")
    return members


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _check_depth(body: Any) -> None:
    level, depth = [body], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ParseError
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
