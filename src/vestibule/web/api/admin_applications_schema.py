"""Applications as the API takes them from admins and shows them."""

from typing import Any

from rest_framework import serializers

from vestibule.applications.metadata import ID_TOKEN_ALGORITHMS, MAX_ITEMS, MAX_NAME, MAX_SCOPE
from vestibule.applications.models import ApplicationType, Source
from vestibule.flows.staff.applications import ApplicationDetails
from vestibule.web.api.parsing import Flag, RequestBody, Text
from vestibule.web.api.times import UtcDateTimeField


class Texts(serializers.ListField):
    """A list of strings as they were typed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"child": Text(), "max_length": MAX_ITEMS, "required": False, **options})


class ApplicationChanges(RequestBody):
    """What an application declares; what is not named stays."""

    name = Text(required=False, max_length=MAX_NAME)
    type = serializers.ChoiceField(
        ApplicationType.choices, required=False, help_text="What kind of program it is; it stays as it was made."
    )
    first_party = Flag(required=False, help_text="Whether nobody is asked for consent.")
    introspect = Flag(required=False, help_text="Whether it may ask about the tokens of others.")
    redirect_uris = Texts(help_text="Compared byte for byte: https, http on loopback; native also a scheme of its own.")
    post_logout_redirect_uris = Texts(help_text="Where a browser may go after the sign-out.")
    backchannel_logout_uri = Text(required=False, help_text="Where it is told that a sign-in ended; empty: nowhere.")
    logo_uri = Text(required=False)
    grant_types = Texts(help_text="Usually all that the type is for.")
    scope = Text(required=False, max_length=MAX_SCOPE, help_text="What it may ask for, separated by spaces.")
    resources = Texts(help_text="The APIs that its access tokens may be for (RFC 8707).")
    id_token_signed_response_alg = serializers.ChoiceField(ID_TOKEN_ALGORITHMS, required=False)
    token_endpoint_auth_method = Text(required=False, max_length=24)
    jwks = serializers.DictField(required=False, help_text="The public keys of `private_key_jwt`.")


class ApplicationRequest(ApplicationChanges):
    """A new application."""

    name = Text(max_length=MAX_NAME)
    type = serializers.ChoiceField(ApplicationType.choices)


class SecretShown(serializers.Serializer[object]):
    """A secret that counts, without what it is."""

    id = serializers.UUIDField()
    hint = serializers.CharField(help_text="How it ends.")
    created_at = UtcDateTimeField()


class NewSecretShown(SecretShown):
    """A new secret, shown this once."""

    client_secret = serializers.CharField()


class ApplicationShown(serializers.Serializer[object]):
    """An application."""

    id = serializers.UUIDField(help_text="Stands in for a `client_id` that is a URL in the paths of this API.")
    client_id = serializers.CharField()
    name = serializers.CharField()
    type = serializers.ChoiceField(ApplicationType.choices)
    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF takes the declared fields out of the class
        Source.choices, help_text="Where it is declared; only there it is changed."
    )
    first_party = serializers.BooleanField(source="is_first_party")
    introspect = serializers.BooleanField(source="can_introspect")
    redirect_uris = Texts()
    post_logout_redirect_uris = Texts()
    backchannel_logout_uri = serializers.CharField()
    logo_uri = serializers.CharField()
    grant_types = Texts()
    scope = serializers.CharField()
    resources = Texts()
    id_token_signed_response_alg = serializers.ChoiceField(ID_TOKEN_ALGORITHMS)
    token_endpoint_auth_method = serializers.CharField()
    jwks = serializers.DictField(allow_null=True)
    created_at = UtcDateTimeField()


class ApplicationDetailsShown(ApplicationShown):
    """An application with its secrets."""

    secrets = SecretShown(many=True)


class NewApplicationShown(ApplicationDetailsShown):
    """A new application, with its secret, which is shown this once."""

    client_secret = serializers.CharField(required=False, help_text="Where it proves itself by one.")


class Applications(serializers.Serializer[object]):
    """A page of applications, newest first."""

    count = serializers.IntegerField()
    next = serializers.IntegerField(allow_null=True, help_text="The next `page`.")
    results = ApplicationShown(many=True)


class ApplicationsQuery(serializers.Serializer[object]):
    """Which page."""

    page = serializers.IntegerField(required=False, default=1, min_value=1, max_value=1000)


def serialize_application(shown: ApplicationDetails) -> dict[str, Any]:
    """Return the body that shows an application, with the secret that was just made."""
    once = {"client_secret": shown.new_secret} if shown.new_secret else {}
    return {**ApplicationShown(shown.application).data, "secrets": SecretShown(shown.secrets, many=True).data, **once}
