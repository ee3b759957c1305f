"""The pages of a signed-in person, but for security: profile, devices, applications, keys, activity."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.templatetags.static import static

from vestibule.accounts.fields import PERSONAL_FIELDS
from vestibule.accounts.models import User
from vestibule.applications.api_keys import DEFAULT_LIFE, LONGEST_NAME
from vestibule.applications.models import ApiKey
from vestibule.audit import events
from vestibule.factors.models import RememberedDevice
from vestibule.flows.applications.consents import AllowedApplication
from vestibule.kernel.errors import (
    FieldError,
    Invalid,
    NotFound,
    Refusal,
    Throttled,
    Unavailable,
    UsernameTaken,
)
from vestibule.web.pages.gallery.examples import ADDRESS, NOW, TOKEN, ada, device, example_id, newcomer, session, shop
from vestibule.web.pages.gallery.state import State, refused
from vestibule.web.pages.proofs import name_proofs
from vestibule.web.pages.rendering import field_context, personal_field_contexts
from vestibule.web.scope_words import describe_scopes

_ON_PAGE = [row for row in PERSONAL_FIELDS if row.editable and not row.is_address]
_BUSY: tuple[Refusal, ...] = (Throttled(retry_after=1854), Unavailable())


def account_states() -> Iterator[State]:
    """All of them."""
    yield from _profile_states()
    yield from _session_states()
    yield from _application_states()
    yield from _key_states()
    yield from _activity_states()


def _profile(user: User, refusal: Refusal | None = None, **more: Any) -> dict[str, Any]:
    values = {row.name: user.read_field(row) for row in _ON_PAGE}
    return {
        "tab": "profile",
        "fields": personal_field_contexts(_ON_PAGE, values, refusal, list(values)),
        "picture": "",
        "saved": False,
        "passkey_upgrade": False,
        **more,
    }


def _profile_states() -> Iterator[State]:
    page = "account/profile"
    picture = static("vestibule/pages/icon.svg")
    yield State(name="profile", template=page, context=_profile(ada(), picture=picture))
    yield State(name="profile-empty", template=page, context=_profile(newcomer()))
    yield State(name="profile-saved", template=page, context=_profile(ada(), saved=True, passkey_upgrade=True))
    wrong = Invalid(
        {
            "username": [FieldError("username_malformed")],
            "profile.bio": [FieldError("max_length", params={"n": 500})],
            "picture": [FieldError("too_large")],
        }
    )
    for each in (wrong, UsernameTaken(), *_BUSY):
        yield from refused("profile", page, _profile(ada(), each), [each])
    no_picture = Invalid({"picture": [FieldError("invalid_image")]})
    yield from refused("profile-picture", page, _profile(ada(), no_picture), [no_picture])


def _session_states() -> Iterator[State]:
    laptop, phone = device(1, "Firefox on Linux", is_trusted=True), device(2, "Safari on iPhone")
    listed = [
        session(1, laptop, ["pwd", "otp", "mfa"]),
        session(2, phone, ["swk", "mfa"]),
        session(3, None, []),
    ]
    remembered = RememberedDevice(id=example_id(5), created_at=NOW, expires_at=NOW + timedelta(days=30))
    context: dict[str, Any] = {
        "tab": "sessions",
        "sessions": [(each, name_proofs(each.amr)) for each in listed],
        "current": listed[0].pk,
        "devices": [laptop, phone, device(3, "")],
        "remembered": [(remembered, "Firefox on Linux"), (remembered, "")],
    }
    few = {**context, "sessions": context["sessions"][:1], "devices": [], "remembered": []}
    yield State(name="sessions", template="account/sessions", context=context)
    yield State(name="sessions-one", template="account/sessions", context=few)
    yield from refused("sessions", "account/sessions", context, [NotFound(), *_BUSY])


def _application_states() -> Iterator[State]:
    allowed = [
        AllowedApplication(
            application=shop(), scope=["openid", "profile", "offline_access"], allowed_at=NOW, last_used_at=NOW
        ),
        AllowedApplication(application=shop(), scope=["openid"], allowed_at=NOW, last_used_at=None),
    ]
    context = {
        "tab": "applications",
        "withdrawn": False,
        "allowed": [(each, describe_scopes(each.scope)) for each in allowed],
    }
    yield State(name="applications", template="account/applications", context=context)
    yield State(name="applications-none", template="account/applications", context={**context, "allowed": []})
    yield State(name="applications-withdrawn", template="account/applications", context={**context, "withdrawn": True})
    yield from refused("applications", "account/applications", context, [NotFound(), *_BUSY])


def _keys(refusal: Refusal | None = None, rows: Sequence[ApiKey] = (), **more: Any) -> dict[str, Any]:
    typed = {"name": "Backup", "days": str(DEFAULT_LIFE.days)}
    scopes = describe_scopes(["openid", "profile", "email"])
    return {
        "tab": "security",
        "removed": False,
        "keys": [(each, scopes[:2]) for each in rows],
        "name": field_context("name", typed if refusal else {}, refusal, ["name"]),
        "longest": LONGEST_NAME,
        "scopes": [(str(number), words, number == 1) for number, words in enumerate(scopes)],
        "lives": [(days, days == DEFAULT_LIFE.days) for days in (7, 30, 90, 365)],
        **more,
    }


def _key_states() -> Iterator[State]:
    key = ApiKey(
        id=example_id(6), name="Backup of the photos", hint="x7Qd", created_at=NOW, expires_at=NOW + DEFAULT_LIFE
    )
    used = ApiKey(
        id=example_id(7), name="CI", hint="9aZk", created_at=NOW, expires_at=NOW + DEFAULT_LIFE, last_used_at=NOW
    )
    yield State(name="keys", template="account/keys", context=_keys(rows=[key, used]))
    yield State(name="keys-none", template="account/keys", context=_keys())
    yield State(name="keys-removed", template="account/keys", context=_keys(rows=[key], removed=True))
    wrong = Invalid({"name": [FieldError("required")]})
    many = Invalid({"key": [FieldError("too_many", "keys_too_many", params={"n": 20})]})
    for each in (wrong, *_BUSY):
        yield from refused("keys", "account/keys", _keys(each, [key]), [each])
    yield from refused("keys-too-many", "account/keys", _keys(many, [key]), [many])
    shown = {"tab": "security", "row": key, "key": f"vst_{TOKEN}{TOKEN}"}
    yield State(name="key-new", template="account/key_new", context=shown)


def _activity_states() -> Iterator[State]:
    told = [
        {
            "meaning": events.meaning_of(name),
            "at": NOW - timedelta(hours=number),
            "address": ADDRESS if number % 3 else None,
            "proved": name_proofs(["pwd", "otp"]) if number == 1 else "",
        }
        for number, name in enumerate(
            ["profile.changed", "session.opened", "password_change.change.refused", "account.registered"]
        )
    ]
    context = {"tab": "activity", "events": told, "next": 2}
    yield State(name="activity", template="account/activity", context=context)
    yield State(name="activity-empty", template="account/activity", context={**context, "events": [], "next": None})
