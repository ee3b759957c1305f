"""Second factors of the tests: an account that has some, and an authenticator app that is not ours."""

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass

from django.utils import timezone

from vestibule.accounts.models import User
from vestibule.factors import recovery_codes, totp
from vestibule.kernel.client import Client


def rfc_6238(seed: str, moment: float, *, digits: int = 6, step: int = 30) -> str:
    """The code of an independent authenticator at that time (RFC 6238; RFC 4226, 5.3)."""
    mac = hmac.digest(base64.b32decode(seed), struct.pack(">Q", int(moment) // step), hashlib.sha1)
    offset = mac[-1] & 15
    return f"{(int.from_bytes(mac[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**digits:0{digits}d}"


@dataclass
class Authenticator:
    """An app that holds a seed, and the recovery codes on paper."""

    seed: str
    recovery_codes: list[str]

    def code(self, steps: int = 0) -> str:
        """The code of now, or of so many steps later."""
        return rfc_6238(self.seed, timezone.now().timestamp() + 30 * steps)


def enrol(user: User) -> Authenticator:
    """Give an account an authenticator app and recovery codes; no code of the app is used up."""
    client = Client(at=timezone.now())
    seed = totp.create_totp(user, client.at)
    row = totp.find_waiting_totp(user.pk)
    assert row
    assert totp.confirm_totp(row, 0, client.at)
    return Authenticator(seed, recovery_codes.replace_recovery_codes(user, client.at))
