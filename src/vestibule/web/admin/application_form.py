"""The form of an application in the admin: a field for each name that it declares."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vestibule.applications.metadata import (
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    ID_TOKEN_ALGORITHMS,
    NONE,
    PRIVATE_KEY,
    REFRESH,
    SECRET_BASIC,
    SECRET_POST,
)
from vestibule.applications.models import ApplicationType
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.web.field_messages import field_message

Kind = Literal["text", "lines", "switch", "word", "words", "json"]
Words = Promise | str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field. `choices` are pairs of value and words. Left empty in a new application, it gets what is usual, which
    `by_type` says to be that of the type."""

    name: str
    kind: Kind
    label: Words
    hint: Words = ""
    choices: tuple[tuple[str, Words], ...] = ()
    only_new: bool = False
    by_type: bool = False


FIELDS = (
    FormField(name="name", kind="text", label=_("Name"), hint=_("People read it where they agree.")),
    FormField(
        name="type",
        kind="word",
        label=_("Type"),
        hint=_("It stays as it was made."),
        choices=(
            (ApplicationType.WEB, _("Web: a program on a server")),
            (ApplicationType.SPA, _("Single page: a program in the browser")),
            (ApplicationType.NATIVE, _("Native: an app on a phone or a desktop")),
            (ApplicationType.SERVICE, _("Service: a program that acts for itself")),
            (ApplicationType.DEVICE, _("Device: a television or a terminal")),
        ),
        only_new=True,
    ),
    FormField(
        name="redirect_uris",
        kind="lines",
        label=_("Redirect addresses"),
        hint=_("Where people are sent back to, one a line, letter for letter: https, or http on this machine."),
    ),
    FormField(
        name="first_party",
        kind="switch",
        label=_("Our own"),
        hint=_("Nobody is asked for consent."),
    ),
    FormField(
        name="scope",
        kind="text",
        label=_("Scopes"),
        hint=_("What it may ask for, with blanks between."),
        by_type=True,
    ),
)
MORE_FIELDS = (
    FormField(
        name="post_logout_redirect_uris",
        kind="lines",
        label=_("Addresses after the sign-out"),
        hint=_("One a line."),
    ),
    FormField(
        name="backchannel_logout_uri",
        kind="text",
        label=_("Back-channel logout"),
        hint=_("Where it is told that a sign-in ended."),
    ),
    FormField(name="logo_uri", kind="text", label=_("Logo"), hint=_("An https address.")),
    FormField(name="resources", kind="lines", label=_("APIs that its tokens are for"), hint=_("One a line.")),
    FormField(
        name="introspect",
        kind="switch",
        label=_("May ask about tokens"),
        hint=_("It is an API, and receives the tokens of other applications."),
    ),
    FormField(
        name="grant_types",
        kind="words",
        label=_("Grant types"),
        by_type=True,
        choices=tuple((each, each) for each in (AUTHORIZATION_CODE, REFRESH, CLIENT_CREDENTIALS, DEVICE_CODE)),
    ),
    FormField(
        name="token_endpoint_auth_method",
        kind="word",
        label=_("How it proves itself"),
        by_type=True,
        choices=tuple((each, each) for each in (SECRET_BASIC, SECRET_POST, PRIVATE_KEY, NONE)),
    ),
    FormField(name="jwks", kind="json", label=_("Public keys"), hint=_("A JWK set.")),
    FormField(
        name="id_token_signed_response_alg",
        kind="word",
        label=_("ID tokens are signed by"),
        choices=tuple((each, each) for each in ID_TOKEN_ALGORITHMS),
    ),
)
ALL_FIELDS = (*FIELDS, *MORE_FIELDS)


def read_form(typed: QueryDict, *, is_new: bool) -> dict[str, Any]:
    """Return what the form declares. What is empty in a new application is left out, and so is as usual.

    Raises:
        Invalid: the public keys are no JSON.
    """
    fields = [field for field in ALL_FIELDS if is_new or not field.only_new]
    values = {field.name: _read_field(field, typed) for field in fields}
    return {name: value for name, value in values.items() if not (is_new and value in ("", [], None))}


def fill_form(
    fields: tuple[FormField, ...], values: Mapping[str, Any], errors: Mapping[str, Any], *, is_new: bool
) -> list[dict[str, Any]]:
    """Return the fields for the template, each with its value as it is typed, and what is wrong with it."""
    return [
        {
            "field": field,
            "value": _show_value(field, values.get(field.name)),
            "error": " ".join(map(field_message, errors.get(field.name, ()))),
        }
        for field in fields
        if is_new or not field.only_new
    ]


def _read_field(field: FormField, typed: QueryDict) -> Any:
    if field.kind == "switch":
        return field.name in typed
    if field.kind == "words":
        return typed.getlist(field.name)
    text = typed.get(field.name, "").strip()
    if field.kind == "lines":
        return [line for each in text.splitlines() if (line := each.strip())]
    if field.kind != "json":
        return text
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError) as error:
        raise Invalid({field.name: [FieldError("invalid", "public_keys_malformed")]}) from error


def _show_value(field: FormField, value: Any) -> Any:
    if field.kind == "lines" and not isinstance(value, str):
        return "\n".join(value or [])
    if field.kind == "json" and not isinstance(value, str):
        return json.dumps(value, indent=2) if value else ""
    return value
