"""How a challenge stands at one moment: over or not, how often it may be tried and sent, and when again."""

from datetime import datetime, timedelta

from vestibule.challenges.policy import Policy, SecretKind
from vestibule.challenges.results import ChallengeStatus
from vestibule.challenges.store import Challenge, State
from vestibule.kernel import errors

LEASE = timedelta(seconds=30)  # the caller that showed the right secret has so long to do its work


def refusal_if_closed(
    policy: Policy, challenge: Challenge | None, now: datetime, *, by: SecretKind = SecretKind.CODE
) -> errors.Refusal | None:
    """Why no secret opens this record any more: AlreadyUsed, Exhausted, Expired; None while one may. Tries end codes,
    and no link, which nobody guesses: anybody may type wrong codes for an address (docs/decisions/0086)."""
    if challenge is None:
        return errors.Expired()
    if challenge.state is State.SETTLED:
        return errors.AlreadyUsed(subject=challenge.subject)
    if by is not SecretKind.LINK and challenge.attempts >= policy.attempts:
        return errors.Exhausted(subject=challenge.subject)
    if challenge.expires_at <= now:
        return errors.Expired(subject=challenge.subject)
    return None


def compute_status(policy: Policy, challenge: Challenge, now: datetime) -> ChallengeStatus:
    """How long it lives, and how often it may be tried and sent. Nothing is left of what is over."""
    ended = refusal_if_closed(policy, challenge, now) is not None
    ready_at = challenge.sent_at + policy.cooldown_after(challenge.sends)
    return ChallengeStatus(
        expires_in=0 if ended else _whole_seconds(challenge.expires_at - now),
        code_expires_in=0 if ended else _whole_seconds(code_expires_at(policy, challenge) - now),
        resend_in=0 if ended else _whole_seconds(ready_at - now),
        resends_left=0 if ended else policy.sends - challenge.sends,
        attempts_left=0 if ended else policy.attempts - challenge.attempts,
    )


def code_expires_at(policy: Policy, challenge: Challenge) -> datetime:
    """A code beside a link has a shorter life of its own."""
    return min(challenge.expires_at, challenge.sent_at + policy.code_ttl) if policy.code_ttl else challenge.expires_at


def check_may_send(
    policy: Policy, challenge: Challenge | None, now: datetime, *, to_other_address: bool = False
) -> None:
    """Whether it may be sent once more; `elsewhere`: to another address than the first, for which nobody waits.

    Raises Expired, Exhausted, AlreadyUsed, Locked, Throttled, TooSoon.
    """
    if challenge is None:
        raise errors.Expired
    if closed := refusal_if_closed(policy, challenge, now):
        raise closed
    if challenge.is_leased(now):
        raise errors.Locked(retry_after=int(LEASE.total_seconds()), subject=challenge.subject)
    if challenge.sends >= policy.sends:
        left = max(1, int((challenge.expires_at - now).total_seconds()))
        raise errors.Throttled(retry_after=left, subject=challenge.subject)
    if to_other_address and challenge.sends == 1:
        return
    if wait := _whole_seconds(challenge.sent_at + policy.cooldown_after(challenge.sends) - now):
        raise errors.TooSoon(retry_after=wait, subject=challenge.subject)


def _whole_seconds(span: timedelta) -> int:
    """Whole seconds, rounded up; 0 for what has passed."""
    return max(0, -(-span // timedelta(seconds=1)))
