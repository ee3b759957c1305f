"""The kinds of message about second factors and passkeys."""

from django.utils.translation import gettext_lazy as _

from vestibule.courier.message_kind import (
    KEEP,
    OPEN_SECURITY,
    RESET,
    SIGN_IN_CODE,
    Action,
    Cause,
    MessageKind,
    guard_changed,
)

TOTP_ADDED = guard_changed(
    "totp_added",
    _("An authenticator app was added"),
    _("An authenticator app was added to your account. From now on, signing in requires its code."),
)
TOTP_REMOVED = guard_changed(
    "totp_removed",
    _("Your authenticator app was removed"),
    _("Signing in no longer requires the code of your authenticator app. Your other devices were signed out."),
)
PASSKEY_ADDED = guard_changed(
    "passkey_added",
    _("A passkey was added"),
    _("A passkey was added to your account. It signs you in without a password."),
)
PASSKEY_REMOVED = guard_changed(
    "passkey_removed",
    _("A passkey was removed"),
    _("A passkey of your account was removed and no longer works. Your other devices were signed out."),
)
RECOVERY_CODES_REPLACED = guard_changed(
    "recovery_codes_replaced",
    _("You have new recovery codes"),
    _("Ten new recovery codes were created for your account. The old ones no longer work."),
)
RECOVERY_CODE_USED = guard_changed(
    "recovery_code_used",
    _("A recovery code was used"),
    _("A recovery code was used in place of your second factor. Each code works only once."),
)
FEW_RECOVERY_CODES = MessageKind(
    name="few_recovery_codes",
    subject=_("You have three recovery codes left"),
    cause=Cause.ACCOUNT,
    says=_("Create a new set of recovery codes before you need the last one."),
    actions=(OPEN_SECURITY,),
)
FACTOR_CODE = MessageKind(
    name="factor_code",
    subject=_("Your sign-in code"),
    cause=Cause.ACCOUNT,
    code_subject=SIGN_IN_CODE,
    says=_("Enter this code on the page where you are signing in."),
    then=RESET,
)
FACTOR_RESET_ORDERED = MessageKind(
    name="factor_reset_ordered",
    subject=_("Your second factors will be removed"),
    cause=Cause.ACCOUNT_WITH_UNDO,
    preview=KEEP,
    says=_(
        "We were told that you lost every second factor of your account. We will remove them in 24 hours. After that,"
        " your password alone signs you in."
    ),
    actions=(Action(_("Keep my second factors")),),
    then=KEEP,
)
FACTORS_RESET = guard_changed(
    "factors_reset",
    _("Your second factors were removed"),
    _("Your account no longer has a second factor, and every device was signed out. Set one up again soon."),
)
SECOND_FACTOR_TROUBLE = guard_changed(
    "second_factor_trouble",
    _("Failed second-factor attempts on your account"),
    _("Someone completed the first step of signing in, such as your password, and then failed the second five times."),
)
