"""How a challenge stands at one moment: over or not, how often it may be tried and sent, and when again."""

from datetime import datetime, timedelta

from vestibule.challenges.policy import Policy, Secret
from vestibule.challenges.results import Standing
from vestibule.challenges.store import Challenge, State
from vestibule.kernel import errors

LEASE = timedelta(seconds=30)  # the caller that showed the right secret has so long to do its work


def over(policy: Policy, found: Challenge | None, now: datetime, *, by: Secret = Secret.CODE) -> errors.Refusal | None:
    """Why no secret opens this record any more: AlreadyUsed, Exhausted, Expired; None while one may. Tries end codes,
    and no link, which nobody guesses: anybody may type wrong codes for an address (docs/decisions/0086)."""
    if found is None:
        return errors.Expired()
    if found.state is State.SETTLED:
        return errors.AlreadyUsed(subject=found.subject)
    if by is not Secret.LINK and found.attempts >= policy.attempts:
        return errors.Exhausted(subject=found.subject)
    if found.expires_at <= now:
        return errors.Expired(subject=found.subject)
    return None


def standing(policy: Policy, seen: Challenge, now: datetime) -> Standing:
    """How long it lives, and how often it may be tried and sent. Nothing is left of what is over."""
    ended = over(policy, seen, now) is not None
    ready_at = seen.sent_at + policy.cooldown(seen.sends)
    return Standing(
        expires_in=0 if ended else _seconds(seen.expires_at - now),
        code_expires_in=0 if ended else _seconds(code_expires_at(policy, seen) - now),
        resend_in=0 if ended else _seconds(ready_at - now),
        resends_left=0 if ended else policy.sends - seen.sends,
        attempts_left=0 if ended else policy.attempts - seen.attempts,
    )


def code_expires_at(policy: Policy, seen: Challenge) -> datetime:
    """A code beside a link has a shorter life of its own."""
    return min(seen.expires_at, seen.sent_at + policy.code_ttl) if policy.code_ttl else seen.expires_at


def check_send(policy: Policy, found: Challenge | None, now: datetime, *, elsewhere: bool = False) -> None:
    """Whether it may be sent once more; `elsewhere`: to another address than the first, for which nobody waits.

    Raises Expired, Exhausted, AlreadyUsed, Locked, Throttled, TooSoon.
    """
    if found is None:
        raise errors.Expired
    if closed := over(policy, found, now):
        raise closed
    if found.busy(now):
        raise errors.Locked(retry_after=int(LEASE.total_seconds()), subject=found.subject)
    if found.sends >= policy.sends:
        left = max(1, int((found.expires_at - now).total_seconds()))
        raise errors.Throttled(retry_after=left, subject=found.subject)
    if elsewhere and found.sends == 1:
        return
    if wait := _seconds(found.sent_at + policy.cooldown(found.sends) - now):
        raise errors.TooSoon(retry_after=wait, subject=found.subject)


def _seconds(span: timedelta) -> int:
    """Whole seconds, rounded up; 0 for what has passed."""
    return max(0, -(-span // timedelta(seconds=1)))
