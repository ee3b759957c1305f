"""The state of a challenge at one moment: whether it is over, and how often and when it may be tried and sent."""

from datetime import datetime, timedelta

from vestibule.challenges.policy import Policy, SecretKind
from vestibule.challenges.results import ChallengeStatus
from vestibule.challenges.store import Challenge, State
from vestibule.kernel import errors

LEASE = timedelta(seconds=30)  # how long a caller with the right secret has to do its work


def refusal_if_closed(
    policy: Policy, challenge: Challenge | None, now: datetime, *, by: SecretKind = SecretKind.CODE
) -> errors.Refusal | None:
    """Return why no secret opens this record any more (AlreadyUsed, Exhausted or Expired), or None if one may.

    Attempts close a code but not a link, because nobody can guess a link and anybody can type wrong codes for an
    address (docs/decisions/0086).
    """
    if challenge is None:
        return errors.Expired()
    if challenge.state is State.SETTLED:
        return errors.AlreadyUsed(subject=challenge.subject)
    if by is not SecretKind.LINK and challenge.attempts >= policy.attempts:
        return errors.Exhausted(subject=challenge.subject)
    if challenge.expires_at <= now:
        return errors.Expired(subject=challenge.subject)
    return None


def wrong_secret_refusal(policy: Policy, challenge: Challenge, counted: Challenge | None) -> errors.Refusal:
    """Return the refusal of a wrong secret. `counted` is the record after the attempt was counted; None if it is
    gone."""
    left = policy.attempts - (counted.attempts if counted else policy.attempts)
    if left <= 0:
        return errors.Exhausted(subject=challenge.subject)
    return errors.WrongSecret(attempts_left=left, subject=challenge.subject)


def compute_status(policy: Policy, challenge: Challenge, now: datetime) -> ChallengeStatus:
    """Return how long the challenge lives and how often it may still be tried and sent; zeros if it is over."""
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
    """Return when the code expires. A code that is sent beside a link has a shorter life of its own."""
    return min(challenge.expires_at, challenge.sent_at + policy.code_ttl) if policy.code_ttl else challenge.expires_at


def check_may_send(
    policy: Policy, challenge: Challenge | None, now: datetime, *, to_other_address: bool = False
) -> None:
    """Check that the secret may be sent once more. The first send `to_other_address` needs no cooldown.

    Raises:
        Expired: the record is too old.
        Exhausted: no attempts are left.
        AlreadyUsed: the record was proved.
        Locked: a caller with the right secret holds the lease.
        Throttled: no sends are left.
        TooSoon: the cooldown after the last send is not over.
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
    """Return whole seconds, rounded up; 0 for a past moment."""
    return max(0, -(-span // timedelta(seconds=1)))
