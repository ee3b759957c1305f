"""The challenge engine: issue, find, resend and verify one-time proofs."""

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog

from vestibule.challenges import codes, status
from vestibule.challenges.guesses import Guesses
from vestibule.challenges.payloads import PayloadT
from vestibule.challenges.policy import Policy, Purpose, SecretKind
from vestibule.challenges.results import ChallengeStatus, Issued, Proof
from vestibule.challenges.secrets import ChallengeSecrets
from vestibule.challenges.status import LEASE
from vestibule.challenges.store import Challenge, State, Store
from vestibule.kernel import entropy, errors
from vestibule.kernel.sealing import KeyRing

UNBOUNDED = 2**15 - 1  # attempts with a link: its secret was compared when it was found

log = structlog.get_logger("vestibule.challenges")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The engine over one store. Callers pass the time; nothing here reads a clock."""

    store: Store
    keys: KeyRing
    policies: Mapping[Purpose, Policy]
    guesses: Guesses

    def issue(
        self,
        purpose: Purpose,
        *,
        subject: bytes,
        payload: PayloadT,
        now: datetime,
        decoy: bool = False,
        successor_of: Challenge | None = None,
        id: UUID | None = None,
    ) -> Issued[PayloadT]:
        """Create a challenge, in the transaction that posts its message; `id` is given if a row refers to it. No secret
        matches a `decoy`. The `successor_of` another starts with its attempts and sends. While `subject` has no guesses
        left, the code is a long one: an attacker who spends the budget locks nobody out."""
        policy, id = self.policies[purpose], id or entropy.random_uuid()
        policy.require_payload(type(payload))
        code, link = self._generate_secrets(policy, subject, now)
        challenge = Challenge(
            id=id,
            purpose=purpose,
            subject=subject,
            digests=self.secrets.digest_secrets(purpose, id, code, link, decoy=decoy),
            sealed_payload=self.secrets.seal_payload(purpose, id, payload, decoy=decoy),
            sent_at=now,
            expires_at=now + policy.ttl,
            attempts=successor_of.attempts if successor_of else 0,
            sends=successor_of.sends if successor_of else 1,
        )
        self.store.add(challenge)
        return self._build_issued(challenge, code, link, decoy=decoy, payload=payload)

    def find_by_handle(self, purpose: Purpose, handle: str) -> Challenge:
        """Return the record of a signed handle. Raises TokenInvalid; Expired if it is not known any more."""
        return self._get_known(self.secrets.read_handle(purpose, handle))

    def find_by_nonce(self, purpose: Purpose, nonce: bytes) -> Challenge:
        """Return the record of a WebAuthn challenge. Raises TokenInvalid; Expired if it is not known any more."""
        return self._get_known(self.secrets.read_nonce(purpose, nonce))

    def find_by_link(self, purpose: Purpose, token: str) -> tuple[Challenge, str]:
        """Return the record of a link's token and the secret in it, already compared: nobody guesses 256 bits. Raises
        TokenInvalid (also if a newer link replaced it); Expired if it is not known any more."""
        id, secret = self.secrets.read_link_token(purpose, token)
        if not self.secrets.matches_secret(found := self._get_known(id), secret, SecretKind.LINK):
            raise errors.TokenInvalid(subject=found.subject)
        return found, secret

    def find_live_link(self, purpose: Purpose, token: str, now: datetime) -> tuple[Challenge, str]:
        """Like `find_by_link`, for a link that can still be used. Raises TokenInvalid, LinkExpired, AlreadyUsed."""
        try:
            seen, secret = self.find_by_link(purpose, token)
            if over := status.refusal_if_closed(self.policies[purpose], seen, now, by=SecretKind.LINK):
                raise over
        except errors.Expired as expired:
            raise errors.LinkExpired(subject=expired.subject) from expired
        return seen, secret

    def list_newest(self, purpose: Purpose, subjects: Sequence[bytes], *, limit: int) -> list[Challenge]:
        """Return the stored records of an address (its digest under each key of the ring), newest first."""
        return self.store.list_newest(purpose, subjects, limit=limit)

    def unseal_payload(self, challenge: Challenge, payload_type: type[PayloadT]) -> PayloadT:
        """Return what was sealed. Raises Expired if its key was retired; Unavailable if newer code sealed it."""
        sealed_type = self.policies[challenge.purpose].require_payload(payload_type)
        return self.secrets.unseal_payload(challenge, sealed_type)[0]

    def status_of(self, challenge: Challenge, now: datetime) -> ChallengeStatus:
        """Return how long the challenge lives and how often it may still be tried and sent; zeros if it is over."""
        return status.compute_status(self.policies[challenge.purpose], challenge, now)

    def refusal_if_closed(self, challenge: Challenge, now: datetime) -> errors.Refusal | None:
        """Return why no secret opens this record any more (AlreadyUsed, Exhausted or Expired), or None if one may."""
        return status.refusal_if_closed(self.policies[challenge.purpose], challenge, now)

    def check_may_resend(self, challenge: Challenge, now: datetime) -> None:
        """Check that the secret may be sent again now. Raises what `status.check_may_send` raises."""
        status.check_may_send(self.policies[challenge.purpose], challenge, now)

    @contextmanager
    def resend(
        self, challenge: Challenge, payload_type: type[PayloadT], *, now: datetime
    ) -> Iterator[Issued[PayloadT]]:
        """Replace the secret and count a send, both undone if the body raises. Attempts already used stay used. Raises
        what `check_may_resend` raises; Locked if another send came first."""
        policy = self.policies[challenge.purpose]
        payload, decoy = self.secrets.unseal_payload(challenge, policy.require_payload(payload_type))
        code, link = self._generate_secrets(policy, challenge.subject, now)
        digests = self.secrets.digest_secrets(challenge.purpose, challenge.id, code, link, decoy=decoy)
        self.check_may_resend(challenge, now)
        sends, expires_at = challenge.sends + 1, now + policy.ttl
        renewed = replace(challenge, digests=digests, sent_at=now, expires_at=expires_at, sends=sends)
        with self._count_send(challenge, digests, now, expires_at):
            yield self._build_issued(renewed, code, link, decoy=decoy, payload=payload)

    @contextmanager
    def send_elsewhere(self, challenge: Challenge, *, now: datetime) -> Iterator[Challenge]:
        """Count a send to another address and yield the record, of which the body issues a successor; undone if the
        body raises. The first needs no cooldown. Of concurrent callers one continues. The caller's unique audit event
        voids this record, and the caller retires it. Raises what `resend` raises."""
        status.check_may_send(self.policies[challenge.purpose], challenge, now, to_other_address=True)
        with self._count_send(challenge, challenge.digests, now, challenge.expires_at):
            yield self.store.get(challenge.id) or challenge

    @contextmanager
    def _count_send(self, challenge: Challenge, digests: bytes, now: datetime, expires_at: datetime) -> Iterator[None]:
        """Count a send, undone if the body raises. Raises what `check_may_resend` raises; Locked if another was."""
        if not self.store.count_send(challenge, digests=digests, now=now, expires_at=expires_at):
            status.check_may_send(self.policies[challenge.purpose], self.store.get(challenge.id), now)
            raise errors.Locked(retry_after=1, subject=challenge.subject)
        try:
            yield
        except BaseException:
            self._log_failure_of(lambda: self.store.undo_send(challenge, digests=digests))
            raise

    @contextmanager
    def verify(
        self,
        challenge: Challenge,
        secret: str,
        payload_type: type[PayloadT],
        *,
        now: datetime,
        by: SecretKind = SecretKind.CODE,
        matches: Callable[[PayloadT, str], bool] | None = None,
    ) -> Iterator[Proof[PayloadT]]:
        """Count the attempt, compare the secret, claim the lease; then settle, or release if the body raises.
        Enter it outside any transaction: the count must last. `by` says whether the code or the link is compared;
        `matches(payload, secret)` replaces the comparison. A text without the form of a code is not counted.

        Raises:
            Expired: the record or its code is too old, or a resend replaced the secret.
            Exhausted: no attempts are left.
            WrongSecret: the secret is wrong.
            AlreadyUsed: the record was proved before.
            Locked: the address has no guesses left, or another caller holds the lease.
        """
        if by is SecretKind.CODE:
            secret = self._parse_secret(challenge, secret, now, as_typed=matches is not None)
        self._count_attempt(challenge, secret, now, by=SecretKind.CODE if matches else by)
        policy = self.policies[challenge.purpose]
        payload, decoy = self.secrets.unseal_payload(challenge, policy.require_payload(payload_type))
        right = matches(payload, secret) if matches else self.secrets.matches_secret(challenge, secret, by)
        if decoy or not right:
            raise self._wrong_secret_refusal(challenge)
        lease = self._claim_lease(challenge, secret, now)
        guess = self.guesses.proved_guess(challenge, now)
        try:
            yield Proof(challenge.id, challenge.subject, challenge.sent_at, payload, guess)
        except errors.AlreadyUsed:
            self._log_failure_of(lambda: self.store.settle(challenge.id))
            self._return_guess(challenge, secret, now)
            raise
        except BaseException:
            self._log_failure_of(lambda: self.store.release(challenge.id, lease=lease))
            self._return_guess(challenge, secret, now)
            raise
        # The work is committed. If settling fails, the lease runs out by itself, and the challenge's unique id in the
        # audit log keeps the proof from working twice.
        self._log_failure_of(lambda: self.store.settle(challenge.id))
        self._log_failure_of(guess.settle_if_left)

    def retire(self, challenge: Challenge) -> None:
        """Close a challenge that another one replaced: no secret opens it any more."""
        self._log_failure_of(lambda: self.store.settle(challenge.id))

    def person_subject(self, user_id: UUID) -> bytes:
        """Return the subject of a challenge about an account rather than an address."""
        return self.keys.digest("person", user_id.bytes)

    def all_person_subjects(self, user_id: UUID) -> list[bytes]:
        """Return that subject under every key of the ring, newest first."""
        return self.keys.all_digests("person", user_id.bytes)

    def list_for_person(self, purpose: Purpose, user_id: UUID) -> list[Challenge]:
        """Return the stored challenges about an account, newest first."""
        return self.list_newest(purpose, self.all_person_subjects(user_id), limit=20)

    @property
    def secrets(self) -> ChallengeSecrets:
        """The key ring's operations on challenges."""
        return ChallengeSecrets(self.keys)

    def _get_known(self, id: UUID) -> Challenge:
        if found := self.store.get(id):
            return found
        raise errors.Expired

    def _generate_secrets(self, policy: Policy, subject: bytes, now: datetime) -> tuple[str | None, str | None]:
        code = link = None
        if policy.secret in (SecretKind.CODE, SecretKind.CODE_AND_LINK):
            closed = self.guesses.seconds_until_code(subject, now) > 0
            code = entropy.random_long_code() if closed else entropy.random_code(policy.digits)
        if policy.secret in (SecretKind.LINK, SecretKind.CODE_AND_LINK):
            link = entropy.random_token()
        return code, link

    def _parse_secret(self, challenge: Challenge, typed: str, now: datetime, *, as_typed: bool) -> str:
        policy = self.policies[challenge.purpose]
        if status.code_expires_at(policy, challenge) <= now:
            raise self.refusal_if_closed(challenge, now) or errors.Expired(subject=challenge.subject)
        if (code := typed if as_typed else codes.parse_code(typed, policy.digits)) is not None:
            return code
        raise self.refusal_if_closed(challenge, now) or self._wrong_secret_refusal(challenge)

    def _count_attempt(self, challenge: Challenge, secret: str, now: datetime, *, by: SecretKind) -> None:
        policy = self.policies[challenge.purpose]
        limit = UNBOUNDED if by is SecretKind.LINK else policy.attempts
        if not self.store.count_attempt(challenge.id, limit=limit, now=now):
            closed = status.refusal_if_closed(policy, self.store.get(challenge.id), now, by=by)
            raise closed or errors.Exhausted(subject=challenge.subject)
        try:
            wait = self.guesses.spend(challenge, secret, now)
        except BaseException:  # nothing was compared: an outage of the ledger must not cost an attempt
            self._log_failure_of(lambda: self.store.return_attempt(challenge.id))
            raise
        if wait:
            self.store.return_attempt(challenge.id)
            raise errors.Locked(retry_after=wait, subject=challenge.subject)

    def _wrong_secret_refusal(self, challenge: Challenge) -> errors.Refusal:
        return status.wrong_secret_refusal(self.policies[challenge.purpose], challenge, self.store.get(challenge.id))

    def _claim_lease(self, challenge: Challenge, secret: str, now: datetime) -> UUID:
        lease = entropy.random_uuid()
        if self.store.claim(challenge, lease=lease, now=now, until=now + LEASE):
            return lease
        self.store.return_attempt(challenge.id)
        self._return_guess(challenge, secret, now)
        found = self.store.get(challenge.id)
        if found is None or found.state is State.SETTLED:
            raise errors.AlreadyUsed(subject=challenge.subject)
        if not hmac.compare_digest(found.digests, challenge.digests):  # a resend replaced it meanwhile
            raise errors.Expired(subject=challenge.subject)
        # Another caller holds the lease, or released it a moment ago: the secret stays valid.
        wait = int((found.leased_until - now).total_seconds()) + 1 if found.leased_until and found.is_leased(now) else 1
        raise errors.Locked(retry_after=wait, subject=challenge.subject)

    def _return_guess(self, challenge: Challenge, secret: str, now: datetime) -> None:
        self._log_failure_of(lambda: self.guesses.take_back(challenge, secret, now))

    def _build_issued(
        self, challenge: Challenge, code: str | None, link: str | None, *, decoy: bool, payload: PayloadT
    ) -> Issued[PayloadT]:
        purpose, id = challenge.purpose, challenge.id
        token = self.secrets.sign_link_token(purpose, id, link) if link else None  # for a decoy, too: the same work
        return Issued(
            id=id,
            handle=self.secrets.sign_handle(purpose, id),
            code=None if decoy else code,
            link=None if decoy else token,
            decoy=decoy,
            is_first_send=challenge.sends == 1,
            payload=payload,
            expires_at=challenge.expires_at,
            status=self.status_of(challenge, challenge.sent_at),
        )

    def _log_failure_of(self, act: Callable[[], None]) -> None:
        """Run a step that follows the decided outcome: a failure of the store is logged, and changes no answer."""
        try:
            act()
        except Exception:
            log.warning("challenge.untidied", exc_info=True)
