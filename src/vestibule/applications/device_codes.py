"""The codes of a device that signs a person in (RFC 8628): the long one, by which it asks for the answer, and the short
one, which the person types. Both are of one challenge, whose payload says how far it has come."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from vestibule.applications import errors
from vestibule.applications.models import Application
from vestibule.challenges import codes
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import DeviceAuthorizationPayload
from vestibule.challenges.policy import DEVICE_AUTHORIZATION_TTL, Purpose
from vestibule.challenges.store import Challenge
from vestibule.conf import conf
from vestibule.kernel import entropy
from vestibule.kernel import errors as refusals
from vestibule.kernel.client import Client
from vestibule.limits import ledger
from vestibule.limits.ledger import Count
from vestibule.limits.rolling_window import Allowance

INTERVAL = 5  # seconds between two requests of a device, and how much longer that gets if it keeps to less
ALLOWED, DENIED = "allowed", "denied"
# Of 20^8 codes, on the way to the few that are live (docs/decisions/0156).
WRONG_USER_CODES = Allowance(windows=((10, timedelta(hours=1)), (20, timedelta(days=1))))
WRONG_USER_CODES_OF_NETWORK = Allowance(windows=((30, timedelta(hours=1)), (100, timedelta(days=1))))
_SLOWED_DOWN = Allowance(windows=((1000, DEVICE_AUTHORIZATION_TTL),))
_UNEVEN = 1  # seconds less than the interval that a network may make of it


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCodes:
    """What a device gets. `expires_in` is the life of both codes in seconds."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)
    expires_in: int
    interval: int = INTERVAL


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingDevice:
    """A device that asks, as it was read."""

    seen: Challenge
    asked: DeviceAuthorizationPayload

    def is_claimed_by(self, client: Client) -> bool:
        """Return whether this very session typed the code first."""
        return (self.asked.user_id, self.asked.session_id) == (client.user_id, client.session_id)

    def is_open_to(self, client: Client) -> bool:
        """Return whether the client may answer, or has answered: nobody typed the code before it did."""
        mine = self.is_claimed_by(client)
        if challenges.refusal_if_closed(self.seen, client.at):
            return mine and bool(self.asked.answer)
        return mine or self.asked.user_id is None


def issue_device_codes(
    application: Application, now: datetime, *, scope: Sequence[str], resources: Sequence[str]
) -> DeviceCodes:
    """Return the codes for a device of the application. No other live code is the same."""
    user_code = entropy.random_user_code()
    while (other := find_device(user_code)) and not challenges.refusal_if_closed(other.seen, now):
        user_code = entropy.random_user_code()
    issued = challenges.issue(
        Purpose.DEVICE_AUTHORIZATION,
        subject=_subjects_of(user_code)[0],
        payload=DeviceAuthorizationPayload(application_id=application.pk, scope=list(scope), resources=list(resources)),
        now=now,
    )
    return DeviceCodes(
        device_code=issued.link or "", user_code=format_user_code(user_code), expires_in=issued.status.expires_in
    )


def format_user_code(typed: str) -> str:
    """Return a user code, however it was typed, as devices show it: in two groups; "" if the text is none."""
    code = codes.parse_user_code(typed) or ""
    half = len(code) // 2
    return f"{code[:half]}-{code[half:]}" if code else ""


def find_device(user_code: str) -> AskingDevice | None:
    """Return the device that shows this code, whatever became of it."""
    found = challenges.list_newest(Purpose.DEVICE_AUTHORIZATION, _subjects_of(user_code), limit=1)
    try:
        return next((_unseal(seen) for seen in found), None)
    except refusals.Expired:
        return None


def find_device_for(client: Client, typed: str) -> AskingDevice:
    """Return the device that shows the code that the signed-in person typed, if it is open to them. Wrong codes are
    counted for the account and for the network, before they are looked up.

    Raises:
        UserCodeUnknown: there is none, or it is not open to them.
        Locked: too many codes were wrong.
    """
    user_code = codes.parse_user_code(typed)
    if user_code is None:
        raise errors.UserCodeUnknown
    with _guessing(client):
        found = find_device(user_code)
        if found is None or not found.is_open_to(client):
            raise errors.UserCodeUnknown
    return found


def read_device(device_code: str, now: datetime) -> tuple[AskingDevice, str]:
    """Return the device that holds this code, and the secret in it.

    Raises:
        TokenInvalid: the code is none of ours.
        LinkExpired: it is too old.
        AlreadyUsed: it was redeemed.
    """
    seen, secret = challenges.find_live_link(Purpose.DEVICE_AUTHORIZATION, device_code, now)
    return _unseal(seen), secret


def count_poll(device: AskingDevice, now: datetime) -> None:
    """Count that the device asks for the answer.

    Raises:
        SlowDown: it asked less than the interval ago. The interval is five seconds longer from now on (RFC 8628, 3.5).
    """
    key = device.seen.id.bytes
    slowed = ledger.count_recent("device slowed down", key, now, _SLOWED_DOWN)
    interval = timedelta(seconds=INTERVAL * (1 + slowed) - _UNEVEN)
    if ledger.spend("device polls", key, now, Allowance(windows=((1, interval),))):
        ledger.spend("device slowed down", key, now, _SLOWED_DOWN)
        raise errors.SlowDown(f"wait {INTERVAL} seconds longer than before")


def _unseal(seen: Challenge) -> AskingDevice:
    return AskingDevice(seen=seen, asked=challenges.unseal_payload(seen, DeviceAuthorizationPayload))


def _subjects_of(user_code: str) -> list[bytes]:
    """Return the keyed digest of the code under every key of the ring, newest first."""
    return conf.keys.all_digests("user code", user_code.encode())


@contextmanager
def _guessing(client: Client) -> Iterator[None]:
    """Count a wrong code, and take it back if the body finds that it is right."""
    account = challenges.person_subject(client.user_id) if client.user_id else b""
    network = conf.keys.digest("network", client.network.encode())
    counts = (
        Count("user codes", account, WRONG_USER_CODES),
        Count("user codes of network", network, WRONG_USER_CODES_OF_NETWORK),
    )
    if wait := ledger.spend_all(client.at, *counts).wait:
        raise refusals.Locked(retry_after=wait)
    yield
    for each in counts:
        ledger.give_back(each.scope, each.key, client.at, proved=False)
