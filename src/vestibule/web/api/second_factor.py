"""`/api/auth/login/mfa`: the second factor of a sign-in, and what every sign-in answers."""

import json
from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from vestibule.factors.registry import Method
from vestibule.flows.completion import SecondFactorNeeded
from vestibule.flows.completion import SignedIn as Entered
from vestibule.flows.sign_in import second_factor
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.limits import rules
from vestibule.web.api.parsing import Credential, Flag, RequestBody, Text, read_body
from vestibule.web.api.passkeys_schema import Ticket
from vestibule.web.api.people import Person, serialize_person
from vestibule.web.api.response import Response
from vestibule.web.api.schema import TOKEN_TYPES, response_schemas
from vestibule.web.api.tokens import serialize_tokens
from vestibule.web.api.view import ApiView

METHODS = [(each.value, each.value) for each in Method]


class SignedIn(serializers.Serializer[object]):
    """A session; `expires_in` is the life of the access token in seconds."""

    access = serializers.CharField(help_text="ES256 JWT, `Authorization: Bearer`.")
    refresh = serializers.CharField()
    token_type = serializers.ChoiceField(TOKEN_TYPES)
    expires_in = serializers.IntegerField()
    user = Person()


class SecondFactorOwed(serializers.Serializer[object]):
    """Nobody is signed in yet: `mfa` and a second factor go to `login/mfa`."""

    mfa_required = serializers.BooleanField()
    mfa = serializers.CharField(help_text="Good for this account, 5 minutes and 5 wrong tries.")
    methods = serializers.ListField(child=serializers.ChoiceField(choices=METHODS))


EnteredSchema = PolymorphicProxySerializer(
    component_name="Entered", serializers=[SignedIn, SecondFactorOwed], resource_type_field_name=None
)


class SecondFactorRequest(RequestBody):
    """The ticket, and one second factor."""

    alternatives = (("code",), ("credential",))

    mfa = Text(allow_blank=False)
    method = serializers.ChoiceField(choices=METHODS)
    code = Text(required=False, max_length=200, help_text="For every method but `passkey`.")
    credential = Credential(required=False, help_text="An assertion (`login/mfa/passkey`).")
    remember_device = Flag(required=False)


class SignedInByBoth(SignedIn):
    """A session, and the token of the device if it is to be remembered."""

    remembered_device = serializers.CharField(
        required=False, help_text="Send it with `login`: for 30 days no second factor is asked for."
    )


class ProveSecondFactor(ApiView):
    """The second factor of a sign-in."""

    @extend_schema(
        operation_id="login_mfa",
        summary="Prove the second factor",
        tags=["Signing in"],
        request=SecondFactorRequest,
        responses=response_schemas(
            200,
            SignedInByBoth,
            "mfa_invalid",
            "token_invalid",
            "link_expired",
            "otp_exhausted",
            "token_used",
            "account_suspended",
            "locked",
        ),
    )
    def post(self, request: Request) -> Response:
        """Sign in with the second factor that is owed. Five wrong ones end the ticket."""
        typed = read_body(SecondFactorRequest, request)
        proved = second_factor.prove_second_factor(
            client=self.admit(rules.LOGIN_MFA),
            ticket=typed["mfa"],
            method=Method(typed["method"]),
            secret=read_secret(typed),
            remember=typed.get("remember_device", False),
        )
        remembered = {"remembered_device": proved.remembered} if proved.remembered else {}
        return Response({**serialize_entered(proved.signed_in), **remembered})


class CodeTexted(serializers.Serializer[object]):
    """A code is on its way. It lives no longer than the ticket."""

    expires_in = serializers.IntegerField()
    resend_in = serializers.IntegerField()


class TextSecondFactor(ApiView):
    """A code by SMS for a sign-in."""

    @extend_schema(
        operation_id="login_mfa_sms",
        summary="Send a code by SMS",
        tags=["Signing in"],
        request=Ticket,
        responses=response_schemas(
            202,
            CodeTexted,
            "token_invalid",
            "link_expired",
            "otp_exhausted",
            "token_used",
            "not_found",
            "cooldown",
            "locked",
        ),
    )
    def post(self, request: Request) -> Response:
        """Send a code to the proved number, in place of an earlier one; it goes to `login/mfa` with the method `sms`.
        Only where `MFA_SMS` is on, and for an account with an authenticator app or a passkey: else 404."""
        typed = read_body(Ticket, request)
        status = second_factor.text_code(client=self.admit(rules.LOGIN_MFA), ticket=typed["mfa"])
        return Response({"expires_in": status.expires_in, "resend_in": status.resend_in}, status=202)


def serialize_entered(entered: Entered | SecondFactorNeeded) -> dict[str, Any]:
    """Return what every sign-in answers: the tokens, or the ticket for the second factor and nothing else."""
    if isinstance(entered, SecondFactorNeeded):
        return {"mfa_required": True, "mfa": entered.ticket, "methods": [each.value for each in entered.methods]}
    return {**serialize_tokens(entered.required_tokens), "user": serialize_person(entered.user)}


def read_secret(typed: dict[str, Any]) -> str:
    """Return the code that was sent, or the JSON of the credential.

    Raises:
        Invalid: the method's field was not sent. No try is counted: nothing was tried.
    """
    field = "credential" if typed["method"] == Method.PASSKEY.value else "code"
    if field not in typed:
        raise Invalid({field: [FieldError("required")]})
    return json.dumps(typed[field]) if field == "credential" else str(typed[field])
