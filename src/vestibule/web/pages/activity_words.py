"""What an account's activity says to its owner: a sentence for every event; those for refusals stand in
`refusal_words`. A sentence may name the brand.

`tests/faults_of_use/test_ux_activity.py` walks the tables.
"""

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from vestibule.conf import conf
from vestibule.web.pages.refusal_words import REASONS, REFUSED, REFUSED_FOR, Words

_HAPPENED: Mapping[str, Words] = MappingProxyType(
    {
        # signing up
        "registration.started": _("A sign-up was started with your address"),
        "registration.repeated": _("Somebody tried to sign up with your address"),
        "registration.resent": _("A new confirmation code was sent"),
        "registration.resent_by_staff": _("%(brand)s sent you a new confirmation code"),
        "registration.redirected": _("The confirmation was sent to another address"),
        "registration.rejected": _("A sign-up with your address was rejected"),
        "account.registered": _("Your account was created"),
        "admin.invited": _("%(brand)s invited you to the administration"),
        # signing in and out
        "session.opened": _("You signed in"),
        "session.reauthenticated": _("You confirmed that it was you"),
        "session.ended": _("You signed out"),
        "session.ended_by_staff": _("%(brand)s signed you out everywhere"),
        "session.refresh_reused": _("A stolen session was ended"),
        "session.elsewhere": _("A session moved to another network and device"),
        "session.disowned": _("You reported a sign-in that was not yours"),
        "second_factor.asked": _("Your password was right, and a second factor was asked for"),
        "second_factor.texted": _("A sign-in code was sent to your phone"),
        "second_factor.exhausted": _("A sign-in ended after too many wrong second factors"),
        "second_factor.proved": _("You confirmed a sign-in with your second factor"),
        "sign_in.slowed": _("Several wrong passwords in a row: new devices have to wait"),
        "guesses.excessive": _("Many wrong passwords were tried"),
        "magic_link.asked": _("A sign-in link was requested"),
        "magic_link.used": _("You used a sign-in link or code from an email"),
        # passwords
        "password.changed": _("You changed your password"),
        "password.removed": _("You removed your password"),
        "password.reset_asked": _("A password reset was requested"),
        "password.reset_by_staff": _("%(brand)s sent you a password reset"),
        "password.reset": _("Your password was reset"),
        "password.disabled": _("Your password was switched off after too many wrong ones: reset it to sign in"),
        # second factors
        "totp.added": _("You set up an authenticator app"),
        "totp.removed": _("You turned off the authenticator app"),
        "passkey.added": _("You added a passkey"),
        "passkey.renamed": _("You renamed a passkey"),
        "passkey.removed": _("You removed a passkey"),
        "passkey.used": _("You used a passkey"),
        "passkey.counter_behind": _("A passkey was refused: it may have been copied"),
        "recovery_codes.replaced": _("You made new recovery codes"),
        "recovery_code.used": _("A recovery code was used"),
        "devices.unremembered": _("You asked for your second factor on remembered devices again"),
        "factors.removed": _("Second factors that were added lately were removed"),
        "factors.reset_ordered": _("%(brand)s ordered the removal of your second factors"),
        "factors.reset_stopped": _("The removal of your second factors was stopped"),
        "factors.reset": _("Your second factors were removed"),
        # addresses
        "email.change_asked": _("You asked to change your email address"),
        "email.changed": _("You changed your email address"),
        "email.change_undone": _("The change of your email address was undone"),
        "email.removed": _("Your email address was removed"),
        "phone.change_asked": _("You asked to change your phone number"),
        "phone.changed": _("You changed your phone number"),
        "phone.removed": _("Your phone number was removed"),
        # profile, devices, data
        "profile.changed": _("You changed your profile"),
        "profile.changed language": _("You changed your language"),
        "profile.changed picture": _("You changed your picture"),
        "device.changed": _("You changed a device"),
        "device.forgotten": _("You forgot a device"),
        "account.exported": _("You downloaded your data"),
        "account.closing": _("You closed your account"),
        "account.kept": _("You kept your account"),
        "account.erased": _("Your account was erased"),
        # what else opens the account, and what it opens
        "identity.linked": _("A sign-in at another provider was connected"),
        "identity.used": _("You signed in through another provider"),
        "identity.unlinked": _("A sign-in at another provider was removed"),
        "provider_event.received": _("A provider reported a change of your account there"),
        "api_key.created": _("You made an API key"),
        "api_key.removed": _("You removed an API key"),
        "api_keys.ended": _("Your API keys were ended"),
        "application.allowed": _("You let an application use your account"),
        "application.denied": _("You did not let an application use your account"),
        "application.withdrawn": _("You removed an application's access"),
        "application.signed_in": _("You signed in to an application"),
        "application.signed_out": _("An application signed you out"),
        "application.code_replayed": _("An application's access was ended: its code was used twice"),
        "application.refresh_reused": _("An application's access was ended: its token was used twice"),
        # what the staff and the service do
        "account.suspended": _("%(brand)s suspended your account"),
        "account.reactivated": _("%(brand)s reactivated your account"),
        "account.closed_by_staff": _("%(brand)s closed your account"),
        "role.given": _("Your role was changed"),
        "message.abandoned": _("A message to you could not be sent"),
        "message.feedback": _("We learned what became of a message to you"),
        "message.silence_lifted": _("We write to your address again"),
        "mail.flooded": _("Too many emails were requested"),
        "keys.rotated": _("You renewed the signing keys"),
        "audit.exported": _("You exported the audit log"),
        "application.created": _("You registered an application"),
        "application.changed": _("You changed an application"),
        "application.removed": _("You removed an application"),
        "application.secret_created": _("You made a secret of an application"),
        "application.secret_removed": _("You removed a secret of an application"),
        # with the code of the event
        "session.ended cut_off": _("Your other sessions were ended"),
        "session.ended crowded_out": _("Your oldest session was ended: there were too many"),
    }
)
_SOMETHING = _("Something happened to your account")
_SOMETHING_REFUSED = _("Something was refused")


def describe_event(name: str, code: str) -> str:
    """Return the sentence for an event of this name with this code. What the tables do not know gets a neutral one."""
    flow = name.removesuffix(".refused")
    if flow != name:
        words = REFUSED_FOR.get((flow, code)) or REFUSED.get(flow, _SOMETHING_REFUSED)
    else:
        words = _HAPPENED.get(f"{name} {code}") or _HAPPENED.get(name, _SOMETHING)
    return str(words) % {"brand": conf.brand.name}


def describe_reason(name: str, code: str) -> str:
    """Return why it was refused; "" if the sentence says it, or nothing was refused."""
    flow = name.removesuffix(".refused")
    is_said = flow == name or (flow, code) in REFUSED_FOR
    return "" if is_said else str(REASONS.get(code, ""))
