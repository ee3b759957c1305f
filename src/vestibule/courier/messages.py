"""Every kind of message and its wording (`courier.rendering` makes mails and texts of them)."""

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from vestibule.courier import application_messages, factor_messages, staff_messages
from vestibule.courier.message_kind import (
    CHOOSE_PASSWORD,
    KEEP,
    OPEN_SECURITY,
    RESET,
    SIGN_IN,
    SIGN_IN_CODE,
    Action,
    Cause,
    MessageKind,
    guard_changed,
)

_VERIFICATION_CODE = _("%(code)s is your verification code")
_IGNORE = _("If this wasn't you, ignore this message. Nothing will change.")

REGISTRATION_CODE = MessageKind(
    name="registration_code",
    subject=_("Your verification code"),
    cause=Cause.STRANGER,
    code_subject=_VERIFICATION_CODE,
    says=_("Enter this code on the page where you signed up."),
    then=_("If you didn't sign up, ignore this message. Without the code, nothing happens."),
    protects_account=False,
)
VERIFY_ADDRESS = MessageKind(
    name="verify_address",
    subject=_("Confirm your email address"),
    cause=Cause.STRANGER,
    code_subject=_VERIFICATION_CODE,
    preview=_("Confirm your email address to finish signing up."),
    says=_("One more step and your account is ready."),
    actions=(Action(_("Confirm my address")),),
    then=_("If you didn't sign up, tell us, and the sign-up ends at once."),
    mail_template="verify_address",
    protects_account=False,
)
ALREADY_REGISTERED = MessageKind(
    name="already_registered",
    subject=_("You already have an account"),
    cause=Cause.STRANGER,
    preview=_("Sign in, or choose a new password."),
    says=_(
        "We received a request to use this address for another account. It already belongs to your account, and"
        " nothing was changed. If this was you, sign in or choose a new password."
    ),
    actions=(SIGN_IN, CHOOSE_PASSWORD),
    then=_("If this wasn't you, ignore this message. No one got in, and no one was told that you have an account."),
    sms_template="already_registered",
    protects_account=False,
)
SESSION_ENDED = MessageKind(
    name="session_ended",
    subject=_("We ended one of your sessions"),
    cause=Cause.ACCOUNT,
    preview=_("Sign in again. If anything looks unusual, choose a new password."),
    says=_(
        "A token of one of your sessions was used twice, which can mean that it was copied. We ended that session to"
        " protect your account."
    ),
    actions=(SIGN_IN, CHOOSE_PASSWORD),
    then=_("Sign in again on that device. If anything looks unusual, choose a new password."),
    sms_template="session_ended",
)
NEW_SIGN_IN = guard_changed(
    "new_sign_in",
    _("New sign-in to your account"),
    _("Someone signed in to your account from a device or network that we haven't seen before."),
)
SESSION_ELSEWHERE = guard_changed(
    "session_elsewhere",
    _("Your session was used elsewhere"),
    _("One of your sessions was continued in a different browser or app and on a different network."),
)
IDENTITY_LINKED = guard_changed(
    "identity_linked",
    _("Another way to sign in was added"),
    _("An account at another provider was linked to yours and can now be used to sign in."),
)
IDENTITY_UNLINKED = guard_changed(
    "identity_unlinked",
    _("A way to sign in was removed"),
    _(
        "An account at another provider was unlinked from yours and can no longer be used to sign in. Devices that were"
        " signed in with it were signed out."
    ),
)
IDENTITY_REVOKED = guard_changed(
    "identity_revoked",
    _("A provider ended your sessions here"),
    _(
        "A provider that you sign in with told us that something changed there: your password, a permission, or the"
        " account itself. Devices that were signed in with it were signed out."
    ),
    _(
        "Check your account at the provider, then sign in again. If something looks wrong, use the link in this"
        " message: it signs out every device and lets you choose a new password."
    ),
    by_house=True,
)
SIGN_IN_TROUBLE = MessageKind(
    name="sign_in_trouble",
    subject=_("Failed sign-in attempts on your account"),
    cause=Cause.STRANGER,
    hides_refusal=True,
    preview=_("If this was you, wait a little or choose a new password."),
    says=_(
        "A wrong password was entered several times in a row for your account. We have slowed down further attempts."
    ),
    actions=(CHOOSE_PASSWORD,),
    then=_("If this was you, wait a little or choose a new password. If not, you don't need to do anything."),
)
PASSWORD_DISABLED = MessageKind(
    name="password_disabled",
    subject=_("Your password was disabled"),
    cause=Cause.ACCOUNT,
    preview=_("Choose a new password to sign in again."),
    says=_(
        "A wrong password was entered a hundred times in a row for your account, so we disabled your password. Choose a"
        " new one to sign in again."
    ),
    actions=(CHOOSE_PASSWORD,),
)
PASSWORD_RESET = MessageKind(
    name="password_reset",
    subject=_("Reset your password"),
    cause=Cause.STRANGER,
    hides_refusal=True,
    always=True,
    code_subject=_("%(code)s is your password reset code"),
    says=_("We received a request to reset your password. The link works once and expires in one hour."),
    actions=(Action(CHOOSE_PASSWORD.label),),
    then=_IGNORE,
)
MAGIC_LINK = MessageKind(
    name="magic_link",
    subject=_("Sign in to your account"),
    cause=Cause.STRANGER,
    hides_refusal=True,
    code_subject=SIGN_IN_CODE,
    says=_(
        "We received a request to sign in to your account. The link works once, within 15 minutes, in the browser that"
        " asked for it. In any other browser, enter the code."
    ),
    actions=(Action(SIGN_IN.label),),
    then=_IGNORE,
)
PASSWORD_CHANGED = guard_changed(
    "password_changed",
    _("Your password was changed"),
    _("Your password was changed, and your other devices were signed out."),
    RESET,
    also=(CHOOSE_PASSWORD,),
)
PASSWORD_CHANGED_BESIDE_LINKS = MessageKind(
    name="password_changed_beside_links",
    subject=PASSWORD_CHANGED.subject,
    cause=Cause.ACCOUNT,
    preview=RESET,
    says=_(
        "Your password was changed, and your other devices were signed out. Accounts at other providers can still sign"
        " in to yours. Check in your security settings that they are your own."
    ),
    actions=(CHOOSE_PASSWORD, OPEN_SECURITY),
    then=RESET,
)
PASSWORD_REMOVED = guard_changed(
    "password_removed",
    _("Your password was removed"),
    _("Your account no longer has a password, and your other devices were signed out."),
)
EMAIL_CHANGE = MessageKind(
    name="email_change",
    subject=_("Confirm your new email address"),
    cause=Cause.STRANGER,
    code_subject=_VERIFICATION_CODE,
    says=_("Enter this code on the page where you changed your email address."),
    then=_IGNORE,
    protects_account=False,
)
EMAIL_CHANGING = MessageKind(
    name="email_changing",
    subject=_("Your email address is about to change"),
    cause=Cause.ACCOUNT,
    preview=RESET,
    says=_("Someone who is signed in to your account asked to change its email address. Nothing has changed yet."),
    actions=(CHOOSE_PASSWORD,),
    then=RESET,
)
EMAIL_CHANGED = MessageKind(
    name="email_changed",
    subject=_("Your email address was changed"),
    cause=Cause.ACCOUNT_WITH_UNDO,
    preview=KEEP,
    says=_("Your account now has a different email address. You can undo this within 72 hours."),
    actions=(Action(_("Undo the change")),),
    then=KEEP,
)
PHONE_CHANGE = MessageKind(
    name="phone_change",
    subject=_("Confirm your phone number"),
    cause=Cause.STRANGER,
    code_subject=_VERIFICATION_CODE,
    says=_("Enter this code on the page where you changed your phone number."),
    then=_IGNORE,
    protects_account=False,
)
PHONE_CHANGED = guard_changed(
    "phone_changed",
    _("Your phone number was changed"),
    _("Your account now has a different phone number."),
)
PHONE_REMOVED = guard_changed(
    "phone_removed",
    _("Your phone number was removed"),
    _("Your account no longer has a phone number, and your other devices were signed out."),
)
PHONE_DROPPED = MessageKind(
    name="phone_dropped",
    subject=PHONE_REMOVED.subject,
    cause=Cause.ACCOUNT,
    says=_("Your account was recovered through this address, so we removed the phone number that was added later."),
    actions=(OPEN_SECURITY,),
    then=_("If the phone number is yours, add it again."),
)
EMAIL_DROPPED = MessageKind(
    name="email_dropped",
    subject=_("Your email address was removed"),
    cause=Cause.ACCOUNT,
    says=_("Your account was recovered through its phone number, so we removed this address, which was added later."),
    actions=(OPEN_SECURITY,),
    then=_("If the account is yours, add this address again."),
)
SESSION_CROWDED_OUT = MessageKind(
    name="session_crowded_out",
    subject=_("Your oldest session was ended"),
    cause=Cause.ACCOUNT,
    says=_("You are signed in on many devices, so we ended the session that began first."),
    actions=(Action(_("Review your devices"), "sessions"), CHOOSE_PASSWORD),
    then=_("If you don't recognize all of these devices, sign them out and choose a new password."),
)
ACCOUNT_CLOSING = MessageKind(
    name="account_closing",
    subject=_("Your account will be erased"),
    cause=Cause.ACCOUNT_WITH_UNDO,
    preview=KEEP,
    says=_("We received a request to close your account. It is disabled now and will be erased in 14 days."),
    actions=(Action(_("Keep my account")),),
    then=KEEP,
)
DIGEST = MessageKind(
    name="digest",
    subject=_("Recent activity on your account"),
    cause=Cause.ACCOUNT,
    says=_("A lot happened on your account within an hour, so here it is in one message."),
    actions=(CHOOSE_PASSWORD,),
    then=RESET,
    by_house=True,
    mail_template="digest",
    sms_template="digest",
)

_OTHERS = [each for module in (application_messages, factor_messages, staff_messages) for each in vars(module).values()]
KINDS: Mapping[str, MessageKind] = MappingProxyType(
    # Not `isinstance`, which would have the lazy settings among them read.
    {each.name: each for each in (*globals().values(), *_OTHERS) if type(each) is MessageKind}
)
