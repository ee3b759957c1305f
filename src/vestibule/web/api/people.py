"""A person as the API shows them to themselves: an allow-list of fields (ASVS 15.3.1)."""

from typing import Any

from rest_framework import serializers

from vestibule.accounts import pictures
from vestibule.accounts.models import Profile, Role, Status, User


class Person(serializers.Serializer[User]):
    """The signed-in person's own account."""

    id = serializers.UUIDField()
    email = serializers.EmailField(allow_null=True)
    username = serializers.CharField(allow_null=True)
    full_name = serializers.CharField()
    phone_number = serializers.CharField(allow_null=True)
    role = serializers.ChoiceField(choices=Role.choices)
    status = serializers.ChoiceField(choices=Status.choices)
    email_verified = serializers.SerializerMethodField()
    phone_verified = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_email_verified(self, user: User) -> bool:
        """Return whether the address was proved."""
        return user.email_verified_at is not None

    def get_phone_verified(self, user: User) -> bool:
        """Return whether the number was proved."""
        return user.phone_verified_at is not None


class About(serializers.Serializer[Profile]):
    """What a person tells about themselves."""

    bio = serializers.CharField()
    address = serializers.CharField()
    picture = serializers.SerializerMethodField()

    def get_picture(self, profile: Profile) -> str | None:
        """Return the URL of the picture."""
        return pictures.picture_url(profile.picture)


class Myself(Person):
    """User and profile."""

    has_password = serializers.BooleanField(source="has_usable_password", help_text="Whether a password can sign in.")
    profile = About()


# One of each for all requests, because creating a serializer costs more than using it.
_person_serializer, _myself_serializer = Person(), Myself()


def serialize_person(user: User) -> dict[str, Any]:
    """Return the account as JSON."""
    return dict(_person_serializer.to_representation(user))


def serialize_own_account(user: User) -> dict[str, Any]:
    """Return account and profile as JSON."""
    return dict(_myself_serializer.to_representation(user))
