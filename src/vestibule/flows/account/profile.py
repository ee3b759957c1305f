"""The account and profile of the signed-in person: read, change, picture."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError

from vestibule.accounts import lifecycle, pictures, profile_input
from vestibule.accounts.models import Profile, User
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.flows import step_up
from vestibule.flows.account import phone_change
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid, Malformed
from vestibule.storage.database import atomic


@flow("profile.show")
def show_profile(*, client: Client) -> User:
    """Return the account and profile as they were read when the client was authenticated.

    Raises:
        Unauthenticated: the client is not signed in.
    """
    if not isinstance(client.account, User):
        raise errors.Unauthenticated
    return client.account


@flow("profile.change")
def change_profile(*, client: Client, typed: Mapping[str, Any]) -> User:
    """Change the fields in `typed` (see `accounts.profile_input`) and no others.

    A proved phone number cannot be changed here, only by a code to the new one. Removing a proved number and changing
    the username need a recent sign-in.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        StepUpRequired: a proved number or the username changes and the sign-in is not recent.
        Invalid: a field is malformed, or a proved number would be replaced.
        UsernameTaken: another account has the username.
        LastSignInMethod: the number to remove is the only proved address.
        Unavailable: the database cannot be reached.
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
        step_up.cancel_pending_changes(user)
    return step_up.require_user(client)


@flow("profile.change_language")
def change_language(*, client: Client, language: str) -> None:
    """Change the language of the account, which its messages are in.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        Invalid: it is not one of LANGUAGES.
        Unavailable: the database cannot be reached.
    """
    spoken = profile_input.parse_language(language)
    with atomic():
        lifecycle.update_personal_fields(step_up.lock_current_user(client), {"language": spoken}, client.at)
        record_event(events.PROFILE_CHANGED, client, code="language")


@flow("profile.set_picture")
def set_picture(*, client: Client, uploaded: bytes) -> User:
    """Replace the profile picture.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        Invalid: the upload is no picture that can be read.
        Unavailable: the database cannot be reached, or too many pictures are being decoded.
    """
    step_up.require_user(client)
    try:
        content = pictures.reencode_picture(uploaded)
    except Malformed as error:
        raise Invalid({"picture": [error.error]}) from error
    kept = pictures.store_picture(content)
    try:
        before = _replace_picture(client, kept)
    except BaseException:  # the profile does not name the new file, so nothing else would delete it
        pictures.delete_stored_picture(kept)
        raise
    pictures.delete_stored_picture(before)
    return step_up.require_user(client)


@flow("profile.remove_picture")
def remove_picture(*, client: Client) -> None:
    """Remove the profile picture.

    Raises:
        Unauthenticated: the client is not signed in.
        SessionRevoked: the session was ended meanwhile.
        Unavailable: the database cannot be reached.
    """
    pictures.delete_stored_picture(_replace_picture(client, ""))


def _replace_picture(client: Client, name: str) -> str:
    """Write another picture name into the profile and return the former one. The account's row is locked, so each of
    several concurrent calls gets a different former name and deletes that file; only the file that the profile names
    remains."""
    with atomic():
        profile = step_up.lock_current_user(client).profile
        Profile.objects.filter(pk=profile.pk).update(picture=name)
        record_event(events.PROFILE_CHANGED, client, code="picture")
    return profile.picture


def _removes_proved_number(client: Client, user: User, of_user: Mapping[str, str | None]) -> bool:
    """Return whether the change removes a proved number, and refuse what this form must not change."""
    if of_user.get("username", user.username) != user.username:
        step_up.require_recent_sign_in(client)
    number = of_user.get("phone_number", user.phone_number)
    if user.phone_verified_at and number and number != user.phone_number:
        raise Invalid({"phone_number": [FieldError("proof_required")]})
    return user.phone_verified_at is not None and number is None
