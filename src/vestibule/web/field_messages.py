"""The sentences for field errors: one table by reason, read in the language of the request."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from vestibule.kernel.errors import FieldError, Invalid

_OWN_DATA = _("This password is too similar to your name, address or number.")
FIELD_MESSAGES: Mapping[str, Promise | str] = MappingProxyType(
    {
        "required": _("This field is required."),
        "second_factor_required": _("Your account has a second factor. Confirm with that."),
        "max_length": ngettext_lazy("Use at most %(n)d character.", "Use at most %(n)d characters.", "n"),
        "invalid_choice": _("Use one of: %(choices)s."),
        # passwords
        "password_too_short": ngettext_lazy(
            "Use at least %(min_length)d character.", "Use at least %(min_length)d characters.", "min_length"
        ),
        "password_too_long": _("Use at most 1,024 bytes."),
        "password_too_common": _("This password is too common."),
        "password_too_similar": _OWN_DATA,
        "password_of_own_data": _OWN_DATA,
        "password_breached": _("This password is on a list of stolen passwords. Choose another."),
        "password_mismatch": _("The two passwords do not match."),
        "password_unchanged": _("This is your current password. Choose another."),
        # addresses and names
        "email_malformed": _("Enter a valid email address."),
        "email_unchanged": _("This is already your email address."),
        "phone_malformed": _("Enter a phone number with its country code, like +14155550100."),
        "phone_unchanged": _("This is already your phone number."),
        "unsupported": _("We can't send codes to this number."),
        "channel_unavailable": _("We can't send codes this way."),
        "sms_number_missing": _("This sign-up has no phone number that a code can be sent to."),
        "destination_unchanged": _("We have already sent the message to this address."),
        "mismatch": _("The code was sent to another address."),
        "proof_required": _("This number is confirmed. To change it, confirm the new number with a code."),
        "username_malformed": _("Use 3 to 30 letters, digits, dots, dashes or underscores."),
        "name_malformed": _("A name can't contain invisible characters."),
        "device_name_malformed": ngettext_lazy(
            "Use at most %(n)d character, and no invisible ones.",
            "Use at most %(n)d characters, and no invisible ones.",
            "n",
        ),
        # other providers
        "return_to_foreign": _("Use an address of one of the sites that this service is set up for."),
        # applications
        "unknown_name": _("There is no such setting of an application."),
        "type_wrong": _("This is not the kind of value that belongs here."),
        "too_many": ngettext_lazy("At most %(n)d fits.", "At most %(n)d fit.", "n"),
        "redirect_uri_required": _("Name an address to which a person is sent back."),
        "redirect_uri_malformed": _("Use https addresses without a fragment, or http on this machine (localhost)."),
        "native_uri_malformed": _(
            "Use https addresses, http on this machine (localhost), or a scheme of the app, like com.example.app:/done."
        ),
        "backchannel_uri_malformed": _("Use an https address without a fragment."),
        "https_needed": _("Use an https address."),
        "resource_malformed": _("Use addresses of APIs, without a fragment, and not that of this service."),
        "nothing_to_refresh": _("Only what a person agreed to is refreshed: add the way in which they do."),
        "public_keys_required": _("Give the public keys, as a JWK set."),
        "public_keys_malformed": _("This is no JWK set of public signing keys, each with a kid of its own."),
        "public_keys_weak": _("Use keys of the curve P-256, or RSA keys of 2,048 bits and more."),
        "private_key_given": _("This holds a private key. Replace that key: it is known to others now."),
        "introspect_needs_secret": _("An application without a secret or key can't ask about tokens."),
        "client_id_malformed": _("A client id has at most 128 letters, digits, dots, dashes, underscores and tildes."),
        "secret_digest_malformed": _("Give SHA-256 digests, each of 64 hexadecimal digits in lower case."),
        "secret_digest_required": _("Give the digest of its secret: `vestibule create-secret` makes both."),
        "secret_shared": _("Two applications have one secret."),
        "application_type_fixed": _("The type of an application stays."),
        "application_without_secrets": _("This application has no secrets."),
        "application_declared_elsewhere": _("This application is declared elsewhere: change it there."),
        # passkeys
        "passkey_invalid": _("This passkey was not made here just now. Try again."),
        "passkey_taken": _("This passkey already belongs to an account."),
        "passkeys_too_many": ngettext_lazy(
            "You have %(n)d passkey, and no more can be added. Remove one first.",
            "You have %(n)d passkeys, and no more can be added. Remove one first.",
            "n",
        ),
        # API keys
        "keys_too_many": ngettext_lazy(
            "You have %(n)d key, and no more can be added. Remove one first.",
            "You have %(n)d keys, and no more can be added. Remove one first.",
            "n",
        ),
        "key_life": ngettext_lazy(
            "A key is valid for at most %(days)d day.", "A key is valid for at most %(days)d days.", "days"
        ),
        "prose_malformed": _("Remove the control characters."),
        # pictures
        "too_large": _("Use a picture of 5 MB at most."),
        "too_many_pixels": _("This picture has too many pixels."),
        "invalid_image": _("This is not a picture that we can read."),
        # roles and what the staff do
        "role_given_by_admin": _("A role is given by an admin."),
        "role_missing": _("Choose a role."),
        "last_admin": _("Somebody has to be admin: name another first."),
        "not_found": _("No account has this address."),
        "reason_required": _("Say why: the reason is kept with the event."),
        "reason_malformed": ngettext_lazy(
            "Use at most %(n)d printable character.", "Use at most %(n)d printable characters.", "n"
        ),
        "filter_malformed": _("That is no id, or no day."),
        "account_missing": _("Only somebody with an account has a role."),
        "own_factors": _("Nobody resets their own second factors."),
        "no_identity": _("This account has no identity at another provider."),
        "no_second_factor": _("Only an active account with a second factor has any to reset."),
        "factor_reset_ordered": _("That is ordered already: they are removed a day after."),
        "account_not_active": _("Only an active account has a password to reset."),
        "account_not_active_or_closing": _(
            "Only an account that is active, or that its owner closes, can be suspended."
        ),
        "account_not_suspended": _("Only a suspended account can be reactivated."),
        "account_closed_already": _("There is no account here that you have not closed already."),
        "sign_up_not_waiting": _("No sign-up of this person waits for its proof any more."),
    }
)


def describe_fields(invalid: Invalid) -> str:
    """Return a line for each wrong field: its name, and what is wrong with it."""
    fields = invalid.fields.items()
    return "\n".join(f"{name}: {' '.join(map(field_message, errors))}" for name, errors in fields)


def field_message(error: FieldError) -> str:
    """Return the sentence for a field error in the active language. A validator of another project brings its own
    sentence."""
    words: Any = FIELD_MESSAGES.get(error.message_key)
    if words is None and isinstance(violation := error.params.get("violation"), ValidationError):
        return " ".join(violation.messages)
    return str(words % error.params)  # before it is a text: a plural is chosen by its number
