"""What a client says of its device: checked for shape, kept with the account, trusted by nobody yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from vestibule.accounts.models import User
from vestibule.database.prepared import Prepared
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.kernel.text import is_name, label, trimmed
from vestibule.sessions.models import Device, DeviceType, Session

KNOWN_FOR = timedelta(days=90)  # a network is known for so long after a session from it
# The first mark that is found names it: the more special stand first.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    *(("iPhone", "iOS"), ("iPad", "iPadOS"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS")),
    *(("Mac OS", "macOS"), ("Linux", "Linux")),
)
_RECENT = Prepared(Session.objects.only("id"), "user_id", "address", "created_at__gt")
LONGEST = {"device_name": 100, "browser": 60, "os": 60}  # characters


def declared(typed: Mapping[str, str] | None) -> dict[str, str] | None:
    """The device as it may be kept: the fingerprint as its keyed digest (hex), the rest cleaned (kernel.text): what an
    operating system calls itself never decides over a sign-in.

    Fields: fingerprint_hash, device_name, device_type, browser, os; all optional.
    """
    if not typed:
        return None
    fingerprint, kind = typed.get("fingerprint_hash", ""), typed.get("device_type", "").strip().lower()
    name, browser, os = (label(typed.get(field, ""), longest) for field, longest in LONGEST.items())
    return {
        "fingerprint": settings.KEYS.digest("device", fingerprint.encode()).hex() if fingerprint else "",
        "name": name,
        "type": kind if kind in DeviceType.values else "",
        "browser": browser,
        "os": os,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What is known of where somebody signs in from: the device, and `place`, the digest of device or network under
    which their failures are counted; empty for strangers."""

    device: Device | None
    place: bytes

    @property
    def seen_before(self) -> bool:
        """Whether the person signed in from this device or network before."""
        return bool(self.place)

    @property
    def by_network(self) -> bool:
        """Whether it is the network alone that is known, which strangers may share."""
        return self.seen_before and self.device is None


def recognise(
    client: Client, user_id: UUID, *, said: Mapping[str, str] | None = None, cookie: UUID | None = None
) -> Recognised:
    """By the device cookie, by the fingerprint that the client says, or by the network of an earlier session. For
    nobody's id the same work, and nothing."""
    fingerprint = bytes.fromhex(said["fingerprint"]) if said else b""
    device = None
    if cookie or fingerprint:
        either = Q(pk=cookie) | Q(fingerprint=fingerprint or b"none")
        device = Device.objects.filter(either, user_id=user_id).first()
    recent = client.at - KNOWN_FOR
    network = _RECENT.first(user_id, client.address or "::", recent) is not None
    whose = device.pk.bytes if device else user_id.bytes + client.network.encode()
    place = settings.KEYS.digest("place", whose)
    return Recognised(device=device, place=place if device or network else b"")


def of(user_id: UUID) -> QuerySet[Device]:
    """The devices of a person, the one seen last first."""
    return Device.objects.filter(user_id=user_id).order_by("-last_seen_at")


def rename(user_id: UUID, id: UUID, name: str | None, is_trusted: bool | None) -> Device | None:
    """Another name, or trust or none; what is None stays. None where this person has no such device. Raises Invalid: a
    person types it, and is told."""
    given: dict[str, str | bool] = {}
    if name is not None:
        given["name"] = named = trimmed(name)
        if len(named) > LONGEST["device_name"] or not is_name(named):
            words = _("Use at most %(n)d characters, none of them invisible.") % {"n": LONGEST["device_name"]}
            raise Invalid({"name": [FieldError("invalid", words)]})
    if is_trusted is not None:
        given["is_trusted"] = is_trusted
    if given:
        of(user_id).filter(pk=id).update(**given)
    return of(user_id).filter(pk=id).first()


def forget_all(user_id: UUID, *, but: UUID | None = None) -> None:
    """No device and no network of this person is known any more, but those of one session."""
    sessions, kept = Session.objects.filter(user_id=user_id), Device.objects.filter(user_id=user_id)
    if but:
        sessions, kept = sessions.exclude(pk=but), kept.exclude(sessions=but)
    sessions.update(address=None)
    kept.delete()


def described(agent: str) -> dict[str, str]:
    """What a browser's User-Agent says of its device, in the words that people use; for show only."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    os = next((name for mark, name in _SYSTEMS if mark in agent), "")
    kind = "mobile" if "Mobi" in agent else "tablet" if "iPad" in agent or "Tablet" in agent else "desktop"
    name = " on ".join(each for each in (browser, os) if each)
    return {"fingerprint": "", "name": name, "type": kind, "browser": browser, "os": os}


def remember(user: User, said: Mapping[str, str] | None, now: datetime, known: Device | None = None) -> Device | None:
    """Keep the device with the account, untrusted, in the caller's transaction; None where nothing was said. `known`:
    it was recognised, and is only seen again."""
    if known and Device.objects.filter(pk=known.pk).update(last_seen_at=now):  # it may be forgotten by now
        return known
    if not said:
        return None
    facts = {name: said[name] for name in ("name", "type", "browser", "os")}
    if not said["fingerprint"]:
        return Device.objects.create(user=user, **facts, created_at=now, last_seen_at=now)
    device, _made = Device.objects.update_or_create(
        user=user,
        fingerprint=bytes.fromhex(said["fingerprint"]),
        defaults={**facts, "last_seen_at": now},
        create_defaults={**facts, "last_seen_at": now, "created_at": now},
    )
    return device
