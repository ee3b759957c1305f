"""Who am I: the account of whoever is signed in, and what they tell about themselves."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError
from django.db.transaction import atomic
from django.utils.translation import gettext as _

from vestibule.accounts import identifiers, lifecycle, pictures, profile_input
from vestibule.accounts.models import Profile, User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.flows import step_up
from vestibule.flows.account import phone_change
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid


@flow("profile.show")
def show_profile(*, client: Client) -> User:
    """The account and profile of whoever asks, as they stood at the door. Raises Unauthenticated."""
    if not isinstance(client.account, User):
        raise errors.Unauthenticated
    return client.account


@flow("profile.change")
def change_profile(*, client: Client, typed: Mapping[str, Any]) -> User:
    """Change what was typed (accounts.profile_input), and nothing else. A number that was proved is changed by a proof
    alone; to take it away, and to change the name that signs in, wants a recent sign-in.

    Raises Unauthenticated, StepUpRequired, Invalid, UsernameTaken, LastWayIn, Unavailable.
    """
    of_user, of_profile = profile_input.parse_profile_changes(typed)
    try:
        with atomic():
            user = step_up.lock_current_user(client)
            removed = _removes_proved_number(client, user, of_user)
            if removed:
                phone_change.remove_locked_number(client, user)
            lifecycle.update_personal_fields(user, of_user, client.at)
            Profile.objects.filter(pk=user.pk).update(**of_profile)
            record_event(events.PROFILE_CHANGED, client)
    except IntegrityError as error:
        raise errors.UsernameTaken from error
    if removed:
        phone_change.cancel_changes_of(user)
    return step_up.require_user(client)


@flow("profile.set_picture")
def set_picture(*, client: Client, uploaded: bytes) -> User:
    """Another picture in place of the one that was. Raises Unauthenticated, Invalid (it is none), Unavailable."""
    step_up.require_user(client)
    try:
        content = pictures.reencode_picture(uploaded)
    except identifiers.Malformed as error:
        raise Invalid({"picture": [error.error]}) from error
    kept = pictures.store_picture(content)
    try:
        before = _replace_picture(client, kept)
    except BaseException:  # no profile names it
        pictures.delete_stored_picture(kept)
        raise
    pictures.delete_stored_picture(before)
    return step_up.require_user(client)


@flow("profile.remove_picture")
def remove_picture(*, client: Client) -> None:
    """No picture. Raises Unauthenticated, Unavailable."""
    pictures.delete_stored_picture(_replace_picture(client, ""))


def _replace_picture(client: Client, name: str) -> str:
    """Let the profile name another picture; which it named before. Of any number at once each gets another one, and
    erases it: the one that the profile names is left."""
    with atomic():
        profile = step_up.lock_current_user(client).profile
        Profile.objects.filter(pk=profile.pk).update(picture=name)
        record_event(events.PROFILE_CHANGED, client, code="picture")
    return profile.picture


def _removes_proved_number(client: Client, user: User, of_user: Mapping[str, str | None]) -> bool:
    """Whether a proved number shall go; what guards the account is not changed by an old sign-in, or in passing."""
    if of_user.get("username", user.username) != user.username:
        step_up.require_recent_sign_in(client)
    number = of_user.get("phone_number", user.phone_number)
    if user.phone_verified_at and number and number != user.phone_number:
        words = _("This number is proved: change it by a code to the new one.")
        raise Invalid({"phone_number": [FieldError("proof_required", words)]})
    return user.phone_verified_at is not None and number is None
