"""Issue, find, resend, verify: the one engine that proves that a person holds an address."""

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from vestibule.challenges import codes, standing
from vestibule.challenges.policy import Policy, Purpose, Secret
from vestibule.challenges.results import Budget, Issued, Proof, Standing
from vestibule.challenges.safe import Safe
from vestibule.challenges.standing import LEASE
from vestibule.challenges.store import Challenge, State, Store
from vestibule.kernel import entropy, errors
from vestibule.kernel.sealing import Keys

SHORT = 10  # characters; what is longer is no code that somebody could guess, and is not charged to the budget
UNBOUNDED = 2**15 - 1  # tries: of a link, which is right or was not found

log = structlog.get_logger("vestibule.challenges")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The engine over one store. All moments are handed in; nothing here reads a clock."""

    store: Store
    keys: Keys
    policies: Mapping[Purpose, Policy]
    budget: Budget

    def issue(
        self,
        purpose: Purpose,
        *,
        subject: bytes,
        payload: Mapping[str, Any],
        now: datetime,
        decoy: bool = False,
        after: Challenge | None = None,
    ) -> Issued:
        """A new challenge. A decoy is the same record under a secret that nobody is told, nor could match. One that
        comes `after` another (`redirect`) has been tried and sent as often.

        While `subject` has no guesses left, a code is a long one: a stranger who burns the budget of short codes
        can't keep the owner out. Call it inside the transaction that holds the message.
        """
        policy, id = self.policies[purpose], entropy.identifier()
        code, link = self._secrets(policy, subject, now)
        challenge = Challenge(
            id=id,
            purpose=purpose,
            subject=subject,
            digests=self.safe.digests(purpose, id, code, link, decoy=decoy),
            sealed_payload=self.safe.seal(purpose, id, payload, decoy=decoy),
            sent_at=now,
            expires_at=now + policy.ttl,
            attempts=after.attempts if after else 0,
            sends=after.sends if after else 1,
        )
        self.store.add(challenge)
        return self._issued(challenge, code, link, decoy=decoy, payload=payload)

    def find(self, purpose: Purpose, handle: str) -> Challenge:
        """The record behind a signed handle. Raises TokenInvalid, and Expired where nothing is known of it."""
        found = self.store.get(self.safe.of_handle(purpose, handle))
        if found is None:
            raise errors.Expired
        return found

    def find_link(self, purpose: Purpose, token: str) -> tuple[Challenge, str]:
        """The record behind a link's token, and the secret in it, which is compared: nobody guesses 256 bits.

        Raises TokenInvalid (also for a link that a newer one replaced), and Expired where nothing is known of it.
        """
        id, secret = self.safe.of_link(purpose, token)
        found = self.store.get(id)
        if found is None:
            raise errors.Expired
        if not self.safe.right(found, secret, Secret.LINK):
            raise errors.TokenInvalid(subject=found.subject)
        return found, secret

    def link(self, purpose: Purpose, token: str, now: datetime) -> tuple[Challenge, str]:
        """The same for whom only a link that still works will do: with its refusals in the words of a link.

        Raises TokenInvalid, LinkExpired, AlreadyUsed.
        """
        try:
            seen, secret = self.find_link(purpose, token)
            if over := standing.over(self.policies[purpose], seen, now, by=Secret.LINK):
                raise over
        except errors.Expired as expired:
            raise errors.LinkExpired(subject=expired.subject) from expired
        return seen, secret

    def newest(self, purpose: Purpose, subjects: Sequence[bytes], *, limit: int) -> list[Challenge]:
        """What was issued for an address (its digest under each key of the ring) and is not forgotten, newest first."""
        return self.store.newest(purpose, subjects, limit=limit)

    def payload(self, seen: Challenge) -> Mapping[str, Any]:
        """What was sealed at issue. Raises Expired when the key that sealed it was retired."""
        return self.safe.unseal(seen)[0]

    def standing(self, seen: Challenge, now: datetime) -> Standing:
        """How long it lives, and how often it may be tried and sent. Nothing is left of what is over."""
        return standing.standing(self.policies[seen.purpose], seen, now)

    def over(self, found: Challenge, now: datetime) -> errors.Refusal | None:
        """Why no secret opens this record any more: AlreadyUsed, Exhausted, Expired; None while one may."""
        return standing.over(self.policies[found.purpose], found, now)

    def refuse_resend(self, seen: Challenge, now: datetime) -> None:
        """Raises Expired, Exhausted, AlreadyUsed, TooSoon, Throttled, Locked where it may not be sent again now."""
        standing.check_send(self.policies[seen.purpose], seen, now)

    @contextmanager
    def resend(self, seen: Challenge, *, now: datetime) -> Iterator[Issued]:
        """A new secret in place of the old, kept if the body ends well, taken back if it raises.

        Attempts already used stay used. Raises Expired, Exhausted, AlreadyUsed, TooSoon, Throttled, Locked.
        """
        policy = self.policies[seen.purpose]
        payload, decoy = self.safe.unseal(seen)
        code, link = self._secrets(policy, seen.subject, now)
        digests = self.safe.digests(seen.purpose, seen.id, code, link, decoy=decoy)
        self.refuse_resend(seen, now)
        if not self.store.count_send(seen, digests=digests, now=now, expires_at=now + policy.ttl):
            standing.check_send(policy, self.store.get(seen.id), now)
            raise errors.Locked(retry_after=1, subject=seen.subject)
        renewed = replace(seen, digests=digests, sent_at=now, expires_at=now + policy.ttl, sends=seen.sends + 1)
        try:
            yield self._issued(renewed, code, link, decoy=decoy, payload=payload)
        except BaseException:
            self._quietly(lambda: self.store.undo_send(seen, digests=digests))
            raise

    @contextmanager
    def redirect(self, seen: Challenge, *, now: datetime) -> Iterator[Challenge]:
        """Count a send elsewhere, for what the body issues `after` this; taken back if it raises. The first goes at
        once, the next waits like a resend; of many at once one goes on. The caller's event ends this, and the caller
        retires it. Raises Expired, Exhausted, AlreadyUsed, TooSoon, Throttled, Locked.
        """
        policy = self.policies[seen.purpose]
        standing.check_send(policy, seen, now, elsewhere=True)
        if not self.store.count_send(seen, digests=seen.digests, now=now, expires_at=seen.expires_at):
            standing.check_send(policy, self.store.get(seen.id), now)
            raise errors.Locked(retry_after=1, subject=seen.subject)
        try:
            yield self.store.get(seen.id) or seen
        except BaseException:
            self._quietly(lambda: self.store.undo_send(seen, digests=seen.digests))
            raise

    @contextmanager
    def verify(
        self,
        seen: Challenge,
        secret: str,
        *,
        now: datetime,
        by: Secret = Secret.CODE,
        matches: Callable[[Mapping[str, Any], str], bool] | None = None,
    ) -> Iterator[Proof]:
        """Count, compare, claim; then the body works, and its end settles or releases.

        Enter it outside any transaction: the count must stay whatever the body does. `by` says whether a code or a
        link is compared; `matches(payload, secret)` stands in for the digest comparison (a password, TOTP, recovery
        codes, WebAuthn). A text that cannot be a code (challenges.codes) is not counted as a guess.
        Raises Expired, Exhausted, WrongSecret, AlreadyUsed, Locked.
        """
        if by is Secret.CODE:
            secret = self._read(seen, secret, now, as_typed=matches is not None)
        self._count(seen, secret, now, by=Secret.CODE if matches else by)
        payload, decoy = self.safe.unseal(seen)
        right = matches(payload, secret) if matches else self.safe.right(seen, secret, by)
        if decoy or not right:
            raise self._wrong(seen)
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
        self._quietly(lambda: self.budget.give_back(seen.subject, now, proved=True))

    def retire(self, seen: Challenge) -> None:
        """Another challenge took this one's place: nothing opens it any more."""
        self._quietly(lambda: self.store.settle(seen.id))

    def subject_of(self, person: UUID) -> bytes:
        """The subject of what is proved by a person, and not at an address."""
        return self.keys.digest("person", person.bytes)

    def subjects_of(self, person: UUID) -> list[bytes]:
        """The same under every key of the ring, newest first."""
        return self.keys.digests("person", person.bytes)

    def of_person(self, purpose: Purpose, person: UUID) -> list[Challenge]:
        """What was issued for a person and is not forgotten, newest first."""
        return self.newest(purpose, self.subjects_of(person), limit=20)

    @property
    def safe(self) -> Safe:
        """The key ring, as this engine uses it."""
        return Safe(self.keys)

    def _secrets(self, policy: Policy, subject: bytes, now: datetime) -> tuple[str | None, str | None]:
        code = link = None
        if policy.secret in (Secret.CODE, Secret.CODE_AND_LINK):
            closed = self.budget.wait(subject, now) > 0
            code = entropy.long_code() if closed else entropy.code(policy.digits)
        if policy.secret in (Secret.LINK, Secret.CODE_AND_LINK, Secret.NONCE):
            link = entropy.token()
        return code, link

    def _read(self, seen: Challenge, typed: str, now: datetime, *, as_typed: bool) -> str:
        policy = self.policies[seen.purpose]
        if standing.code_expires_at(policy, seen) <= now:
            raise self.over(seen, now) or errors.Expired(subject=seen.subject)
        if code := typed if as_typed else codes.parse(typed, policy.digits):
            return code
        raise self.over(seen, now) or self._wrong(seen)

    def _count(self, seen: Challenge, secret: str, now: datetime, *, by: Secret) -> None:
        policy = self.policies[seen.purpose]
        if not self.store.count_attempt(seen.id, limit=UNBOUNDED if by is Secret.LINK else policy.attempts, now=now):
            raise standing.over(policy, self.store.get(seen.id), now, by=by) or errors.Exhausted(subject=seen.subject)
        try:
            wait = self.budget.spend(seen.subject, now) if len(secret) <= SHORT else 0
        except BaseException:  # nothing was compared: an outage of the ledger costs nobody their tries
            self._quietly(lambda: self.store.return_attempt(seen.id))
            raise
        if wait:
            self.store.return_attempt(seen.id)
            raise errors.Locked(retry_after=wait, subject=seen.subject)

    def _wrong(self, seen: Challenge) -> errors.Refusal:
        attempts, counted = self.policies[seen.purpose].attempts, self.store.get(seen.id)
        left = attempts - (counted.attempts if counted else attempts)
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
        if not hmac.compare_digest(found.digests, seen.digests):  # a resend replaced it between reading and claiming
            raise errors.Expired(subject=seen.subject)
        # Somebody works on it, or gave it back a moment ago: the secret is as good as before.
        wait = int((found.leased_until - now).total_seconds()) + 1 if found.leased_until and found.busy(now) else 1
        raise errors.Locked(retry_after=wait, subject=seen.subject)

    def _give_back(self, seen: Challenge, secret: str, now: datetime) -> None:
        if len(secret) <= SHORT:
            self._quietly(lambda: self.budget.give_back(seen.subject, now, proved=False))

    def _issued(
        self, challenge: Challenge, code: str | None, link: str | None, *, decoy: bool, payload: Mapping[str, Any]
    ) -> Issued:
        purpose, id = challenge.purpose, challenge.id
        token = self.safe.link(purpose, id, link) if link else None  # a decoy's too: the same work
        return Issued(
            id=id,
            handle=self.safe.handle(purpose, id),
            code=None if decoy else code,
            link=None if decoy else token,
            decoy=decoy,
            first=challenge.sends == 1,
            payload=payload,
            expires_at=challenge.expires_at,
            standing=self.standing(challenge, challenge.sent_at),
        )

    def _quietly(self, act: Callable[[], None]) -> None:
        """Tidying after the outcome is decided: a store that fails now must not change what the person is told."""
        try:
            act()
        except Exception:
            log.warning("challenge.untidied", exc_info=True)
