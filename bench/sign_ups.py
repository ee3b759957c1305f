"""Thirty days of sign-ups, made up, for the admin's dashboard to draw: `VAR_DIR=… python -m bench.sign_ups [a day]`.

Written as rows, into whatever database the settings name: for a picture, and for timing the dashboard on many; never
for a house that people live in, which it refuses to enter.
"""

import random
import sys
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

import django

from vestibule.service.boot import set_default_settings_module

set_default_settings_module()
django.setup()

from vestibule.accounts.models import Profile, Role, Status, User
from vestibule.addresses.address import Channel
from vestibule.audit.models import AuditEvent, DayTally
from vestibule.courier.models import Feedback, Message, State

DAYS = 30
WEEK = (1.0, 1.08, 1.1, 1.02, 0.95, 0.55, 0.5)  # of a usual day, Monday first
THROTTLED = {"register_start": 0.05, "register_confirm": 0.02, "anon": 0.09, "register_resend": 0.008}
WRONG = {"otp_invalid": 0.11, "otp_expired": 0.03, "otp_exhausted": 0.012, "token_used": 0.02, "locked": 0.004}

dice = random.Random(20260301)  # the same picture each time


class Ledger:
    """The rows that are to be written."""

    def __init__(self) -> None:
        self.users: list[User] = []
        self.messages: list[Message] = []
        self.events: list[AuditEvent] = []
        self.tallies: list[DayTally] = []

    def write(self) -> None:
        """All of them, some thousand at once."""
        User.objects.bulk_create(self.users, batch_size=2000)
        Profile.objects.bulk_create([Profile(user=user) for user in self.users], batch_size=2000)
        Message.objects.bulk_create(self.messages, batch_size=2000)
        AuditEvent.objects.bulk_create(self.events, batch_size=2000)
        DayTally.objects.bulk_create(self.tallies, ignore_conflicts=True)


def main() -> None:
    """Make them, and say how many."""
    if User.objects.exclude(role=Role.ADMIN).count() > 1:
        sys.exit("people live here: name an empty database (VAR_DIR, DATABASE_URL)")
    a_day = int(sys.argv[1]) if len(sys.argv) > 1 else 180
    today, ledger = datetime.now(UTC), Ledger()
    for back in range(DAYS - 1, -1, -1):
        _day(ledger, today.date() - timedelta(days=back), a_day, DAYS - back, today)
    ledger.write()
    sys.stdout.write(f"{len(ledger.messages)} messages, {len(ledger.events)} events, {len(ledger.users)} accounts\n")


def _day(ledger: Ledger, day: date, a_day: int, number: int, now: datetime) -> None:
    """One day: it grows a little, rests at the weekend, and on the 12th the mail provider has a bad afternoon."""
    busy = WEEK[day.weekday()] * (0.8 + number / 75) * dice.uniform(0.92, 1.08)
    for _ in range(int(a_day * busy)):
        at = datetime.combine(day, time(), UTC) + timedelta(
            seconds=min(86_399, int(dice.triangular(0, 86_399, 52_000)))
        )
        if at < now:
            _sign_up(ledger, at, trouble=0.3 if number == 12 else 0.018)
    for rule, share in THROTTLED.items():
        ledger.tallies.append(DayTally(day=day, name="rate.exceeded", code=rule, count=int(a_day * share * busy)))
    ledger.tallies.append(DayTally(day=day, name="sms.refused", code="prefix", count=dice.choice((0, 0, 0, 4, 9))))


def _sign_up(ledger: Ledger, at: datetime, *, trouble: float) -> None:
    topic, by_sms = uuid4(), dice.random() < 0.17
    kind, state, reason, feedback = "registration_code", State.SENT, "", ""
    chance = dice.random()
    if chance < 0.045:
        kind = "already_registered"
    elif chance < 0.045 + trouble:
        state, reason = State.ABANDONED, dice.choice(("expired", "capped", "refused", "bounced"))
    elif not by_sms:
        feedback = Feedback.BOUNCED if dice.random() < 0.02 else Feedback.DELIVERED
    ledger.messages.append(_message(topic, at, kind, by_sms, state, reason, feedback))
    repeated = kind == "already_registered"
    ledger.events.append(_event("registration.repeated" if repeated else "registration.started", at))
    if state != State.SENT or repeated or feedback == Feedback.BOUNCED:
        return
    for code, share in WRONG.items():
        if dice.random() < share:
            ledger.events.append(_event("registration.confirm.refused", at + timedelta(seconds=50), code=code))
    fate = dice.random()
    if fate < (0.74 if by_sms else 0.83):
        done = at + timedelta(seconds=dice.lognormvariate(3.5 if by_sms else 4.3, 0.7))
        user = User(email=f"{topic.hex[:12]}@example.com", status=Status.ACTIVE, email_verified_at=done, password="!")
        ledger.users.append(user)
        ledger.events.append(_event("account.registered", done, user_id=user.pk, challenge_id=topic))
    elif fate > 0.995:
        ledger.events.append(_event("registration.rejected", at + timedelta(minutes=3), challenge_id=topic))


def _message(topic: UUID, at: datetime, kind: str, by_sms: bool, state: str, trouble: str, feedback: str) -> Message:
    return Message(
        kind=kind,
        channel=Channel.SMS if by_sms else Channel.EMAIL,
        recipient=topic.bytes,
        recipient_hint="+4…00" if by_sms else "a…@example.com",
        topic=topic,
        state=state,
        tries=1,
        trouble=trouble,
        feedback=feedback,
        created_at=at,
        due_at=at,
        ended_at=at + timedelta(seconds=2),
    )


def _event(name: str, at: datetime, **more: object) -> AuditEvent:
    return AuditEvent(name=name, at=at, actor="anonymous", address="203.0.113.7", **more)


if __name__ == "__main__":
    main()
