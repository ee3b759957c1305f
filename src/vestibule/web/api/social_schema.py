"""The bodies of the endpoints for other providers."""

from rest_framework import serializers

from vestibule.web.api.parsing import Captcha, RequestBody, Text
from vestibule.web.api.registration import DeviceFacts
from vestibule.web.api.times import UtcDateTimeField

SIGN_IN, LINK = "sign_in", "link"
INTENTS = (SIGN_IN, LINK)
_LONGEST_TOKEN = 16_384


class VisitRequest(RequestBody):
    """Why, and where the browser comes back to."""

    may_be_absent = True

    intent = serializers.ChoiceField(choices=INTENTS, required=False, default=SIGN_IN)
    return_to = Text(
        required=False, help_text="An address of `FRONTEND_URL` or `RETURN_URLS`; without one, `FRONTEND_URL`."
    )


class VisitBegun(serializers.Serializer[object]):
    """Where the browser goes."""

    authorize_url = serializers.CharField()
    social = serializers.CharField(help_text="The app keeps it, and ends the visit with it.")
    expires_in = serializers.IntegerField()


class VisitAnswer(RequestBody):
    """The handle of a visit, and the code that its browser came back with, which is good once and for a minute."""

    social = Text(allow_blank=False)
    social_code = Text(allow_blank=False)
    device = DeviceFacts(required=False)


class EmailNeeded(serializers.Serializer[object]):
    """The provider has proved no address: the person names one, with `social/email`."""

    email_needed = serializers.BooleanField()
    registration = serializers.CharField(help_text="Good for 10 minutes, once.")


class EmailSubmitted(RequestBody):
    """The handle of `email_needed`, and an address."""

    registration = Text(allow_blank=False)
    email = Text(allow_blank=False)
    captcha = Captcha()


class IdTokenRequest(RequestBody):
    """An ID token, and the nonce that it was asked for with."""

    id_token = Text(allow_blank=False, max_length=_LONGEST_TOKEN)
    nonce = Text(allow_blank=False)
    device = DeviceFacts(required=False)


class IdentityLink(RequestBody):
    """Either `link`, or `social` and `social_code`."""

    alternatives = (("link",), ("social", "social_code"))

    link = Text(required=False)
    social = Text(required=False)
    social_code = Text(required=False)


class IdentityShown(serializers.Serializer[object]):
    """An identity at another provider. `name` is what the provider called the person when it was linked."""

    id = serializers.UUIDField()
    provider = serializers.CharField()
    name = serializers.CharField()
    created_at = UtcDateTimeField()
    last_used_at = UtcDateTimeField(allow_null=True)
