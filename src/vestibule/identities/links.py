"""The links between accounts and identities, each changed by one guarded statement in the caller's transaction."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F, Q, QuerySet

from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.identities.answers import IdentityTaken, ProviderAnswer
from vestibule.identities.models import Identity
from vestibule.identities.providers import linked_provider_name
from vestibule.storage.database import atomic

_SEAL = "provider tokens"


def find_identity(issuer: str, subject: str) -> Identity | None:
    """Return the identity of this pair with its account. No other property of a person finds an account."""
    return Identity.objects.select_related("user").filter(issuer=issuer, subject=subject).first()


def link_identity(user: User, answer: ProviderAnswer, *, session_id: UUID | None, now: datetime) -> Identity:
    """Link the person of a provider's answer to the account. `session_id` is the session that does so.

    Raises:
        IdentityTaken: the pair of issuer and subject belongs to an account already.
    """
    row = Identity(
        user=user,
        provider=answer.provider,
        issuer=answer.issuer,
        subject=answer.subject,
        name=answer.label,
        created_at=now,
        last_used_at=now,
        linked_by_session=session_id,
    )
    row.sealed_tokens = _seal_tokens(row, answer)
    try:
        with atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise IdentityTaken from error
    return row


def has_identity(user: User, identity_id: UUID, proved_at: datetime) -> bool:
    """Return whether the account still has this identity, and the proof of it that was made at that time counts."""
    found = Identity.objects.filter(pk=identity_id, user=user)
    return found.filter(Q(revoked_at=None) | Q(revoked_at__lt=proved_at)).exists()


def record_use(identity: Identity, answer: ProviderAnswer, now: datetime) -> bool:
    """Record that the identity signs its account in. Return False if it was unlinked meanwhile. Nothing else that the
    provider says now changes anything here."""
    changed = {"last_used_at": now} | (
        {"sealed_tokens": sealed} if (sealed := _seal_tokens(identity, answer)) is not None else {}
    )
    return Identity.objects.filter(pk=identity.pk, user_id=identity.user_id).update(**changed) == 1


def list_identities(user: User) -> QuerySet[Identity]:
    """Return the identities of the account, oldest first."""
    return Identity.objects.filter(user=user).order_by("created_at", "pk")


def name_providers(identities: Iterable[Identity]) -> str:
    """Return the names of the providers of these identities, for a message."""
    return ", ".join(sorted({linked_provider_name(each.provider) for each in identities}))


def list_usable_identities(user: User) -> QuerySet[Identity]:
    """Return the identities of the account whose provider is configured and has vouched for the person since it last
    said that what it had said before is void."""
    used = Q(revoked_at=None) | Q(last_used_at__gt=F("revoked_at"))
    return list_identities(user).filter(used, provider__in=conf.social)


def revoke_identity(identity: Identity, now: datetime) -> bool:
    """Let no proof of the identity that was made before now count, and forget the provider's tokens. Return False if
    it was unlinked meanwhile."""
    found = Identity.objects.filter(pk=identity.pk, user_id=identity.user_id)
    return found.update(revoked_at=now, sealed_tokens=None) == 1


def unlink_identity(identity: Identity) -> bool:
    """Delete the identity. Return False if it was unlinked meanwhile."""
    return Identity.objects.filter(pk=identity.pk, user_id=identity.user_id).delete()[0] == 1


def delete_identities(user: User) -> None:
    """Delete every identity of the account."""
    Identity.objects.filter(user=user).delete()


def delete_disowned_identities(
    user: User, *, linked_since: datetime, linked_by: Collection[UUID], ids: Collection[UUID]
) -> list[str]:
    """Delete the identities that were linked since, or by one of these sessions, or have one of these ids. Return whose
    they were: the provider of each."""
    disowned = Q(created_at__gte=linked_since) | Q(linked_by_session__in=linked_by) | Q(pk__in=ids)
    found = list(list_identities(user).filter(disowned).values_list("pk", "provider"))
    Identity.objects.filter(pk__in=[pk for pk, _ in found]).delete()
    return [provider for _, provider in found]


def open_tokens(identity: Identity) -> dict[str, str]:
    """Return the provider's tokens that are kept with the identity (SOCIAL_KEEP_TOKENS).

    Raises:
        Unsealable: the row was altered, or copied from another.
    """
    if identity.sealed_tokens is None:
        return {}
    opened: dict[str, str] = json.loads(
        conf.keys.unseal(_SEAL, bytes(identity.sealed_tokens), context=_context_of(identity))
    )
    return opened


def _seal_tokens(row: Identity, answer: ProviderAnswer) -> bytes | None:
    if not (conf.social_keep_tokens and answer.tokens):
        return None
    return conf.keys.seal(_SEAL, json.dumps(dict(answer.tokens)).encode(), context=_context_of(row))


def _context_of(row: Identity) -> bytes:
    """Where the tokens are stored: they open in no other row and for no other user."""
    return row.user_id.bytes + row.pk.bytes
