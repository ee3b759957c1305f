"""What an account's activity says of a flow that was refused, and why."""

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = Promise | str

_STAFF = _("Something in the administration was refused")
_SIGN_UP = _("A sign-up was not finished")
_SIGN_IN = _("A sign-in was refused")
_PROVIDER = _("A sign-in through another provider was refused")
_APPLICATION = _("A request of an application was refused")
_CONNECT = _("A sign-in at another provider was not connected")
_SHOWN = _("A page of your account was not shown")
# By the flow that was refused.
REFUSED: Mapping[str, Words] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                *("registration.start", "registration.resend", "registration.status", "registration.redirect"),
                *("registration.confirm", "pending_registration.register", "pending_registration.resend"),
                *("pending_registration.confirm", "pending_registration.read_link", "pending_registration.open_link"),
                *("pending_registration.reject", "social.email"),
            ),
            _SIGN_UP,
        ),
        **dict.fromkeys(
            (
                *("sign_in.sign_in", "sign_in.second_factor", "sign_in.second_factor_methods"),
                *("sign_in.text_second_factor", "sessions.refresh"),
            ),
            _SIGN_IN,
        ),
        **dict.fromkeys(
            ("sign_in.by_passkey", "sign_in.start_passkey", "sign_in.start_passkey_factor"),
            _("A sign-in with a passkey was refused"),
        ),
        **dict.fromkeys(
            ("sign_in.reauthenticate", "sign_in.reauthentication_ways"), _("You did not confirm that it was you")
        ),
        **dict.fromkeys(
            ("magic_link.start", "magic_link.read_link", "magic_link.confirm"), _("A sign-in by email was refused")
        ),
        **dict.fromkeys(
            (
                *("social.start", "social.callback", "social.answer", "social.confirm", "social.page"),
                *("social.token", "social.receive_event"),
            ),
            _PROVIDER,
        ),
        "sessions.sign_out": _("You were not signed out"),
        "sessions.sign_out_everywhere": _("You were not signed out everywhere"),
        "sessions.end": _("A session was not ended"),
        "sessions.disown": _("A report of a sign-in that was not yours was refused"),
        "access.check": _("A site that asks us did not let you in"),
        "password_change.change": _("Your password was not changed"),
        "password_change.remove": _("Your password was not removed"),
        **dict.fromkeys(
            ("password_reset.start", "password_reset.read_link", "password_reset.confirm"),
            _("A password reset was not finished"),
        ),
        **dict.fromkeys(("email_change.start", "email_change.confirm"), _("Your email address was not changed")),
        "email_change.undo": _("The change of your email address was not undone"),
        **dict.fromkeys(("phone_change.start", "phone_change.confirm"), _("Your phone number was not changed")),
        "phone_change.remove": _("Your phone number was not removed"),
        "profile.change": _("Your profile was not changed"),
        "profile.change_language": _("Your language was not changed"),
        "profile.set_picture": _("Your picture was not changed"),
        "profile.remove_picture": _("Your picture was not removed"),
        **dict.fromkeys(
            ("second_factors.start_totp", "second_factors.confirm_totp"), _("An authenticator app was not set up")
        ),
        "second_factors.remove_totp": _("The authenticator app was not turned off"),
        "second_factors.replace_recovery_codes": _("New recovery codes were not made"),
        "second_factors.keep": _("The removal of your second factors was not stopped"),
        **dict.fromkeys(
            ("second_factors.forget_device", "second_factors.forget_devices"),
            _("A remembered device was not forgotten"),
        ),
        **dict.fromkeys(("passkeys.start", "passkeys.add"), _("A passkey was not added")),
        "passkeys.rename": _("A passkey was not renamed"),
        "passkeys.remove": _("A passkey was not removed"),
        "devices.change": _("A device was not changed"),
        "devices.forget": _("A device was not forgotten"),
        "identities.unlink": _("A sign-in at another provider was not removed"),
        **dict.fromkeys(("identities.read_link", "identities.link", "identities.link_visit"), _CONNECT),
        "api_keys.create": _("An API key was not made"),
        "api_keys.remove": _("An API key was not removed"),
        "account.export": _("Your data was not downloaded"),
        "account.close": _("Your account was not closed"),
        "account.keep": _("Your account was not kept"),
        **dict.fromkeys(
            (
                *("account.activity", "profile.show", "second_factors.show", "second_factors.remembered_devices"),
                *("passkeys.list", "devices.mine", "sessions.mine", "identities.list", "api_keys.list"),
                "applications.mine",
            ),
            _SHOWN,
        ),
        **dict.fromkeys(("applications.consent", "applications.read_request"), _("An application was not let in")),
        **dict.fromkeys(("applications.answer_device", "applications.claim_device"), _("A device was not let in")),
        "applications.withdraw": _("An application's access was not removed"),
        **dict.fromkeys(
            (
                *("applications.authorize", "applications.client_credentials", "applications.exchange_code"),
                *("applications.exchange_device_code", "applications.introspect", "applications.push_request"),
                *("applications.refresh", "applications.register", "applications.revoke_token"),
                *("applications.sign_out", "applications.start_device", "applications.userinfo"),
            ),
            _APPLICATION,
        ),
        **dict.fromkeys(
            (
                *("applications.apply", "applications.change", "applications.create", "applications.create_secret"),
                *("applications.find", "applications.remove", "applications.remove_secret", "applications.show"),
                *("audit_log.export", "audit_log.show", "funnel.show", "keys.rotate", "password_reset.invite"),
                *("people.find", "people.show", "roles.assign", "roles.give", "silence.lift", "silence.lift_of"),
                *("staff.enter", "support.close", "support.reactivate", "support.resend_verification"),
                *("support.reset_factors", "support.sign_out", "support.start_reset", "support.suspend"),
                "support.unlink_identities",
            ),
            _STAFF,
        ),
    }
)
# By the flow and the code of its refusal: where the person should see at once what was wrong.
REFUSED_FOR: Mapping[tuple[str, str], Words] = MappingProxyType(
    {
        ("sign_in.sign_in", "invalid_credentials"): _("Wrong password at sign-in"),
        ("sign_in.second_factor", "mfa_invalid"): _("Wrong second factor at sign-in"),
        ("sign_in.reauthenticate", "invalid_credentials"): _("Wrong password when confirming that it was you"),
        ("sign_in.reauthenticate", "mfa_invalid"): _("Wrong second factor when confirming that it was you"),
        ("password_change.change", "invalid_credentials"): _("Wrong password when changing the password"),
        ("email_change.start", "invalid_credentials"): _("Wrong password when changing the email address"),
        ("email_change.confirm", "otp_invalid"): _("Wrong code when changing the email address"),
        ("phone_change.start", "invalid_credentials"): _("Wrong password when changing the phone number"),
        ("phone_change.confirm", "otp_invalid"): _("Wrong code when changing the phone number"),
        ("second_factors.confirm_totp", "otp_invalid"): _("Wrong code when setting up the authenticator app"),
        ("password_reset.confirm", "otp_invalid"): _("Wrong code at a password reset"),
        ("magic_link.confirm", "otp_invalid"): _("Wrong code at a sign-in by email"),
    }
)
# Why, in the words of the past.
REASONS: Mapping[str, Words] = MappingProxyType(
    {
        "invalid": _("What was typed was not accepted"),
        "invalid_credentials": _("Wrong password"),
        "credential_unknown": _("Unknown passkey"),
        "mfa_invalid": _("Wrong second factor"),
        "otp_invalid": _("Wrong code"),
        "otp_exhausted": _("Too many wrong codes"),
        **dict.fromkeys(("otp_expired", "token_expired"), _("The time was up")),
        "token_invalid": _("Invalid link"),
        "token_used": _("Already done"),
        **dict.fromkeys(("cooldown", "throttled", "locked"), _("Too many tries")),
        **dict.fromkeys(("captcha_required", "captcha_invalid"), _("The check against robots was not passed")),
        "reauthentication_required": _("You were asked to confirm first that it was you"),
        "mfa_enrolment_required": _("A second factor has to be set up first"),
        **dict.fromkeys(("not_authenticated", "session_revoked"), _("You were signed out")),
        **dict.fromkeys(("email_taken", "phone_taken", "username_taken", "identity_taken"), _("Somebody else has it")),
        "account_exists": _("There is an account with this address"),
        "last_way_in": _("It was the last one"),
        "password_required": _("The password was missing"),
        "other_browser": _("It was opened in another browser"),
        "account_unverified": _("The address was not confirmed"),
        "account_suspended": _("The account could not sign in"),
        **dict.fromkeys(("permission_denied", "access_denied"), _("Not allowed")),
        "not_found": _("It was not there"),
        "unavailable": _("The service was not available"),
        **dict.fromkeys(("application_unknown", "user_code_unknown"), _("Unknown application or code")),
    }
)
