"""The whole vocabulary of "no".

Every refusal has a stable machine-readable `code`; a skin turns it into a status and words. The tree:

    Refusal
      Invalid              fields are at fault                                  invalid
      TokenInvalid         a signed handle is not ours, or not for this         token_invalid
      WrongSecret          the code is wrong; tries are left                    otp_invalid
      Exhausted            every try is used                                    otp_exhausted
      Expired              time is up, or nothing is known of it any more       otp_expired
        LinkExpired        the same of a link                                   token_expired
      AlreadyUsed          it took effect before, once                          token_used
      TooSoon              the cooldown between two sends runs                  cooldown
      Throttled            a rate, or the number of resends, is used up         throttled
      Locked               too many failures, or another request is at it now   locked
      EmailTaken           409s, shown only where that tells nothing new        email_taken
      UsernameTaken                                                             username_taken
      PhoneTaken                                                                phone_taken
      LastWayIn            without it nobody could sign in or recover           last_way_in
      PasswordRequired     the mailbox alone is not enough here                 password_required
      CaptchaRequired      who asks has not shown that they are a person        captcha_required
      CaptchaInvalid       what they showed is wrong, stale, or used before     captcha_invalid
      StepUpRequired       the sign-in is too long ago for this                 reauthentication_required
      AccountUnverified    the password is right, the address not proved yet    account_unverified
      AccountSuspended     the password is right, and the house says no         account_suspended
      NotAllowed           this person's role does not let them                 permission_denied
      NotFound             nothing of this person's has that id                 not_found
      Unauthenticated      who asks is not signed in                            not_authenticated
        CredentialInvalid  the token is not ours, or altered                    token_invalid
        CredentialExpired  the token's time is up                               token_expired
        InvalidCredentials the password is not the one of this account          invalid_credentials
        SessionRevoked     the session behind the token was ended               session_revoked
      Unavailable          a dependency is down, or a queue is full             unavailable
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: the code that clients read, and what its words need. The words are looked up where
    they are read, in the reader's language (web.field_messages): by `reason` where one code has several meanings."""

    code: str
    reason: str = ""
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def message_key(self) -> str:
        """The key of the sentence that tells it."""
        return self.reason or self.code


class Refusal(Exception):
    """A flow said no. Nothing was changed, except what counts failures."""

    code: ClassVar[str]

    def __init__(
        self, *, retry_after: int | None = None, attempts_left: int | None = None, subject: bytes | None = None
    ) -> None:
        """`retry_after` in whole seconds; `subject`: keyed digest of the address concerned, for the audit record."""
        super().__init__(self.code)
        self.retry_after = retry_after
        self.attempts_left = attempts_left
        self.subject = subject


class Invalid(Refusal):
    """One or more fields are at fault."""

    code = "invalid"

    def __init__(self, fields: Mapping[str, Sequence[FieldError]], *, subject: bytes | None = None) -> None:
        super().__init__(subject=subject)
        self.fields = fields


class TokenInvalid(Refusal):
    """A signed handle is malformed, forged, or was made for another purpose."""

    code = "token_invalid"


class WrongSecret(Refusal):
    """The secret did not match; `attempts_left` says how many tries remain."""

    code = "otp_invalid"


class Exhausted(Refusal):
    """All tries of this challenge are used; only a new one helps."""

    code = "otp_exhausted"


class Expired(Refusal):
    """The challenge's time is up, or the store no longer knows it."""

    code = "otp_expired"


class LinkExpired(Expired):
    """The time of a link is up, or the store no longer knows it."""

    code = "token_expired"


class AlreadyUsed(Refusal):
    """The proof has taken effect before; it never does twice."""

    code = "token_used"


class TooSoon(Refusal):
    """The cooldown between two sends has not passed; `retry_after` says when it has."""

    code = "cooldown"


class Throttled(Refusal):
    """A rate is used up. `limit` per `window` seconds is the rate that refused, where there is one."""

    code = "throttled"

    def __init__(
        self,
        *,
        retry_after: int,
        limit: int | None = None,
        window: int | None = None,
        subject: bytes | None = None,
    ) -> None:
        super().__init__(retry_after=retry_after, subject=subject)
        self.limit = limit
        self.window = window


class Locked(Refusal):
    """Too many failures on this address, or the same proof is being worked on this very moment."""

    code = "locked"


class EmailTaken(Refusal):
    """An account holds this address (told only where enumeration protection is off)."""

    code = "email_taken"


class UsernameTaken(Refusal):
    """An account holds this username (usernames are public handles)."""

    code = "username_taken"


class PhoneTaken(Refusal):
    """An account holds this number (told only where enumeration protection is off)."""

    code = "phone_taken"


class LastSignInMethod(Refusal):
    """Without it the account would have no proved way in left."""

    code = "last_way_in"


class PasswordRequired(Refusal):
    """The proof came from a client that did not begin the sign-up, and without the password typed there."""

    code = "password_required"


class CaptchaRequired(Refusal):
    """Who asks must first show that they are a person; `retry_after` where they are doing so by waiting."""

    code = "captcha_required"


class CaptchaInvalid(Refusal):
    """The captcha's answer is wrong, altered, expired, made for something else, or was used before."""

    code = "captcha_invalid"


class StepUpRequired(Refusal):
    """What guards the account is changed by a recent sign-in only: prove the password again."""

    code = "reauthentication_required"


class AccountUnverified(Refusal):
    """The password is that of a sign-up that waits for its proof."""

    code = "account_unverified"


class AccountSuspended(Refusal):
    """The password is right, and this person may not sign in."""

    code = "account_suspended"


class NotAllowed(Refusal):
    """Whoever asks is signed in, and their role does not let them."""

    code = "permission_denied"


class NotFound(Refusal):
    """Nothing of this person's has that id."""

    code = "not_found"


class Unauthenticated(Refusal):
    """Who asks is not signed in; every kind of it is a 401, whatever its code means elsewhere."""

    code = "not_authenticated"


class CredentialInvalid(Unauthenticated):
    """An access or refresh token is malformed, forged, altered, or of another kind or audience."""

    code = "token_invalid"


class CredentialExpired(Unauthenticated):
    """An access or refresh token's time is up."""

    code = "token_expired"


class InvalidCredentials(Unauthenticated):
    """The password is not the right one, or nobody has this name: never said which."""

    code = "invalid_credentials"


class SessionRevoked(Unauthenticated):
    """The session behind the token was ended, or its person may not sign in any more."""

    code = "session_revoked"


class Unavailable(Refusal):
    """A dependency is down or no place is left for expensive work; nothing half-done stays behind."""

    code = "unavailable"

    def __init__(self, *, retry_after: int = 5) -> None:
        super().__init__(retry_after=retry_after)
