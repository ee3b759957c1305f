"""Read a JSON body strictly: no duplicate keys, no bottomless nesting, no number that is none."""

import json
from collections.abc import Mapping
from functools import cache
from typing import IO, Any

from django.utils.translation import get_language
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from vestibule.captcha.verification import LONGEST_ANSWER

MAX_DEPTH = 32


class StrictJSONParser(BaseParser):
    """UTF-8 JSON (RFC 8259); every body that is none, or says one thing twice, is a ParseError."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The parsed body. Raises ParseError."""
        try:
            body = json.loads(
                stream.read().decode("utf-8"), object_pairs_hook=_reject_duplicate_keys, parse_constant=_reject_constant
            )
        except (ValueError, RecursionError) as error:
            raise ParseError from error
        _check_depth(body)
        return body


class RequestBody(serializers.Serializer[Any]):
    """What a request holds. null is the same as absent for whatever may be absent, since clients that are generated
    from a schema write out what they were not given; `clears` says that null takes away what is there instead."""

    null_clears = False

    def get_fields(self) -> dict[str, Any]:
        """The fields as they are declared; what may be absent may be null."""
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            field.allow_null = not field.required
        return fields

    def to_internal_value(self, data: Any) -> Any:
        """What was sent, and meant. Raises ValidationError."""
        sent = super().to_internal_value(data)
        return {name: value for name, value in sent.items() if value is not None or self.null_clears}


class Text(serializers.CharField):
    """A string as it was typed; numbers and booleans are no strings (INP-06)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "allow_blank": True, "max_length": 2048, **options})

    def to_internal_value(self, data: Any) -> str:
        """The string. Raises ValidationError for every other type."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Label(Text):
    """What an operating system or a browser calls something: a string of any length and any characters, which is
    cleaned (kernel.text) and never refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "max_length": None, **options})

    def run_validators(self, value: Any) -> None:
        """None: NUL, lone surrogates and the length are seen to by who cleans it."""


class Captcha(Text):
    """What shows that a person asks: ALTCHA's payload, or the token of the vendor's widget."""

    def __init__(self, **options: Any) -> None:
        words = "Where `captcha_required` asks for it; `/api/auth/config` names the provider."
        super().__init__(**{"required": False, "max_length": LONGEST_ANSWER, "help_text": words, **options})


def read_body(kind: type[RequestBody], request: Request) -> dict[str, Any]:
    """The body, of the right shape. Raises ValidationError."""
    return dict(_cached_serializer(kind, get_language()).run_validation(request.data))


@cache
def _cached_serializer(kind: type[serializers.Serializer[Any]], language: str | None) -> serializers.Serializer[Any]:
    """One serializer for all requests in a language, since to make its fields costs more than to check them. It keeps
    nothing of what `run_validation` checks."""
    shape = kind()
    _evaluate_messages(shape)
    return shape


def _evaluate_messages(shape: serializers.Serializer[Any]) -> None:
    """The messages of DRF's validators are written once, in the language of the first reader, and not safely so by two
    threads."""
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
