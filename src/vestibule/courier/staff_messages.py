"""The kinds of message that the staff causes, by hand or by command."""

from django.utils.translation import gettext_lazy as _

from vestibule.courier.message_kind import SIGN_IN, Action, Cause, MessageKind

_MISTAKE = _("If you think this is a mistake, contact us.")
ACCOUNT_SUSPENDED = MessageKind(
    name="account_suspended",
    subject=_("Your account was suspended"),
    cause=Cause.ACCOUNT,
    says=_("We suspended your account. You were signed out and can't sign in for now. Nothing was erased."),
    then=_MISTAKE,
    by_house=True,
)
ACCOUNT_REACTIVATED = MessageKind(
    name="account_reactivated",
    subject=_("Your account is open again"),
    cause=Cause.ACCOUNT,
    says=_("You can sign in to your account again."),
    actions=(SIGN_IN,),
    then=_("Your password is the same as before."),
    by_house=True,
)
ACCOUNT_CLOSED_BY_STAFF = MessageKind(
    name="account_closed_by_staff",
    subject=_("Your account was closed"),
    cause=Cause.ACCOUNT,
    says=_("We closed your account. It is disabled now and will be erased in 14 days."),
    then=_MISTAKE,
    by_house=True,
)
ADMIN_INVITATION = MessageKind(
    name="admin_invitation",
    subject=_("You're invited to administer %(brand)s"),
    cause=Cause.ACCOUNT_WITH_UNDO,
    says=_(
        "Choose a password to create an administrator account with this address. It can see and manage all other"
        " accounts."
    ),
    actions=(Action(_("Choose a password")),),
    then=_("The link works once and expires in one hour. If you weren't expecting this, ignore this message."),
    by_house=True,
)
