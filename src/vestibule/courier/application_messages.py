"""The kinds of message about applications and the keys of people's own programs."""

from django.utils.translation import gettext_lazy as _

from vestibule.courier.message_kind import Action, Cause, MessageKind, guard_changed

_NOT_YOU = _(
    "If this was you, you don't need to do anything. If not, use the link in this message: it signs out every device,"
    " removes every API key and lets you choose a new password."
)
API_KEY_CREATED = guard_changed(
    "api_key_created",
    _("An API key was created"),
    _("An API key was created for your account. A program that has it can act in your name."),
    _NOT_YOU,
)
API_KEY_REMOVED = guard_changed(
    "api_key_removed",
    _("An API key was removed"),
    _("An API key of your account was removed. Programs that use it no longer have access."),
    _NOT_YOU,
)
GRANT_ENDED = MessageKind(
    name="grant_ended",
    subject=_("We ended your sign-in at an application"),
    cause=Cause.ACCOUNT,
    says=_(
        "A token of an application that you signed in to was used twice, which can mean that it was copied. We signed"
        " you out of that application to protect your account."
    ),
    actions=(Action(_("Review your applications"), "applications"),),
    then=_("To continue using the application, sign in to it again."),
)
