"""Devices: what a client says about its device, and which devices and networks an account was signed in from before."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q, QuerySet

from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.kernel.text import clean_label, is_name, strip_invisible
from vestibule.sessions.models import Device, DeviceType, Session
from vestibule.storage.lazy_import import import_when_used
from vestibule.storage.prepared import PreparedQuery

if TYPE_CHECKING:
    import ua_parser
else:
    ua_parser = import_when_used("ua_parser")

KNOWN_FOR = timedelta(days=90)  # how long a network stays known after a session from it
_FORM_FACTORS = re.compile(r"\b(Mobile|iOS)\b")  # in a browser's name: the kind of device says it
_SYSTEM_NAMES = {"Mac OS X": "macOS", "Chrome OS": "ChromeOS"}
_RECENT_SESSION = PreparedQuery(Session.objects.only("id"), "user_id", "address", "created_at__gt")
MAX_LENGTHS = {"device_name": 100, "browser": 60, "os": 60}  # characters


def clean_device_claims(typed: Mapping[str, str] | None) -> dict[str, str] | None:
    """Return the device claims in the form in which they are stored, or None if the client sent none.

    Fields: fingerprint_hash, device_name, device_type, browser, os; all optional. The fingerprint becomes its keyed
    digest (hex). The labels are cleaned (`kernel.text`) rather than refused, because no label decides about a sign-in.
    """
    if not typed:
        return None
    fingerprint, kind = typed.get("fingerprint_hash", ""), typed.get("device_type", "").strip().lower()
    name, browser, os = (clean_label(typed.get(field, ""), longest) for field, longest in MAX_LENGTHS.items())
    return {
        "fingerprint": conf.keys.digest("device", fingerprint.encode()).hex() if fingerprint else "",
        "name": name,
        "type": kind if kind in DeviceType.values else "",
        "browser": browser,
        "os": os,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What is known about the place that somebody signs in from. `origin_digest` is the digest of device or network
    under which failed passwords are counted; it is empty for a stranger."""

    device: Device | None
    origin_digest: bytes

    @property
    def is_known(self) -> bool:
        """Whether the person signed in from this device or network before."""
        return bool(self.origin_digest)

    @property
    def is_known_by_network_only(self) -> bool:
        """Whether only the network is known, which strangers may share."""
        return self.is_known and self.device is None


UNRECOGNISED = Recognised(device=None, origin_digest=b"")


def recognise_client(
    client: Client, user_id: UUID, *, device_claims: Mapping[str, str] | None = None, device_cookie: UUID | None = None
) -> Recognised:
    """Recognise a client by the device cookie, the fingerprint that it claims, or the network of an earlier session. An
    id that no user has gets the same work and no match."""
    fingerprint = bytes.fromhex(device_claims["fingerprint"]) if device_claims else b""
    device = None
    if device_cookie or fingerprint:
        either = Q(pk=device_cookie) | Q(fingerprint=fingerprint or b"none")
        device = Device.objects.filter(either, user_id=user_id).first()
    recent = client.at - KNOWN_FOR
    network = _RECENT_SESSION.first(user_id, client.ip_address or "::", recent) is not None
    whose = device.pk.bytes if device else user_id.bytes + client.network.encode()
    place = conf.keys.digest("place", whose)
    return Recognised(device=device, origin_digest=place if device or network else b"")


def find_device(user_id: UUID, id: UUID) -> Device | None:
    """Return the device, if it is the user's."""
    return Device.objects.filter(user_id=user_id, pk=id).first()


def list_devices_of(user_id: UUID) -> QuerySet[Device]:
    """Return the devices of a user, the last seen first."""
    return Device.objects.filter(user_id=user_id).order_by("-last_seen_at")


def rename_or_trust_device(user_id: UUID, id: UUID, name: str | None, is_trusted: bool | None) -> Device | None:
    """Change the name or the trust of a device; None leaves a field as it is. Return None if the user has no such
    device.

    Raises:
        Invalid: the name is too long or holds invisible characters. The person typed it, so it is refused, not cleaned.
    """
    given: dict[str, str | bool] = {}
    if name is not None:
        given["name"] = named = strip_invisible(name)
        if len(named) > MAX_LENGTHS["device_name"] or not is_name(named):
            params = {"n": MAX_LENGTHS["device_name"]}
            raise Invalid({"name": [FieldError("invalid", "device_name_malformed", params)]})
    if is_trusted is not None:
        given["is_trusted"] = is_trusted
    if given:
        list_devices_of(user_id).filter(pk=id).update(**given)
    return list_devices_of(user_id).filter(pk=id).first()


def forget_devices_and_networks(user_id: UUID, *, except_session: UUID | None = None) -> None:
    """Forget every device and network of the user, except those of one session."""
    sessions, kept = Session.objects.filter(user_id=user_id), Device.objects.filter(user_id=user_id)
    if except_session:
        sessions, kept = sessions.exclude(pk=except_session), kept.exclude(sessions=except_session)
    sessions.update(address=None)
    kept.delete()


def describe_user_agent(user_agent: str) -> dict[str, str]:
    """Return the device that a browser's User-Agent names, in everyday words. It is only displayed; words that the
    client invented are cleaned as its other claims are."""
    browser, system = ua_parser.parse_user_agent(user_agent), ua_parser.parse_os(user_agent)
    is_ipad = "iPad" in user_agent
    browser_name = " ".join(_FORM_FACTORS.sub("", browser.family).split()) if browser else ""
    system_name = _SYSTEM_NAMES.get(system.family, system.family) if system else ""
    told = {
        "browser": clean_label(browser_name, MAX_LENGTHS["browser"]),
        "os": "iPadOS" if is_ipad else clean_label(system_name, MAX_LENGTHS["os"]),
    }
    is_phone = "Mobi" in user_agent  # so do phones say, and tablets with Android do not (developer.chrome.com)
    is_tablet = is_ipad or "Tablet" in user_agent or (system_name == "Android" and not is_phone)
    kind = "tablet" if is_tablet else "mobile" if is_phone else "desktop"
    return {"fingerprint": "", "name": " on ".join(each for each in told.values() if each), "type": kind, **told}


def remember_device(
    user: User, device_claims: Mapping[str, str] | None, now: datetime, recognised: Device | None = None
) -> Device | None:
    """Store the device for the account, untrusted, in the caller's transaction. Return None if the client claimed none.

    A `recognised` device only gets a new `last_seen_at`.
    """
    if recognised and Device.objects.filter(pk=recognised.pk).update(last_seen_at=now):  # it may be deleted by now
        return recognised
    if not device_claims:
        return None
    facts = {name: device_claims[name] for name in ("name", "type", "browser", "os")}
    if not device_claims["fingerprint"]:
        return Device.objects.create(user=user, **facts, created_at=now, last_seen_at=now)
    device, _made = Device.objects.update_or_create(
        user=user,
        fingerprint=bytes.fromhex(device_claims["fingerprint"]),
        defaults={**facts, "last_seen_at": now},
        create_defaults={**facts, "last_seen_at": now, "created_at": now},
    )
    return device
