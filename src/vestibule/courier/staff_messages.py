"""The kinds of message that the staff causes, by hand or by command."""

from django.utils.translation import gettext_lazy as _

from vestibule.courier.message_kind import Cause, MessageKind

_ASK = _("If you think that this is a mistake, write to us.")
ACCOUNT_SUSPENDED = MessageKind(
    name="account_suspended",
    subject=_("Your account was suspended"),
    cause=Cause.ACCOUNT,
    says=_("We suspended your account: you are signed out, and can't sign in for now. Nothing of it was erased."),
    then=_ASK,
    by_house=True,
)
ACCOUNT_REACTIVATED = MessageKind(
    name="account_reactivated",
    subject=_("Your account is open again"),
    cause=Cause.ACCOUNT,
    says=_("You can sign in to your account again."),
    then=_("Your password is the one that you had."),
    by_house=True,
)
ACCOUNT_CLOSED_BY_STAFF = MessageKind(
    name="account_closed_by_staff",
    subject=_("Your account was closed"),
    cause=Cause.ACCOUNT,
    says=_("We closed your account: it is switched off now, and all of it will be erased in 14 days."),
    then=_ASK,
    by_house=True,
)
ADMIN_INVITATION = MessageKind(
    name="admin_invitation",
    subject=_("You are to run this"),
    cause=Cause.ACCOUNT_WITH_UNDO,
    says=_("Choose a password, and this address has an account that may see and manage all others."),
    button=_("Choose a password"),
    then=_("The link works once, for an hour. If you do not know what this is about, ignore this message."),
    by_house=True,
)
