"""The table of events: what can happen, as past facts. A refused flow is recorded as `<flow>.refused` with the
refusal's code."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Event:
    """A named fact.

    `details` are the names and types of what its log line may carry besides the common fields (docs/events.md);
    `record_event` refuses others. `in_audit_log` says whether it gets a row in the audit log, or only a log line and a
    metric. `counted_daily` says that it is counted by day and code. `logged_as_error` marks an alarm that operators
    have to look at.
    """

    name: str
    meaning: str
    details: Mapping[str, type[str | int]] = field(default_factory=dict, hash=False)
    in_audit_log: bool = True
    counted_daily: bool = False
    logged_as_error: bool = False

    def check_details(self, details: Mapping[str, object]) -> None:
        """Refuse details that are not declared, because a secret could reach the logs that way.

        Raises:
            TypeError: a detail has another name or type than declared.
        """
        for name, value in details.items():
            if name not in self.details or not isinstance(value, self.details[name]):
                raise TypeError(f"{self.name} declares no detail {name} that is a {type(value).__name__}")


REGISTRATION_STARTED = Event(
    "registration.started", "A code was made for an address that nobody has.", {"channel": str}
)
REGISTRATION_REPEATED = Event(
    "registration.repeated", "Somebody signed up with an address that has an account.", {"channel": str}
)
REGISTRATION_RESENT = Event("registration.resent", "A new code replaced the old one.", {"resends_left": int})
REGISTRATION_REDIRECTED = Event(
    "registration.redirected", "A sign-up asked for its proof at another address.", {"channel": str}
)
REGISTRATION_REJECTED = Event("registration.rejected", "Whoever holds the mailbox did not sign up.")
ACCOUNT_REGISTERED = Event("account.registered", "An address was proved and its account made.", {"channel": str})
CAPTCHA_REFUSED = Event(
    "captcha.refused", "A captcha was asked for, or the one that came is none.", {"rule": str}, in_audit_log=False
)
CAPTCHA_WAITED = Event(
    "captcha.waited", "Somebody waited instead of solving a captcha.", {"purpose": str}, in_audit_log=False
)
CAPTCHA_VENDOR_DOWN = Event(
    "captcha.vendor_down", "The captcha's vendor can't be asked: few get in.", {"why": str}, in_audit_log=False
)
SECOND_FACTOR_ASKED = Event("second_factor.asked", "The first factor was right, and a second one is owed.")
SECOND_FACTOR_TEXTED = Event("second_factor.texted", "A code went out by SMS, to stand in for the second factor.")
SECOND_FACTOR_EXHAUSTED = Event(
    "second_factor.exhausted", "Every try of a ticket went to a wrong second factor; its owner is told."
)
SECOND_FACTOR_PROVED = Event(
    "second_factor.proved", "The second factor was right; the code says which it was.", {"method": str}
)
FACTORS_REMOVED = Event("factors.removed", "A recovery removed the second factors that were added lately.")
FACTOR_RESET_ORDERED = Event("factors.reset_ordered", "The staff ordered that every second factor is removed in a day.")
FACTOR_RESET_STOPPED = Event("factors.reset_stopped", "The owner stopped that removal.")
FACTORS_RESET = Event("factors.reset", "Every second factor was removed, as the staff ordered.")
TOTP_ADDED = Event("totp.added", "An authenticator app was set up as a second factor.")
TOTP_REMOVED = Event("totp.removed", "The authenticator app was removed.")
PASSKEY_ADDED = Event("passkey.added", "A passkey was made for the account.", {"passkey": str})
PASSKEY_RENAMED = Event("passkey.renamed", "A passkey was renamed.", {"passkey": str})
PASSKEY_REMOVED = Event("passkey.removed", "A passkey was removed.", {"passkey": str})
PASSKEY_USED = Event("passkey.used", "A passkey proved its person.", {"passkey": str})
PASSKEY_COUNTER_BEHIND = Event(
    "passkey.counter_behind", "A passkey counted backwards and was refused: there may be a copy.", {"passkey": str}
)
RECOVERY_CODES_REPLACED = Event("recovery_codes.replaced", "Ten new recovery codes took the place of the old ones.")
DEVICES_UNREMEMBERED = Event(
    "devices.unremembered", "The second factor is asked for on every device again.", {"devices": int}
)
IDENTITY_LINKED = Event("identity.linked", "An identity at another provider was linked.", {"provider": str})
IDENTITY_USED = Event("identity.used", "A person was proved by an identity at another provider.", {"provider": str})
IDENTITY_UNLINKED = Event("identity.unlinked", "An identity at another provider was taken off.", {"provider": str})
PROVIDER_EVENT_RECEIVED = Event(
    "provider_event.received",
    "A provider told what has happened to a person's account there; the code says what.",
    {"provider": str},
)
PROVIDER_EVENT_IGNORED = Event(
    "provider_event.ignored",
    "A provider told of a person whom nobody here is, or of nobody.",
    {"provider": str},
    in_audit_log=False,
)
API_KEY_CREATED = Event("api_key.created", "An API key was made for the account.", {"key": str})
API_KEY_REMOVED = Event("api_key.removed", "An API key was removed.", {"key": str})
API_KEYS_ENDED = Event("api_keys.ended", "A change of what guards the account ended its API keys.", {"keys": int})
RECOVERY_CODE_USED = Event("recovery_code.used", "A recovery code took the place of a second factor.", {"left": int})
APPLICATION_REGISTERED = Event(
    "application.registered", "An application declared itself.", {"application": str}, in_audit_log=False
)
APPLICATION_REDECLARED = Event(
    "application.redeclared",
    "The document of an application changed; consent to it is asked for again.",
    {"application": str},
    in_audit_log=False,
)
APPLICATION_ALLOWED = Event(
    "application.allowed", "A person let an application have what it asks for.", {"application": str}
)
APPLICATION_DENIED = Event(
    "application.denied", "A person did not let in a device of an application.", {"application": str}
)
APPLICATION_WITHDRAWN = Event(
    "application.withdrawn", "A person takes back what an application was let have.", {"application": str}
)
APPLICATION_SIGNED_IN = Event(
    "application.signed_in", "An application exchanged its code: a person signed in there.", {"application": str}
)
APPLICATION_SIGNED_OUT = Event(
    "application.signed_out", "An application gave a person's tokens back, or signed them out.", {"application": str}
)
APPLICATION_REFRESHED = Event(
    "application.refreshed", "An application's refresh token was rotated.", {"application": str}, in_audit_log=False
)
APPLICATION_AUTHENTICATED = Event(
    "application.authenticated", "An application got a token for itself.", {"application": str}, in_audit_log=False
)
APPLICATION_CODE_REPLAYED = Event(
    "application.code_replayed", "A code came twice: what it gave was ended.", {"application": str}
)
APPLICATION_REFRESH_REUSED = Event(
    "application.refresh_reused", "A refresh token came twice: theft; its grant was ended.", {"application": str}
)
SESSION_OPENED = Event("session.opened", "A person was signed in.", {"session": str})
SESSION_REFRESHED = Event("session.refreshed", "A refresh token was rotated.", {"session": str}, in_audit_log=False)
SESSION_REFRESH_REUSED = Event(
    "session.refresh_reused", "A refresh token came twice: theft; the session was ended.", {"session": str}
)
SESSION_ELSEWHERE = Event(
    "session.elsewhere",
    "A session went on from another network by another kind of client; its owner was told.",
    {"session": str},
)
SESSION_ENDED = Event("session.ended", "A person signed out.", {"sessions": int})
SESSION_REAUTHENTICATED = Event("session.reauthenticated", "A person proved again who they are.")
SESSION_DISOWNED = Event("session.disowned", "A person said that a sign-in was not theirs.")
SIGN_IN_SLOWED = Event("sign_in.slowed", "Several wrong passwords in a row: strangers wait now.")
PASSWORD_DISABLED = Event("password.disabled", "A hundred wrong passwords in a row: only a reset opens the account.")
PASSWORD_RESET_ASKED = Event("password.reset_asked", "Somebody asked to reset the password of an address.")
PASSWORD_RESET = Event("password.reset", "The mailbox was proved and a new password set.")
PASSWORD_REMOVED = Event("password.removed", "A person removed their password; there is another way in.")
MAGIC_LINK_ASKED = Event("magic_link.asked", "Somebody asked for a link that signs in, for an address.")
MAGIC_LINK_USED = Event("magic_link.used", "The link or code of a mail proved who it is.")
PASSWORD_CHANGED = Event("password.changed", "A person changed their password.")
EMAIL_CHANGE_ASKED = Event("email.change_asked", "A person asked for another address.")
EMAIL_CHANGED = Event("email.changed", "The new address was proved and took the place of the old.")
EMAIL_CHANGE_UNDONE = Event("email.change_undone", "The old address was put back by its owner.")
PHONE_CHANGE_ASKED = Event("phone.change_asked", "A person asked for another number.")
PHONE_CHANGED = Event("phone.changed", "The new number was proved.")
PHONE_REMOVED = Event("phone.removed", "The proved number was removed, by its person or by a recovery.")
EMAIL_REMOVED = Event("email.removed", "A recovery removed the address, which was proved later than the number.")
PROFILE_CHANGED = Event("profile.changed", "A person changed what they tell about themselves.")
DEVICE_CHANGED = Event("device.changed", "A device was renamed, trusted or no longer trusted.", {"device": str})
DEVICE_FORGOTTEN = Event("device.forgotten", "A device was forgotten and its sessions ended.", {"sessions": int})
ACCOUNT_EXPORTED = Event("account.exported", "A person took all that is kept about them.")
ACCOUNT_CLOSING = Event("account.closing", "A person asked to close the account; it is off, and erased in 14 days.")
ACCOUNT_KEPT = Event("account.kept", "A person took the closing back.")
ACCOUNT_ERASED = Event("account.erased", "The account's personal data was erased.")
KEYS_ROTATED = Event("keys.rotated", "A new signing key was published.", {"kid": str, "forgotten": int})
MESSAGE_SENT = Event(
    "message.sent",
    "The transport took a message.",
    {"kind": str, "channel": str, "tries": int, "message": str},
    in_audit_log=False,
)
MESSAGE_DELAYED = Event(
    "message.delayed",
    "The transport refused a message; it will be tried again.",
    {"kind": str, "message": str},
    in_audit_log=False,
)
MESSAGE_ABANDONED = Event("message.abandoned", "A message will not be sent any more.", {"kind": str, "message": str})
TRANSPORT_REFUSES_US = Event(
    "transport.refuses_us",
    "A mail or SMS server refuses us or our message, not the address: look at login, sender, relay, reputation.",
    {"kind": str, "message": str},
    in_audit_log=False,
    logged_as_error=True,
)
SILENCE_LIFTED = Event("message.silence_lifted", "An address that mail came back from is written to again.")
MESSAGE_FEEDBACK = Event(
    "message.feedback", "The provider told what became of a message.", {"kind": str, "channel": str}
)
SMS_REFUSED = Event(
    "sms.refused", "A cap on what SMS may cost refused one: look at it.", in_audit_log=False, counted_daily=True
)
ROLE_GIVEN = Event("role.given", "An admin gave a person another role.")
RATE_EXCEEDED = Event(
    "rate.exceeded",
    "A request was refused at the edge by a rate.",
    {"rule": str},
    in_audit_log=False,
    counted_daily=True,
)
GUESSES_EXCESSIVE = Event(
    "guesses.excessive",
    "So many wrong passwords or codes over all accounts that somebody sprays.",
    logged_as_error=True,
)
MAIL_FLOODED = Event(
    "mail.flooded",
    "Sign-ups caused so many mails to one domain, or in all, that no more of theirs go for now.",
    logged_as_error=True,
)
ACCOUNT_SUSPENDED = Event("account.suspended", "Staff suspended the account; its sessions ended.")
ACCOUNT_REACTIVATED = Event("account.reactivated", "Staff let the person sign in again.")
ACCOUNT_CLOSED_BY_STAFF = Event("account.closed_by_staff", "Staff closed the account; it is erased in 14 days.")
SIGNED_OUT_BY_STAFF = Event("session.ended_by_staff", "Staff signed the person out everywhere.")
REGISTRATION_RESENT_BY_STAFF = Event("registration.resent_by_staff", "Staff had a sign-up's proof sent again.")
PASSWORD_RESET_BY_STAFF = Event("password.reset_by_staff", "Staff had a password reset sent to the person.")
ADMIN_INVITED = Event("admin.invited", "The command line sent an address the link that makes it an admin.")
AUDIT_EXPORTED = Event("audit.exported", "Staff took a copy of the audit log.")
APPLICATION_CREATED = Event("application.created", "An application was made.", {"application": str})
APPLICATION_CHANGED = Event("application.changed", "What an application declares was changed.", {"application": str})
APPLICATION_REMOVED = Event(
    "application.removed", "An application was removed, and what it was granted.", {"application": str}
)
APPLICATION_SECRET_CREATED = Event(
    "application.secret_created", "A secret of an application was made.", {"application": str}
)
APPLICATION_SECRET_REMOVED = Event(
    "application.secret_removed", "A secret of an application was removed.", {"application": str}
)

ALL_EVENTS = tuple(value for value in globals().values() if isinstance(value, Event))
_MEANINGS = {event.name: event.meaning for event in ALL_EVENTS}


def meaning_of(name: str) -> str:
    """Return what an event means, in words."""
    return _MEANINGS.get(name, f"Refused: {name.removesuffix('.refused').replace('.', ' ').replace('_', ' ')}.")


def refusal_event(flow: str, *, in_audit_log: bool = True, counted_daily: bool = False) -> Event:
    """Return the event of a refused flow: `registration.confirm` becomes `registration.confirm.refused`."""
    return Event(f"{flow}.refused", "The flow said no.", in_audit_log=in_audit_log, counted_daily=counted_daily)
