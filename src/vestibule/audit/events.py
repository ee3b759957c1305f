"""The names of what can happen: past facts. A refused flow is recorded as `<flow>.refused` with the refusal's code."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """A named fact. `kept` says whether it is a row of the audit log, or only a log line and a metric."""

    name: str
    meaning: str
    kept: bool = True


REGISTRATION_STARTED = Event("registration.started", "A code was made for an address that nobody has.")
REGISTRATION_REPEATED = Event("registration.repeated", "Somebody signed up with an address that has an account.")
REGISTRATION_RESENT = Event("registration.resent", "A new code replaced the old one.")
REGISTRATION_REDIRECTED = Event("registration.redirected", "A sign-up asked for its proof at another address.")
REGISTRATION_REJECTED = Event("registration.rejected", "Whoever holds the mailbox did not sign up.")
ACCOUNT_REGISTERED = Event("account.registered", "An address was proved and its account made.")
SESSION_OPENED = Event("session.opened", "A person was signed in.")
SESSION_REFRESHED = Event("session.refreshed", "A refresh token was rotated.", kept=False)
SESSION_REFRESH_REUSED = Event("session.refresh_reused", "A refresh token came twice: theft; the session was ended.")
SESSION_ENDED = Event("session.ended", "A person signed out.")
MESSAGE_SENT = Event("message.sent", "The transport took a message.", kept=False)
MESSAGE_DELAYED = Event("message.delayed", "The transport refused a message; it will be tried again.", kept=False)
MESSAGE_ABANDONED = Event("message.abandoned", "A message will not be sent any more.")
MESSAGE_FEEDBACK = Event("message.feedback", "The provider told what became of a message.")
SMS_REFUSED = Event("sms.refused", "A cap on what SMS may cost refused one: look at it.", kept=False)
ROLE_GIVEN = Event("role.given", "An admin gave a person another role.")
RATE_EXCEEDED = Event("rate.exceeded", "A request was refused at the edge by a rate.", kept=False)

ALL = tuple(value for value in globals().values() if isinstance(value, Event))


def refused(flow: str, *, kept: bool = True) -> Event:
    """The event of a flow that said no: `registration.confirm` becomes `registration.confirm.refused`."""
    return Event(f"{flow}.refused", "The flow said no.", kept)
