"""Passkeys: the options that a browser gets, and the rows of the credentials (WebAuthn L3)."""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from vestibule.accounts.directory import name_account
from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.factors.models import Passkey
from vestibule.factors.passkey_ceremonies import ALGORITHMS, Assertion, NewCredential, encode
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.kernel.text import clean_label, is_name, strip_invisible

MOST_PASSKEYS = 20  # of an account: the options of a sign-in may have to name them all
LONGEST_NAME = 100  # characters
_TIMEOUT = 5 * 60 * 1000  # milliseconds: as long as the challenge lives
_NAMES_FILE = Path(__file__).with_name("authenticators.json")


def build_creation_options(user: User, challenge: bytes) -> dict[str, Any]:
    """Return PublicKeyCredentialCreationOptions in their JSON form: for a discoverable credential, with the user
    verified, on an authenticator that holds none of the account's yet."""
    return {
        "rp": {"id": conf.host, "name": conf.brand.name},
        "user": describe_user(user),
        "challenge": encode(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
        "timeout": _TIMEOUT,
        "excludeCredentials": _describe(list_passkeys(user.pk)),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


def describe_user(user: User) -> dict[str, str]:
    """Return PublicKeyCredentialUserEntity in its JSON form: what a password manager shows of the account."""
    name = name_account(user)
    return {"id": encode(user.pk.bytes), "name": name, "displayName": user.full_name or name}


def build_request_options(challenge: bytes, passkeys: Iterable[Passkey] = ()) -> dict[str, Any]:
    """Return PublicKeyCredentialRequestOptions in their JSON form, with the user verified: for these passkeys, or for
    whichever the person chooses."""
    return {
        "challenge": encode(challenge),
        "timeout": _TIMEOUT,
        "rpId": conf.host,
        "allowCredentials": _describe(passkeys),
        "userVerification": "required",
    }


def list_passkeys(user_id: UUID) -> QuerySet[Passkey]:
    """Return the account's passkeys, oldest first."""
    return Passkey.objects.filter(user_id=user_id).order_by("created_at")


def find_passkey(credential_id: bytes) -> Passkey | None:
    """Return the passkey with this credential id, and its user."""
    return Passkey.objects.select_related("user").filter(credential_id=credential_id).first()


def save_passkey(user: User, made: NewCredential, name: str, now: datetime) -> Passkey:
    """Save a new credential for the account, in the caller's transaction.

    Raises:
        IntegrityError: an account has it already.
    """
    return Passkey.objects.create(
        user=user,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        aaguid=made.aaguid,
        transports=made.transports,
        is_backup_eligible=made.is_backup_eligible,
        is_backed_up=made.is_backed_up,
        name=name,
        created_at=now,
    )


def is_counter_behind(passkey: Passkey, told: Assertion) -> bool:
    """Return whether the sign count did not grow where either is non-zero: there may be a copy of the authenticator
    (WebAuthn L3, 6.1.1)."""
    return bool(told.sign_count or passkey.sign_count) and told.sign_count <= passkey.sign_count


def record_use(passkey: Passkey, told: Assertion, now: datetime) -> bool:
    """Save what the authenticator told, in the caller's transaction. Return False if the passkey is gone, or another
    request told as high a count meanwhile."""
    grows = Q(sign_count__lt=told.sign_count) if told.sign_count else Q(sign_count=0)
    found = Passkey.objects.filter(grows, pk=passkey.pk)
    return found.update(sign_count=told.sign_count, is_backed_up=told.is_backed_up, last_used_at=now) == 1


def list_amr(passkey: Passkey) -> tuple[str, ...]:
    """Return how a passkey proves its person (RFC 8176): by a key in software if it may be backed up, else in hardware,
    and by a test that a user is there."""
    return ("swk" if passkey.is_backup_eligible else "hwk", "user")


def rename_passkey(user_id: UUID, id: UUID, name: str) -> Passkey | None:
    """Change the name. Return None if the account has no such passkey."""
    list_passkeys(user_id).filter(pk=id).update(name=name)
    return list_passkeys(user_id).filter(pk=id).first()


def delete_passkey(passkey: Passkey) -> None:
    """Delete it, in the caller's transaction."""
    list_passkeys(passkey.user_id).filter(pk=passkey.pk).delete()


def parse_name(typed: str) -> str:
    """Return a name that a person typed.

    Raises:
        Invalid: it is empty or too long, or holds invisible characters.
    """
    name = strip_invisible(typed)
    if not name:
        raise Invalid({"name": [FieldError("required")]})
    if len(name) > LONGEST_NAME or not is_name(name):
        raise Invalid({"name": [FieldError("invalid", "device_name_malformed", {"n": LONGEST_NAME})]})
    return name


def make_name(aaguid: UUID, browser: str) -> str:
    """Return the name of a passkey that the person gave none: its authenticator, and the browser that made it."""
    made_by = name_authenticator(aaguid) or "Passkey"
    return clean_label(f"{made_by} ({browser})" if browser else made_by, LONGEST_NAME)


def name_authenticator(aaguid: UUID) -> str:
    """Return the product that has this AAGUID, or "". Nobody vouches for it: it is only displayed."""
    return _authenticator_names().get(str(aaguid), "")


@cache
def _authenticator_names() -> dict[str, str]:
    names: dict[str, str] = json.loads(_NAMES_FILE.read_text())["names"]
    return names


def _describe(passkeys: Iterable[Passkey]) -> list[dict[str, Any]]:
    """Return PublicKeyCredentialDescriptors in their JSON form."""
    return [
        {"type": "public-key", "id": encode(bytes(each.credential_id)), "transports": each.transports}
        for each in passkeys
    ]
