"""Every kind of message and its wording (`courier.rendering` makes mails and texts of them)."""

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from vestibule.courier import application_messages, staff_messages
from vestibule.courier.message_kind import Cause, MessageKind, guard_changed

REGISTRATION_CODE = MessageKind(
    name="registration_code", subject=_("Your verification code"), cause=Cause.STRANGER, protects_account=False
)
VERIFY_ADDRESS = MessageKind(
    name="verify_address", subject=_("Confirm your address"), cause=Cause.STRANGER, protects_account=False
)
ALREADY_REGISTERED = MessageKind(
    name="already_registered", subject=_("You already have an account"), cause=Cause.STRANGER, protects_account=False
)

SESSION_ENDED = MessageKind(name="session_ended", subject=_("We ended one of your sessions"), cause=Cause.ACCOUNT)

_NOT_YOU = _("If that was you, you need not do anything. If not, press the button: it ends that session.")
_RESET = _("If that was not you, reset your password at once: somebody else may know it.")
_IGNORE = _("If you did not ask for this, ignore this message: without it nothing happens.")
NEW_SIGN_IN = MessageKind(
    name="new_sign_in",
    subject=_("New sign-in to your account"),
    cause=Cause.ACCOUNT_WITH_UNDO,
    says=_("Somebody signed in to your account from a device or network that we have not seen before."),
    button=_("This wasn't me"),
    then=_NOT_YOU,
)


SESSION_ELSEWHERE = guard_changed(
    "session_elsewhere",
    _("Your session is used elsewhere"),
    _("A session of your account went on in another browser or app and from another network than it began in."),
)
TOTP_ADDED = guard_changed(
    "totp_added",
    _("An authenticator app was added"),
    _("An authenticator app is a second factor of your account now: a sign-in asks for its code."),
)
TOTP_REMOVED = guard_changed(
    "totp_removed",
    _("Your authenticator app was removed"),
    _("A sign-in does not ask for the code of your authenticator app any more. Other devices were signed out."),
)
PASSKEY_ADDED = guard_changed(
    "passkey_added",
    _("A passkey was added"),
    _("A passkey was made for your account. It signs in without a password."),
)
PASSKEY_REMOVED = guard_changed(
    "passkey_removed",
    _("A passkey was removed"),
    _("A passkey of your account was removed and opens it no more. Other devices were signed out."),
)
IDENTITY_LINKED = guard_changed(
    "identity_linked",
    _("Another way to sign in was added"),
    _("Your account was linked with one at another provider, which signs in to it now."),
)
IDENTITY_UNLINKED = guard_changed(
    "identity_unlinked",
    _("A way to sign in was removed"),
    _("An account at another provider does not sign in to yours any more. What it had opened was signed out."),
)
IDENTITY_REVOKED = guard_changed(
    "identity_revoked",
    _("A provider ended what it had opened"),
    _(
        "Another provider that signs in to your account told us that something changed there: a password, a consent,"
        " or the account itself. What it had opened here was signed out. Look there first; then sign in again."
    ),
    by_house=True,
)
RECOVERY_CODES_REPLACED = guard_changed(
    "recovery_codes_replaced",
    _("You have new recovery codes"),
    _("Ten new recovery codes were made for your account. The old ones do not work any more."),
)
RECOVERY_CODE_USED = guard_changed(
    "recovery_code_used",
    _("A recovery code was used"),
    _("A recovery code proved that it is you, in place of your second factor. It works only once."),
    _NOT_YOU,
)
FEW_RECOVERY_CODES = MessageKind(
    name="few_recovery_codes",
    subject=_("Three recovery codes are left"),
    cause=Cause.ACCOUNT,
    says=_("Three of your recovery codes are left. Make a new set before you need the last one."),
)
FACTOR_CODE = MessageKind(
    name="factor_code",
    subject=_("Your sign-in code"),
    cause=Cause.ACCOUNT,
    says=_("Type this code where you are signing in."),
    then=_RESET,
)
FACTOR_RESET_ORDERED = MessageKind(
    name="factor_reset_ordered",
    subject=_("Your second factors will be removed"),
    cause=Cause.ACCOUNT_WITH_UNDO,
    says=_(
        "We were told that you lost every second factor of your account. In 24 hours we remove them, and your "
        "password alone opens it."
    ),
    button=_("Keep my second factors"),
    then=_("If you asked for that, you need not do anything. If not, press the button."),
)
FACTORS_RESET = guard_changed(
    "factors_reset",
    _("Your second factors were removed"),
    _("Your account has no second factor any more, and every device was signed out. Set one up again soon."),
)
SECOND_FACTOR_TROUBLE = MessageKind(
    name="second_factor_trouble",
    subject=_("Wrong second factors on your account"),
    cause=Cause.ACCOUNT_WITH_UNDO,
    says=_("Somebody got past the first step of a sign-in, like your password, and failed five times at the second."),
    button=_("This wasn't me"),
    then=_("If that was you, sign in again. If not, press the button: your password is void then. Choose another."),
)
SIGN_IN_TROUBLE = MessageKind(
    name="sign_in_trouble",
    subject=_("Wrong passwords on your account"),
    cause=Cause.STRANGER,
    hides_refusal=True,
    says=_("Several wrong passwords in a row were typed for your account, and it lets strangers try only slowly now."),
    then=_("If that was you, wait a little, or reset your password. If not, you need not do anything."),
)
PASSWORD_DISABLED = MessageKind(
    name="password_disabled",
    subject=_("Your password was disabled"),
    cause=Cause.ACCOUNT,
    says=_("A hundred wrong passwords in a row were typed for your account, so no password opens it any more."),
    then=_("Reset your password to sign in again: that proves that the account is yours."),
)
PASSWORD_RESET = MessageKind(
    name="password_reset",
    subject=_("Reset your password"),
    cause=Cause.STRANGER,
    hides_refusal=True,
    always=True,
    says=_("Somebody, we hope you, asked to reset the password of your account. The link works once, for an hour."),
    button=_("Choose a new password"),
    then=_IGNORE,
)
MAGIC_LINK = MessageKind(
    name="magic_link",
    subject=_("Sign in to your account"),
    cause=Cause.STRANGER,
    hides_refusal=True,
    says=_(
        "Somebody, we hope you, asked to sign in. The link works once, for 15 minutes, in the browser that asked for"
        " it. In another one, type the code."
    ),
    button=_("Sign in"),
    then=_IGNORE,
)
PASSWORD_CHANGED = guard_changed(
    "password_changed",
    _("Your password was changed"),
    _("The password of your account was changed, and other devices were signed out."),
    _RESET,
)
PASSWORD_CHANGED_BESIDE_LINKS = MessageKind(
    name="password_changed_beside_links",
    subject=_("Your password was changed"),
    cause=Cause.ACCOUNT,
    says=_(
        "Other devices were signed out. Other providers still open your account: see under Security whose they are."
    ),
    then=_RESET,
)
PASSWORD_REMOVED = guard_changed(
    "password_removed",
    _("Your password was removed"),
    _("Your account has no password any more, and other devices were signed out."),
    _RESET,
)
EMAIL_CHANGE = MessageKind(
    name="email_change",
    subject=_("Confirm your new address"),
    cause=Cause.STRANGER,
    says=_("Type this code on the page where you changed your email address."),
    then=_IGNORE,
    protects_account=False,
)
EMAIL_CHANGING = MessageKind(
    name="email_changing",
    subject=_("Your email address is about to change"),
    cause=Cause.ACCOUNT,
    says=_("Somebody who is signed in to your account asked to change its email address. So far nothing has changed."),
    then=_RESET,
)
EMAIL_CHANGED = MessageKind(
    name="email_changed",
    subject=_("Your email address was changed"),
    cause=Cause.ACCOUNT_WITH_UNDO,
    says=_("Your account has another email address now. For 72 hours you can take that back."),
    button=_("Take it back"),
    then=_("If that was you, you need not do anything."),
)
PHONE_CHANGE = MessageKind(
    name="phone_change",
    subject=_("Confirm your phone number"),
    cause=Cause.STRANGER,
    says=_("Type this code on the page where you changed your phone number."),
    then=_IGNORE,
    protects_account=False,
)
PHONE_CHANGED = guard_changed(
    "phone_changed",
    _("Your phone number was changed"),
    _("Your account has another phone number now."),
    _RESET,
)
PHONE_REMOVED = guard_changed(
    "phone_removed",
    _("Your phone number was removed"),
    _("Your account has no phone number any more, and other devices were signed out."),
    _RESET,
)
PHONE_DROPPED = MessageKind(
    name="phone_dropped",
    subject=_("Your phone number was removed"),
    cause=Cause.ACCOUNT,
    says=_("Your account was recovered from this address, so we removed the phone number that it was given later."),
    then=_("If the number is yours, add it again."),
)
EMAIL_DROPPED = MessageKind(
    name="email_dropped",
    subject=_("Your email address was removed"),
    cause=Cause.ACCOUNT,
    says=_("Your account was recovered by its phone number, so we removed this address, which it was given later."),
    then=_("If the account is yours, add the address again."),
)
SESSION_CROWDED_OUT = MessageKind(
    name="session_crowded_out",
    subject=_("Your oldest session was ended"),
    cause=Cause.ACCOUNT,
    says=_("You are signed in on many devices, so the session that began first was ended."),
    then=_RESET,
)
ACCOUNT_CLOSING = MessageKind(
    name="account_closing",
    subject=_("Your account will be erased"),
    cause=Cause.ACCOUNT_WITH_UNDO,
    says=_("You asked to close your account. It is switched off now, and all of it will be erased in 14 days."),
    button=_("Keep my account"),
    then=_("If that was you and you mean it, you need not do anything."),
)

DIGEST = MessageKind(name="digest", subject=_("What happened on your account"), cause=Cause.ACCOUNT, by_house=True)

_OTHERS = (*vars(application_messages).values(), *vars(staff_messages).values())
KINDS: Mapping[str, MessageKind] = MappingProxyType(
    # Not `isinstance`, which would have the lazy settings among them read.
    {each.name: each for each in (*globals().values(), *_OTHERS) if type(each) is MessageKind}
)
