"""Another e-mail address: proved at the new one, announced at the old, and for 72 hours taken back from there."""

from django.db import IntegrityError
from django.db.transaction import atomic
from django.utils.translation import gettext as _

from vestibule.accounts import directory, lifecycle
from vestibule.accounts.identifiers import Email
from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.challenges import newest
from vestibule.challenges.desk import challenges
from vestibule.challenges.policy import Purpose, Secret
from vestibule.challenges.results import Proof, Standing
from vestibule.courier import messages
from vestibule.flows import owner, password_reset, recovery, securing, sign_in
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid


@flow("email_change.start")
def start(*, client: Client, email: Email, password: str) -> Standing:
    """Send a code to the new address, and a word to the old. An address that has an account gets a notice instead, and
    the answer is the same; a newer request kills the older.

    Raises Unauthenticated, StepUpRequired, InvalidCredentials, Locked, Invalid (it is the address that they have),
    Unavailable.
    """
    user = securing.recently_signed_in(client)
    sign_in.check(client, user, password)
    if user.email == email:
        raise Invalid({"email": [FieldError("unchanged", _("This is your address already."))]})
    taken = directory.holder_of_email(email) is not None
    payload = {"user_id": str(user.pk), "session_id": str(client.session_id), "old": user.email, "new": email}
    with atomic():
        securing.hold(client, user)
        place = newest.hold(Purpose.EMAIL_CHANGE, challenges.subjects_of(user.pk), client.at)
        kind = messages.ALREADY_REGISTERED if taken else messages.EMAIL_CHANGE
        issued = owner.send(client, place, kind, email, payload, notice=taken)
        owner.write(client, messages.EMAIL_CHANGING, owner.reached_at(user))
        record(events.EMAIL_CHANGE_ASKED, client)
    return issued.standing


@flow("email_change.confirm")
def confirm(*, client: Client, otp: str) -> User:
    """The code from the new address, in the session that asked for it.

    Raises Unauthenticated, WrongSecret, Exhausted, Expired, AlreadyUsed, Locked, EmailTaken (somebody proved it
    meanwhile), Unavailable.
    """
    user = securing.signed_in(client)
    asked = newest.of(Purpose.EMAIL_CHANGE, challenges.subjects_of(user.pk))
    if asked is None or challenges.payload(asked)["session_id"] != str(client.session_id):
        raise errors.Expired
    with challenges.verify(asked, otp, now=client.at) as proof:
        return _move(client, proof)


@flow("email_change.undo")
def undo(*, client: Client, token: str) -> None:
    """The link at the old address: it is put back, no password opens the account, and a reset is on its way there.

    Raises TokenInvalid, LinkExpired, AlreadyUsed, Locked, EmailTaken, Unavailable.
    """
    seen, secret = challenges.link(Purpose.EMAIL_UNDO, token, client.at)
    with challenges.verify(seen, secret, now=client.at, by=Secret.LINK) as proof, atomic():
        user = recovery.recover(client, proof)
        record(events.EMAIL_CHANGE_UNDONE, client, user_id=user.pk, challenge_id=proof.id)
        password_reset.offer(client, user, Email(proof.payload["address"]))
    recovery.tidy(client, user.pk)


def _move(client: Client, proof: Proof) -> User:
    new, old = Email(proof.payload["new"]), proof.payload["old"]
    try:
        with atomic():
            user = securing.hold(client)
            if user.email != old:  # it is another by now than the one that was to be replaced
                raise errors.Expired(subject=proof.subject)
            lifecycle.move(user, new, client.at)
            securing.cut_off(client, user.pk, but=client.session_id)
            record(events.EMAIL_CHANGED, client, challenge_id=proof.id)
            if old and user.email_verified_at:
                payload = owner.sealed(user, Email(old))
                subject = challenges.subject_of(user.pk)
                issued = challenges.issue(Purpose.EMAIL_UNDO, subject=subject, payload=payload, now=client.at)
                owner.write(client, messages.EMAIL_CHANGED, Email(old), link="email/undo", issued=issued)
    except IntegrityError as error:
        raise errors.EmailTaken from error
    securing.call_off(user.pk, old, user.phone_number)
    return securing.signed_in(client)
