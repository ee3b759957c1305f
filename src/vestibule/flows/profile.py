"""Who am I: the account of whoever is signed in, and what they tell about themselves."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError
from django.db.transaction import atomic
from django.utils.translation import gettext as _

from vestibule.accounts import about, identifiers, lifecycle, pictures
from vestibule.accounts.models import Profile, User
from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.flows import phone_change, securing
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid


@flow("profile.show")
def show(*, client: Client) -> User:
    """The account and profile of whoever asks, as they stood at the door. Raises Unauthenticated."""
    if not isinstance(client.person, User):
        raise errors.Unauthenticated
    return client.person


@flow("profile.change")
def change(*, client: Client, typed: Mapping[str, Any]) -> User:
    """Change what was typed (accounts.about), and nothing else. A number that was proved is changed by a proof alone;
    to take it away, and to change the name that signs in, wants a recent sign-in.

    Raises Unauthenticated, StepUpRequired, Invalid, UsernameTaken, LastWayIn, Unavailable.
    """
    of_user, of_profile = about.parse(typed)
    try:
        with atomic():
            user = securing.hold(client)
            removed = _gives_up_number(client, user, of_user)
            if removed:
                phone_change.take_off(client, user)
            lifecycle.describe(user, of_user, client.at)
            Profile.objects.filter(pk=user.pk).update(**of_profile)
            record(events.PROFILE_CHANGED, client)
    except IntegrityError as error:
        raise errors.UsernameTaken from error
    if removed:
        phone_change.called_off(user)
    return securing.signed_in(client)


@flow("profile.set_picture")
def set_picture(*, client: Client, uploaded: bytes) -> User:
    """Another picture in place of the one that was. Raises Unauthenticated, Invalid (it is none), Unavailable."""
    securing.signed_in(client)
    try:
        content = pictures.recoded(uploaded)
    except identifiers.Malformed as error:
        raise Invalid({"picture": [error.error]}) from error
    kept = pictures.keep(content)
    try:
        before = _replace(client, kept)
    except BaseException:  # no profile names it
        pictures.forget(kept)
        raise
    pictures.forget(before)
    return securing.signed_in(client)


@flow("profile.remove_picture")
def remove_picture(*, client: Client) -> None:
    """No picture. Raises Unauthenticated, Unavailable."""
    pictures.forget(_replace(client, ""))


def _replace(client: Client, name: str) -> str:
    """Let the profile name another picture; which it named before. Of any number at once each gets another one, and
    erases it: the one that the profile names is left."""
    with atomic():
        profile = securing.hold(client).profile
        Profile.objects.filter(pk=profile.pk).update(picture=name)
        record(events.PROFILE_CHANGED, client, code="picture")
    return profile.picture


def _gives_up_number(client: Client, user: User, of_user: Mapping[str, str | None]) -> bool:
    """Whether a proved number shall go; what guards the account is not changed by an old sign-in, or in passing."""
    if of_user.get("username", user.username) != user.username:
        securing.must_be_recent(client)
    number = of_user.get("phone_number", user.phone_number)
    if user.phone_verified_at and number and number != user.phone_number:
        words = _("This number is proved: change it by a code to the new one.")
        raise Invalid({"phone_number": [FieldError("proof_required", words)]})
    return user.phone_verified_at is not None and number is None
