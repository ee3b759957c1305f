"""A person as the API shows them to themselves: an allow-list of fields (ASVS 15.3.1)."""

from collections.abc import Callable
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar

from django.db.models import Model
from rest_framework import serializers

from vestibule.accounts import pictures
from vestibule.accounts.fields import PROFILE_FIELDS, USER_FIELDS, PersonalField
from vestibule.accounts.models import Profile, Role, Status, User
from vestibule.web.api.times import UtcDateTimeField

M = TypeVar("M", bound=Model)


def _personal_fields(rows: tuple[PersonalField, ...]) -> dict[str, Any]:
    kinds = {"email": serializers.EmailField}
    return {row.name: kinds.get(row.input_type, serializers.CharField)(allow_null=row.empty is None) for row in rows}


class Answer(serializers.Serializer[M]):
    """Shows a row. DRF's own finds out for each row and field anew how an attribute is read."""

    @cached_property
    def _readers(self) -> list[tuple[str, Callable[[M], Any], Callable[[Any], Any]]]:
        return [
            (name, attrgetter(".".join(field.source_attrs)) if field.source_attrs else _itself, field.to_representation)
            for name, field in self.fields.items()
        ]

    def to_representation(self, instance: M) -> dict[str, Any]:
        """Return the fields as JSON."""
        return {name: None if (value := read(instance)) is None else show(value) for name, read, show in self._readers}


def _itself(row: M) -> M:
    return row


class Person(Answer[User]):
    """The signed-in person's own account."""

    id = serializers.UUIDField()
    role = serializers.ChoiceField(choices=Role.choices)
    status = serializers.ChoiceField(choices=Status.choices)
    email_verified = serializers.SerializerMethodField()
    phone_verified = serializers.SerializerMethodField()
    created_at = UtcDateTimeField()

    def get_fields(self) -> dict[str, Any]:
        """The id, the fields of the table, and what else is declared."""
        declared = super().get_fields()
        return {"id": declared.pop("id"), **_personal_fields(USER_FIELDS), **declared}

    def get_email_verified(self, user: User) -> bool:
        """Return whether the address was proved."""
        return user.email_verified_at is not None

    def get_phone_verified(self, user: User) -> bool:
        """Return whether the number was proved."""
        return user.phone_verified_at is not None


class About(Answer[Profile]):
    """What a person tells about themselves."""

    picture = serializers.SerializerMethodField()

    def get_fields(self) -> dict[str, Any]:
        """The fields of the table, and the picture."""
        return {**_personal_fields(PROFILE_FIELDS), **super().get_fields()}

    def get_picture(self, profile: Profile) -> str | None:
        """Return the URL of the picture."""
        return pictures.picture_url(profile.picture)


class Myself(Person):
    """User and profile."""

    has_password = serializers.SerializerMethodField(help_text="Whether a password can sign in.")
    profile = About()

    def get_has_password(self, user: User) -> bool:
        """Return whether there is a password."""
        return user.has_usable_password()


# One of each for all requests, because creating a serializer costs more than using it.
_person_serializer, _myself_serializer = Person(), Myself()


def serialize_person(user: User) -> dict[str, Any]:
    """Return the account as JSON."""
    return _person_serializer.to_representation(user)


def serialize_own_account(user: User) -> dict[str, Any]:
    """Return account and profile as JSON."""
    return _myself_serializer.to_representation(user)
