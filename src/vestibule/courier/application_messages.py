"""The kinds of message about applications and the keys of people's own programs."""

from django.utils.translation import gettext_lazy as _

from vestibule.courier.message_kind import Cause, MessageKind, guard_changed

_NOT_YOURS = _("If that was you, you need not do anything. If not, press the button: it ends all sessions and keys.")
API_KEY_CREATED = guard_changed(
    "api_key_created",
    _("An API key was made"),
    _("A key was made with which a program acts in your name where our keys are taken."),
    _NOT_YOURS,
)
API_KEY_REMOVED = guard_changed(
    "api_key_removed",
    _("An API key was removed"),
    _("A key of your account was removed. Programs that use it are let in no more."),
    _NOT_YOURS,
)
GRANT_ENDED = MessageKind(
    name="grant_ended",
    subject=_("We ended a sign-in at an application"),
    cause=Cause.ACCOUNT,
    says=_("A token of an application that you signed in to was used twice, so that a copy may be in other hands."),
    then=_("We ended that sign-in. Sign in there again to go on."),
)
