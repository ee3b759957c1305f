"""The pages of a signed-in person, but for security: profile, devices, applications, keys, activity."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.templatetags.static import static
from django.urls import reverse

from vestibule.accounts.models import User
from vestibule.applications.api_keys import DEFAULT_LIFE, LONGEST_NAME
from vestibule.applications.models import ApiKey
from vestibule.audit.models import AuditEvent
from vestibule.factors.models import RememberedDevice
from vestibule.flows.applications.consents import AllowedApplication
from vestibule.kernel.errors import (
    FieldError,
    Invalid,
    NotFound,
    Refusal,
    UsernameTaken,
)
from vestibule.sessions.devices import MAX_LENGTHS
from vestibule.sessions.models import Device
from vestibule.web.pages.account import SHOWN_FIELDS
from vestibule.web.pages.activity import event_context
from vestibule.web.pages.gallery.examples import (
    ADDRESS,
    NOW,
    TOKEN,
    ada,
    device,
    example_id,
    frame,
    newcomer,
    session,
    shop,
)
from vestibule.web.pages.gallery.state import BUSY, State, refused
from vestibule.web.pages.proofs import name_proofs
from vestibule.web.pages.rendering import field_context, personal_field_contexts
from vestibule.web.scope_words import describe_scopes


def account_states() -> Iterator[State]:
    """Yield the states of these pages."""
    yield from _profile_states()
    yield from _session_states()
    yield from _application_states()
    yield from _key_states()
    yield from _activity_states()


def _profile(user: User, **more: Any) -> dict[str, Any]:
    rows = [(row, user.read_field(row)) for row in SHOWN_FIELDS]
    return {
        **frame("profile", user),
        "rows": rows,
        "own_language": "English",
        "saved": False,
        "passkey_upgrade": False,
        **more,
    }


def _field(name: str, refusal: Refusal | None = None) -> dict[str, Any]:
    """The page of one field; "" is the form of all of them."""
    rows = [row for row in SHOWN_FIELDS if name in ("", row.name)]
    values = {row.name: str(ada().read_field(row)) for row in rows}
    fields = personal_field_contexts(rows, values, refusal, list(values))
    path = reverse("vestibule_pages:account")
    return {**frame("profile"), "alone": rows[0] if name else None, "action": path, "fields": fields}


def _profile_states() -> Iterator[State]:
    page = "account/profile"
    picture = static("vestibule/pages/icon.svg")
    yield State(name="profile", template=page, context=_profile(ada(), picture=picture))
    alone = _profile(ada(), languages=[("en", "English")])
    yield State(name="profile-one-language", template=page, context=alone)
    yield State(name="profile-empty", template=page, context=_profile(newcomer()))
    yield State(
        name="profile-of-staff", template=page, context=_profile(ada(), admin_url=reverse("vestibule_admin:index"))
    )
    yield State(name="profile-saved", template=page, context=_profile(ada(), saved=True, passkey_upgrade=True))
    for row in SHOWN_FIELDS:
        yield State(name=f"profile-{row.name}", template="account/profile_field", context=_field(row.name))
    wrong = {
        "username": Invalid({"username": [FieldError("username_malformed")]}),
        "bio": Invalid({"profile.bio": [FieldError("max_length", params={"n": 500})]}),
    }
    for name, each in wrong.items():
        yield from refused(f"profile-{name}", "account/profile_field", _field(name, each), [each])
    for busy in (UsernameTaken(), *BUSY):
        yield from refused("profile", "account/profile_field", _field("username", busy), [busy])
    several = Invalid({**wrong["username"].fields, **wrong["bio"].fields})
    yield from refused("profile-form", "account/profile_field", _field("", several), [several])
    yield State(name="picture", template="account/picture", context={**frame("profile"), "picture": picture})
    yield State(name="picture-none", template="account/picture", context=frame("profile"))
    no_picture = Invalid({"picture": [FieldError("invalid_image")]})
    yield from refused("picture", "account/picture", frame("profile"), [no_picture, *BUSY])
    context = {**frame("profile"), "own": "en"}
    yield State(name="language", template="account/language", context=context)
    yield from refused("language", "account/language", context, BUSY)
    yield State(name="export", template="account/export", context=frame("security"))
    yield from refused("export", "account/export", frame("security"), BUSY)


def _session_states() -> Iterator[State]:
    laptop, phone = device(1, "Firefox on Linux", is_trusted=True), device(2, "Safari on iPhone")
    listed = [
        session(1, laptop, ["pwd", "otp", "mfa"]),
        session(2, phone, ["swk", "mfa"]),
        session(3, None, []),
    ]
    remembered = RememberedDevice(id=example_id(5), created_at=NOW, expires_at=NOW + timedelta(days=30))
    context: dict[str, Any] = {
        **frame("sessions"),
        "sessions": [(each, name_proofs(each.amr)) for each in listed],
        "current": listed[0].pk,
        "devices": [laptop, phone, device(3, "")],
        "remembered": [(remembered, "Firefox on Linux"), (remembered, "")],
    }
    few = {**context, "sessions": context["sessions"][:1], "devices": [], "remembered": []}
    yield State(name="sessions", template="account/sessions", context=context)
    yield State(name="sessions-one", template="account/sessions", context=few)
    yield from refused("sessions", "account/sessions", context, [NotFound(), *BUSY])
    for name, held in (("device", phone), ("device-trusted", laptop), ("device-nameless", device(3, ""))):
        yield State(name=name, template="account/device", context=_device(held))
    wrong = Invalid({"name": [FieldError("max_length", params={"n": 100})]})
    for each in (wrong, *BUSY):
        yield from refused("device", "account/device", _device(phone, each), [each])


def _device(held: Device, refusal: Refusal | None = None) -> dict[str, Any]:
    name = field_context("name", {"name": held.name}, refusal, ["name"])
    return {**frame("sessions"), "device": held, "name": name, "longest": MAX_LENGTHS["device_name"]}


def _application_states() -> Iterator[State]:
    allowed = [
        AllowedApplication(
            application=shop(), scope=["openid", "profile", "offline_access"], allowed_at=NOW, last_used_at=NOW
        ),
        AllowedApplication(application=shop(name="The Library"), scope=["openid"], allowed_at=NOW, last_used_at=None),
    ]
    context = {
        **frame("applications"),
        "withdrawn": False,
        "allowed": [(each, describe_scopes(each.scope)) for each in allowed],
    }
    yield State(name="applications", template="account/applications", context=context)
    yield State(name="applications-none", template="account/applications", context={**context, "allowed": []})
    yield State(name="applications-withdrawn", template="account/applications", context={**context, "withdrawn": True})
    yield from refused("applications", "account/applications", context, [NotFound(), *BUSY])


def _keys(refusal: Refusal | None = None, rows: Sequence[ApiKey] = (), **more: Any) -> dict[str, Any]:
    typed = {"name": "Backup", "days": str(DEFAULT_LIFE.days)}
    scopes = describe_scopes(["openid", "profile", "email"])
    return {
        **frame("security"),
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
    for each in (wrong, *BUSY):
        yield from refused("keys", "account/keys", _keys(each, [key]), [each])
    yield from refused("keys-too-many", "account/keys", _keys(many, [key]), [many])
    shown = {**frame("security"), "row": key, "key": f"vst_{TOKEN}{TOKEN}"}
    yield State(name="key-new", template="account/key_new", context=shown)


def _activity_states() -> Iterator[State]:
    browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    happened = (
        AuditEvent(name="session.opened", code="pwd otp", actor="user", address=ADDRESS, agent=browser),
        AuditEvent(name="password_change.change.refused", code="invalid_credentials", actor="user", agent=browser),
        AuditEvent(name="email_change.confirm.refused", code="otp_expired", actor="user", address=ADDRESS),
        AuditEvent(name="account.suspended", actor="user", by_id=example_id(2)),
        AuditEvent(name="factors.reset", actor="system:worker"),
        AuditEvent(name="application.signed_in", application="The Library", actor="anonymous", address=ADDRESS),
        AuditEvent(name="application.signed_out", actor="anonymous", address=ADDRESS),
        AuditEvent(
            name="application.withdrawn", application="The Library", actor="user", address=ADDRESS, agent=browser
        ),
        AuditEvent(name="provider_event.received", actor="anonymous", address=ADDRESS),
        AuditEvent(name="account.registered", actor="anonymous", address=ADDRESS, agent=browser),
    )
    for number, event in enumerate(happened):
        event.at = NOW - timedelta(hours=number)
    told = [event_context(event, event.application) for event in happened]
    context = {**frame("activity"), "happened": told, "newer": 1, "older": 3}
    yield State(name="activity", template="account/activity", context=context)
    first, last = {**context, "newer": None}, {**context, "older": None}
    yield State(name="activity-newest", template="account/activity", context=first)
    yield State(name="activity-oldest", template="account/activity", context=last)
    few = {**context, "happened": told[:1], "newer": None, "older": None}
    yield State(name="activity-one", template="account/activity", context=few)
