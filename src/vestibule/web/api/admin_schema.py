"""A person as the API shows them to the staff: the account, its second factors and its identities."""

from rest_framework import serializers

from vestibule.flows.staff.people import PersonDetails
from vestibule.web.api.factors_schema import FactorsShown, serialize_factors
from vestibule.web.api.people import Person
from vestibule.web.api.times import UtcDateTimeField


class PersonShown(Person):
    """A person, as the staff see them."""

    updated_at = UtcDateTimeField()
    closes_at = UtcDateTimeField(allow_null=True, help_text="When it is erased, where it is closing.")


class PasskeyFacts(serializers.Serializer[object]):
    """A passkey of a person, as the staff see it."""

    name = serializers.CharField()
    created_at = UtcDateTimeField()
    last_used_at = UtcDateTimeField(allow_null=True)


class IdentityFacts(serializers.Serializer[object]):
    """An identity of a person at another provider, as the staff see it."""

    id = serializers.UUIDField()
    provider = serializers.CharField()
    name = serializers.CharField()
    created_at = UtcDateTimeField()
    last_used_at = UtcDateTimeField(allow_null=True)


class FactorResetShown(serializers.Serializer[object]):
    """The order to remove every second factor, which waits for its time."""

    created_at = UtcDateTimeField()
    due_at = UtcDateTimeField()


class PersonDetailsShown(PersonShown):
    """A person with their second factors and identities, as the staff see them. Nothing that proves one is among it."""

    mfa = FactorsShown()
    passkeys = PasskeyFacts(many=True)
    factor_reset = FactorResetShown(allow_null=True)
    identities = IdentityFacts(many=True)


def serialize_details(shown: PersonDetails) -> dict[str, object]:
    """Return the body that shows a person with their second factors and identities."""
    order = shown.factor_reset
    return {
        **PersonShown(shown.user).data,
        "mfa": serialize_factors(shown.factors),
        "passkeys": PasskeyFacts(shown.passkeys, many=True).data,
        "factor_reset": FactorResetShown(order).data if order else None,
        "identities": IdentityFacts(shown.identities, many=True).data,
    }
