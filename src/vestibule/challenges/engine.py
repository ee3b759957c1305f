"""Issue, resend, verify: the one engine that proves that a person holds an address."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog

from vestibule.challenges.policy import Policy, Purpose, Secret
from vestibule.challenges.store import Challenge, State, Store
from vestibule.kernel import entropy, errors
from vestibule.kernel.sealing import Keys, Unsealable

LEASE = timedelta(seconds=30)
SHORT = 10  # characters; what is longer is no code that somebody could guess, and is not charged to the budget
_DIGEST = 32

log = structlog.get_logger(__name__)


class Budget(Protocol):
    """How many wrong codes one address may see, whatever is resent or restarted (SP 800-63B-4, 3.2.2)."""

    def spend(self, purpose: str, subject: bytes, now: datetime) -> int:
        """Count one guess before it is compared: 0 if it may be compared, else the seconds until one may be."""

    def give_back(self, purpose: str, subject: bytes, now: datetime, *, proved: bool) -> None:
        """The guess just counted was not wrong; `proved` also ends the run of consecutive failures."""

    def wait(self, purpose: str, subject: bytes, now: datetime) -> int:
        """Seconds until the next guess may be compared; 0 while guesses are left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A secret that was just made, and all that its message and the answer need.

    `code` and `link` are None where the policy has none, and for a decoy. Durations are whole seconds.
    """

    id: UUID
    handle: str
    code: str | None
    link: str | None
    decoy: bool
    payload: Mapping[str, Any]
    expires_at: datetime
    expires_in: int
    resend_in: int
    resends_left: int
    attempts_left: int


@dataclass(frozen=True, slots=True)
class Proof:
    """A secret was right and this caller holds the lease: what was sealed at issue."""

    id: UUID
    subject: bytes
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The engine over one store. All moments are handed in; nothing here reads a clock."""

    store: Store
    keys: Keys
    policies: Mapping[Purpose, Policy]
    budget: Budget

    def issue(
        self, purpose: Purpose, *, subject: bytes, payload: Mapping[str, Any], now: datetime, decoy: bool = False
    ) -> Issued:
        """A new challenge. A decoy is the same record under a secret that nobody is told, nor could match.

        While `subject` has no guesses left, a code is a long one: a stranger who burns the budget of short codes
        can't keep the owner out. Call it inside the transaction that holds the message.
        """
        policy, id = self.policies[purpose], entropy.identifier()
        code, link = self._secrets(purpose, policy, subject, now)
        challenge = Challenge(
            id=id,
            purpose=purpose,
            subject=subject,
            digests=self._digests(purpose, id, code, link, decoy=decoy),
            sealed_payload=self._seal(purpose, id, {"decoy": decoy, "data": dict(payload)}),
            sent_at=now,
            expires_at=now + policy.ttl,
        )
        self.store.add(challenge)
        return self._issued(challenge, code, link, decoy=decoy, payload=payload)

    @contextmanager
    def resend(self, purpose: Purpose, handle: str, *, now: datetime) -> Iterator[Issued]:
        """A new secret in place of the old, kept if the body ends well, taken back if it raises.

        Attempts already used stay used.
        Raises TokenInvalid, Expired, Exhausted, AlreadyUsed, TooSoon, Throttled, Locked.
        """
        policy, seen = self.policies[purpose], self.find(purpose, handle)
        sealed = self._unseal(seen)
        code, link = self._secrets(purpose, policy, seen.subject, now)
        digests = self._digests(purpose, seen.id, code, link, decoy=sealed["decoy"])
        self._refuse_resend(policy, seen, now)
        if not self.store.count_send(seen, digests=digests, now=now, expires_at=now + policy.ttl):
            self._refuse_resend(policy, self.find(purpose, handle), now)
            raise errors.Locked(retry_after=1, subject=seen.subject)
        renewed = Challenge(
            id=seen.id,
            purpose=purpose,
            subject=seen.subject,
            digests=digests,
            sealed_payload=seen.sealed_payload,
            sent_at=now,
            expires_at=now + policy.ttl,
            attempts=seen.attempts,
            sends=seen.sends + 1,
        )
        try:
            yield self._issued(renewed, code, link, decoy=sealed["decoy"], payload=sealed["data"])
        except BaseException:
            self._quietly(lambda: self.store.undo_send(seen, digests=digests))
            raise

    @contextmanager
    def verify(
        self,
        purpose: Purpose,
        handle: str,
        secret: str,
        *,
        now: datetime,
        matches: Callable[[Mapping[str, Any], str], bool] | None = None,
    ) -> Iterator[Proof]:
        """Count, compare, claim; then the body works, and its end settles or releases.

        Enter it outside any transaction: the count must stay whatever the body does. `matches(payload, secret)`
        stands in for the digest comparison (TOTP, recovery codes, WebAuthn).
        Raises TokenInvalid, Expired, Exhausted, WrongSecret, AlreadyUsed, Locked.
        """
        policy, seen = self.policies[purpose], self.find(purpose, handle)
        self._count(policy, seen, secret, now)
        sealed = self._unseal(seen)
        payload = sealed["data"]
        right = matches(payload, secret) if matches else self._right(seen, secret)
        if sealed["decoy"] or not right:
            raise self._wrong(policy, seen)
        lease = self._claim(seen, secret, now)
        try:
            yield Proof(id=seen.id, subject=seen.subject, payload=payload)
        except errors.AlreadyUsed:
            self._quietly(lambda: self.store.settle(seen.id))
            self._give_back(seen, secret, now)
            raise
        except BaseException:
            self._quietly(lambda: self.store.release(seen.id, lease=lease))
            self._give_back(seen, secret, now)
            raise
        # The work is committed: whatever fails from here on, the person was told the truth. The lease runs out by
        # itself, and the challenge's id in the audit record keeps the proof from working twice.
        self._quietly(lambda: self.store.settle(seen.id))
        self._quietly(lambda: self.budget.give_back(seen.purpose, seen.subject, now, proved=True))

    def find(self, purpose: Purpose, handle: str) -> Challenge:
        """The record behind a signed handle. Raises TokenInvalid, and Expired where nothing is known of it."""
        try:
            id = UUID(bytes=self.keys.unsign(f"handle {purpose}", handle))
        except (Unsealable, ValueError) as error:
            raise errors.TokenInvalid from error
        found = self.store.get(id)
        if found is None:
            raise errors.Expired
        return found

    def _secrets(
        self, purpose: Purpose, policy: Policy, subject: bytes, now: datetime
    ) -> tuple[str | None, str | None]:
        code = link = None
        if policy.secret in (Secret.CODE, Secret.CODE_AND_LINK):
            closed = self.budget.wait(purpose, subject, now) > 0
            code = entropy.long_code() if closed else entropy.code(policy.digits)
        if policy.secret in (Secret.LINK, Secret.CODE_AND_LINK, Secret.NONCE):
            link = entropy.token()
        return code, link

    def _digests(self, purpose: Purpose, id: UUID, *secrets: str | None, decoy: bool) -> bytes:
        return b"".join(
            entropy.octets(_DIGEST) if decoy else self.keys.digest(f"secret {purpose}", id.bytes, secret.encode())
            for secret in secrets
            if secret is not None
        )

    def _right(self, seen: Challenge, secret: str) -> bool:
        kept = [seen.digests[at : at + _DIGEST] for at in range(0, len(seen.digests), _DIGEST)]
        given = secret.encode(errors="replace")
        found = [self.keys.matches(digest, f"secret {seen.purpose}", seen.id.bytes, given) for digest in kept]
        return any(found)

    def _count(self, policy: Policy, seen: Challenge, secret: str, now: datetime) -> None:
        if not self.store.count_attempt(seen.id, limit=policy.attempts, now=now):
            raise self._closed(policy, self.store.get(seen.id), now) or errors.Exhausted(subject=seen.subject)
        try:
            wait = self.budget.spend(seen.purpose, seen.subject, now) if len(secret) <= SHORT else 0
        except BaseException:  # nothing was compared: an outage of the ledger costs nobody their tries
            self._quietly(lambda: self.store.return_attempt(seen.id))
            raise
        if wait:
            self.store.return_attempt(seen.id)
            raise errors.Locked(retry_after=wait, subject=seen.subject)

    def _wrong(self, policy: Policy, seen: Challenge) -> errors.Refusal:
        counted = self.store.get(seen.id)
        left = policy.attempts - (counted.attempts if counted else policy.attempts)
        if left <= 0:
            return errors.Exhausted(subject=seen.subject)
        return errors.WrongSecret(attempts_left=left, subject=seen.subject)

    def _claim(self, seen: Challenge, secret: str, now: datetime) -> UUID:
        lease = entropy.identifier()
        if self.store.claim(seen, lease=lease, now=now, until=now + LEASE):
            return lease
        self.store.return_attempt(seen.id)
        self._give_back(seen, secret, now)
        found = self.store.get(seen.id)
        if found is None or found.state is State.SETTLED:
            raise errors.AlreadyUsed(subject=seen.subject)
        if found.leased_until and found.busy(now):
            wait = int((found.leased_until - now).total_seconds()) + 1
            raise errors.Locked(retry_after=wait, subject=seen.subject)
        raise errors.Expired(subject=seen.subject)  # a resend replaced this secret between reading and claiming

    def _refuse_resend(self, policy: Policy, seen: Challenge, now: datetime) -> None:
        if closed := self._closed(policy, seen, now):
            raise closed
        if seen.busy(now):
            raise errors.Locked(retry_after=int(LEASE.total_seconds()), subject=seen.subject)
        if seen.sends >= policy.sends:
            left = max(1, int((seen.expires_at - now).total_seconds()))
            raise errors.Throttled(retry_after=left, subject=seen.subject)
        ready_at = seen.sent_at + policy.cooldown(seen.sends)
        if now < ready_at:
            wait = -int((now - ready_at).total_seconds() // 1)
            raise errors.TooSoon(retry_after=wait, subject=seen.subject)

    def _closed(self, policy: Policy, found: Challenge | None, now: datetime) -> errors.Refusal | None:
        if found is None:
            return errors.Expired()
        if found.state is State.SETTLED:
            return errors.AlreadyUsed(subject=found.subject)
        if found.attempts >= policy.attempts:
            return errors.Exhausted(subject=found.subject)
        if found.expires_at <= now:
            return errors.Expired(subject=found.subject)
        return None

    def _give_back(self, seen: Challenge, secret: str, now: datetime) -> None:
        if len(secret) <= SHORT:
            self._quietly(lambda: self.budget.give_back(seen.purpose, seen.subject, now, proved=False))

    def _issued(
        self, challenge: Challenge, code: str | None, link: str | None, *, decoy: bool, payload: Mapping[str, Any]
    ) -> Issued:
        policy = self.policies[challenge.purpose]
        return Issued(
            id=challenge.id,
            handle=self.keys.sign(f"handle {challenge.purpose}", challenge.id.bytes),
            code=None if decoy else code,
            link=None if decoy else link,
            decoy=decoy,
            payload=payload,
            expires_at=challenge.expires_at,
            expires_in=int(policy.ttl.total_seconds()),
            resend_in=int(policy.cooldown(challenge.sends).total_seconds()),
            resends_left=policy.sends - challenge.sends,
            attempts_left=policy.attempts - challenge.attempts,
        )

    def _seal(self, purpose: Purpose, id: UUID, payload: Mapping[str, Any]) -> bytes:
        return self.keys.seal(f"payload {purpose}", json.dumps(payload).encode(), context=id.bytes)

    def _unseal(self, seen: Challenge) -> dict[str, Any]:
        try:
            opened = self.keys.unseal(f"payload {seen.purpose}", seen.sealed_payload, context=seen.id.bytes)
        except Unsealable as error:  # the key that sealed it was retired
            raise errors.Expired(subject=seen.subject) from error
        sealed: dict[str, Any] = json.loads(opened)
        return sealed

    def _quietly(self, act: Callable[[], None]) -> None:
        """Tidying after the outcome is decided: a store that fails now must not change what the person is told."""
        try:
            act()
        except Exception:
            log.warning("challenge.untidied", exc_info=True)
