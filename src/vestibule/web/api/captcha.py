"""`/api/auth/captcha`: a proof of work for a client that must solve a captcha."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from vestibule.captcha import altcha
from vestibule.captcha.vendors import ALTCHA
from vestibule.conf import conf
from vestibule.kernel.errors import FieldError, Invalid, NotFound
from vestibule.limits import rules
from vestibule.web.api.response import Response
from vestibule.web.api.schema import response_schemas
from vestibule.web.api.view import ApiView


class Work(serializers.Serializer[object]):
    """The key derived from nonce, salt and the number to find must begin with `keyPrefix`."""

    algorithm = serializers.CharField()
    cost = serializers.IntegerField(help_text="Rounds of one try.")
    keyLength = serializers.IntegerField()  # noqa: N815 - ALTCHA's names
    keyPrefix = serializers.CharField(help_text="In hex.")  # noqa: N815
    nonce = serializers.CharField()
    salt = serializers.CharField()
    expiresAt = serializers.IntegerField(help_text="Unix time.")  # noqa: N815


class SignedWork(serializers.Serializer[object]):
    """A challenge of ALTCHA's protocol, version 2."""

    parameters = Work()
    signature = serializers.CharField()


class IssueChallenge(ApiView):
    """A proof of work."""

    @extend_schema(
        operation_id="captcha",
        summary="Get a captcha challenge",
        tags=["Operations"],
        parameters=[OpenApiParameter("for", enum=list(rules.CAPTCHAS), required=True)],
        responses=response_schemas(200, SignedWork, "invalid", "not_found", body=False),
    )
    def get(self, request: Request) -> Response:
        """Get a challenge for ALTCHA's widget, or any solver of its protocol. The solution counts once, within ten
        minutes, for the purpose that was named. 404 if another provider is configured."""
        client = self.admit(rules.CAPTCHA)
        if conf.captcha_provider != ALTCHA:
            raise NotFound
        purpose = request.query_params.get("for", "")
        if purpose not in rules.CAPTCHAS:
            params = {"choices": ", ".join(rules.CAPTCHAS)}
            raise Invalid({"for": [FieldError("invalid_choice", params=params)]})
        return Response(altcha.make_challenge(purpose, client.at))
