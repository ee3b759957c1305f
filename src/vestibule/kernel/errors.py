"""Refusals: every way in which a flow says no. `web.problems` turns their stable `code` into a status and words.

Refusal
  Invalid              one or more fields are wrong                         invalid
  TokenInvalid         a signed handle or link is not valid here            token_invalid
  WrongSecret          the code is wrong; attempts are left                 otp_invalid
  Exhausted            no attempts are left                                 otp_exhausted
  Expired              the challenge is too old, or unknown by now          otp_expired
    LinkExpired        the link is too old, or unknown by now               token_expired
  AlreadyUsed          the proof has taken effect before                    token_used
  TooSoon              the cooldown after the last send is not over         cooldown
  Throttled            a rate, or the number of resends, is used up         throttled
  Locked               too many failures, or another request is at it now   locked
  EmailTaken           409s, shown only where that reveals nothing          email_taken
  UsernameTaken                                                             username_taken
  PhoneTaken                                                                phone_taken
  LastSignInMethod     without it nobody could sign in or recover           last_way_in
    LastFactor         the role needs a second factor, and this is the last   last_way_in
  PasswordRequired     the link needs the password of the sign-up           password_required
  CaptchaRequired      the client must solve a captcha first                captcha_required
  CaptchaInvalid       the captcha's answer is wrong, too old or used       captcha_invalid
  StepUpRequired       the sign-in is not recent enough                     reauthentication_required
  EnrolmentRequired    it needs a second factor, and there is none          mfa_enrolment_required
  OtherBrowser         the link was opened by a client that did not ask     other_browser
  AccountUnverified    the password is right, the address not proved yet    account_unverified
  AccountSuspended     the password is right, the account is suspended      account_suspended
  NotAllowed           the person's role lacks the permission               permission_denied
  NotFound             the person has nothing with that id                  not_found
  Unauthenticated      the client is not signed in                          not_authenticated
    CredentialInvalid  the token is not ours, or altered                    token_invalid
    CredentialExpired  the token is too old                                 token_expired
    InvalidCredentials the name or the password is wrong                    invalid_credentials
    FactorInvalid      the second factor is wrong; attempts are left        mfa_invalid
    CredentialUnknown  no account has this passkey                          credential_unknown
    SessionRevoked     the session of the token was ended                   session_revoked
  Unavailable          a dependency is down, or a queue is full             unavailable
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: the `code` that clients read, and the parameters of its sentence.

    The sentence is looked up at the edge in the reader's language (`web.field_messages`), by `reason` if one code has
    several meanings.
    """

    code: str
    reason: str = ""
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def message_key(self) -> str:
        """The key of the sentence."""
        return self.reason or self.code


class Malformed(ValueError):
    """The input is no valid address, name or picture; `error` says why."""

    def __init__(self, error: FieldError) -> None:
        super().__init__(error.message_key)
        self.error = error


@dataclass(kw_only=True, eq=False, repr=False)
class Refusal(Exception):
    """A flow says no. Nothing was changed except counts of failures.

    `retry_after` is in whole seconds. `subject` is the keyed digest of the address concerned, for the audit log.
    `reason` selects the words where a code has several.
    """

    code: ClassVar[str]
    retry_after: int | None = None
    attempts_left: int | None = None
    subject: bytes | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        super().__init__(self.code)


class Invalid(Refusal):
    """One or more fields are wrong."""

    code = "invalid"

    def __init__(self, fields: Mapping[str, Sequence[FieldError]], *, subject: bytes | None = None) -> None:
        super().__init__(subject=subject)
        self.fields = fields


class TokenInvalid(Refusal):
    """A signed handle or link is malformed, forged, or was made for another purpose."""

    code = "token_invalid"


class WrongSecret(Refusal):
    """The secret is wrong; `attempts_left` says how many attempts remain."""

    code = "otp_invalid"


class Exhausted(Refusal):
    """This challenge has no attempts left; only a new one helps."""

    code = "otp_exhausted"


class Expired(Refusal):
    """The challenge is too old, or the store does not know it any more."""

    code = "otp_expired"


class LinkExpired(Expired):
    """The link is too old, or the store does not know it any more."""

    code = "token_expired"


class AlreadyUsed(Refusal):
    """The proof has taken effect before, and never does twice."""

    code = "token_used"


class TooSoon(Refusal):
    """The cooldown between two sends is not over; `retry_after` says when it is."""

    code = "cooldown"


class Throttled(Refusal):
    """A rate is used up. `limit` per `window` seconds is the rate that refused, if there is one; it `resets_at` that
    moment, in seconds since the epoch."""

    code = "throttled"
    resets_at: float | None = None

    def __init__(
        self, *, retry_after: int, limit: int | None = None, window: int | None = None, subject: bytes | None = None
    ) -> None:
        super().__init__(retry_after=retry_after, subject=subject)
        self.limit = limit
        self.window = window


class Locked(Refusal):
    """There were too many failures for this address, or another request is using the same proof."""

    code = "locked"


class EmailTaken(Refusal):
    """Another account has this address (told only where enumeration protection is off)."""

    code = "email_taken"


class UsernameTaken(Refusal):
    """Another account has this username (usernames are public)."""

    code = "username_taken"


class PhoneTaken(Refusal):
    """Another account has this number (told only where enumeration protection is off)."""

    code = "phone_taken"


class LastSignInMethod(Refusal):
    """Without this the account would have no proved address left."""

    code = "last_way_in"


class LastFactor(LastSignInMethod):
    """The role needs a second factor, and this is the last one."""


class PasswordRequired(Refusal):
    """The link was opened by a client that did not begin the sign-up, without the password of the sign-up."""

    code = "password_required"


class CaptchaRequired(Refusal):
    """The client must solve a captcha first. `retry_after` is set while it waits instead."""

    code = "captcha_required"


class CaptchaInvalid(Refusal):
    """The captcha's answer is wrong, altered, too old, for something else, or was used before."""

    code = "captcha_invalid"


class StepUpRequired(Refusal):
    """The act needs a recent sign-in: the client must prove again who it is."""

    code = "reauthentication_required"


class EnrolmentRequired(Refusal):
    """The role of the person (MFA_REQUIRED_ROLES), or what was asked for, needs a second factor; there is none."""

    code = "mfa_enrolment_required"


class OtherBrowser(Refusal):
    """The link was opened by a client that did not ask for it; the code beside it can be typed instead."""

    code = "other_browser"


class AccountUnverified(Refusal):
    """The password is that of a sign-up that waits for its proof."""

    code = "account_unverified"


class AccountSuspended(Refusal):
    """The password is right, but the account may not sign in."""

    code = "account_suspended"


class NotAllowed(Refusal):
    """The client is signed in, but its role lacks the permission."""

    code = "permission_denied"


class NotFound(Refusal):
    """The person has nothing with that id."""

    code = "not_found"


class Unauthenticated(Refusal):
    """The client is not signed in. Every subclass is a 401, whatever its code means elsewhere."""

    code = "not_authenticated"


class CredentialInvalid(Unauthenticated):
    """An access or refresh token is malformed, forged, altered, or of another kind or audience."""

    code = "token_invalid"


class CredentialExpired(Unauthenticated):
    """An access or refresh token is too old."""

    code = "token_expired"


class InvalidCredentials(Unauthenticated):
    """The password is wrong or no account has this name; the answer never says which."""

    code = "invalid_credentials"


class FactorInvalid(Unauthenticated):
    """The second factor is wrong; `attempts_left` says how many attempts the ticket has left."""

    code = "mfa_invalid"


class CredentialUnknown(Unauthenticated):
    """No account has this passkey. It is never told of one that exists."""

    code = "credential_unknown"


class SessionRevoked(Unauthenticated):
    """The session of the token was ended, or its user may not sign in any more."""

    code = "session_revoked"


class Unavailable(Refusal):
    """A dependency is down, or no place is free for expensive work. Nothing half-done remains."""

    code = "unavailable"

    def __init__(self, *, retry_after: int = 5) -> None:
        super().__init__(retry_after=retry_after)
