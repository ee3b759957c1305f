"""`/api/auth/register/…`: deferred sign-up."""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from vestibule.accounts import applicant
from vestibule.accounts.applicant import Applicant
from vestibule.accounts.fields import SIGN_UP_FIELDS
from vestibule.addresses import parsing
from vestibule.conf import conf
from vestibule.flows.sign_up import deferred, steps
from vestibule.limits import rules
from vestibule.sessions import devices
from vestibule.web.api.parsing import Captcha, Label, RequestBody, Text, read_body
from vestibule.web.api.people import Person, serialize_person
from vestibule.web.api.response import Response
from vestibule.web.api.schema import CAPTCHA_CODES, CHANNELS, TOKEN_TYPES, response_schemas
from vestibule.web.api.tokens import serialize_tokens
from vestibule.web.api.view import ApiView

_DETAIL_BY_CHANNEL = {
    "email": _("Check your email for the verification code."),
    "sms": _("Check your phone for the verification code."),
}

OTP_HELP = "As in the message; blanks, dashes, and the digits of every script are understood."


class DeviceFacts(RequestBody):
    """What a client claims about its device. It is stored untrusted, the fingerprint only as a keyed digest."""

    fingerprint_hash = Text(required=False, max_length=256)
    device_name = Label(help_text="Kept in 100 characters.")
    device_type = Label(help_text="`mobile`, `desktop` or `tablet`; anything else is kept as none.")
    browser = Label(help_text="Kept in 60 characters.")
    os = Label(help_text="Kept in 60 characters.")


class StartRequest(RequestBody):
    """What a person types to sign up. Which optional fields are required is `SIGNUP_FIELDS`."""

    alternatives = (("email",), ("phone_number", "channel"))
    personal = SIGN_UP_FIELDS

    password = Text(required=False, max_length=4096)
    confirm_password = Text(required=False, max_length=4096, help_text="Must match, where sent.")
    password2 = Text(required=False, max_length=4096, help_text="Another name of `confirm_password`.")
    phone_number = Text(required=False, help_text="E.164, with the country code.")
    device = DeviceFacts(required=False)
    channel = Text(required=False, help_text="`email` (default) or `sms`.")
    captcha = Captcha()

    def list_alternatives(self) -> tuple[tuple[str, ...], ...]:
        """Return the address, by which channel, and whatever else this service demands."""
        also = (*conf.signup_fields, *(["password"] if conf.passwords == "required" else []))
        return tuple(tuple(dict.fromkeys((*address, *also))) for address in self.alternatives)


class Sent(serializers.Serializer[object]):
    """A code is on its way; durations are whole seconds."""

    detail = serializers.CharField()
    registration = serializers.CharField(help_text="Signed, bound to this start, useless without the code.")
    channel = serializers.ChoiceField(CHANNELS)
    expires_in = serializers.IntegerField()
    code_expires_in = serializers.IntegerField(help_text="A code beside a link has a shorter life.")
    resend_in = serializers.IntegerField()
    resends_left = serializers.IntegerField()
    attempts_left = serializers.IntegerField()


class ConfirmRequest(RequestBody):
    """The registration and the code."""

    registration = Text(allow_blank=False)
    otp = Text(
        allow_blank=False,
        max_length=64,
        help_text=OTP_HELP,
    )
    email = Text(required=False, help_text="Checked against the signed one, where sent.")
    username = Text(required=False, help_text="Another username, when the one from the start was taken meanwhile.")


class Registered(serializers.Serializer[object]):
    """The account, and its session."""

    id = serializers.UUIDField()
    email = serializers.EmailField(allow_null=True)
    user = Person()
    access = serializers.CharField(help_text="ES256 JWT, `Authorization: Bearer`.")
    refresh = serializers.CharField()
    token_type = serializers.ChoiceField(TOKEN_TYPES)
    expires_in = serializers.IntegerField()


class ResendRequest(RequestBody):
    """The registration whose code is to be sent again."""

    registration = Text(allow_blank=False)


EXAMPLE_HANDLE = "Rk9PQkFSLXRoZS1zaWduZWQtcmVnaXN0cmF0aW9u"
PERSON_EXAMPLE = {
    "id": "6a3a1c0e-9d3c-4a54-9a3e-1f2f3c4d5e6f",
    "email": "ada@example.com",
    "username": "ada",
    "full_name": "",
    "phone_number": None,
    "role": "user",
    "status": "active",
    "email_verified": True,
    "phone_verified": False,
    "created_at": "2026-11-20T12:00:00Z",
}
_SENT_EXAMPLE = OpenApiExample(
    "sent",
    value={
        "detail": "Check your email for the verification code.",
        "registration": EXAMPLE_HANDLE,
        "channel": "email",
        "expires_in": 600,
        "code_expires_in": 600,
        "resend_in": 60,
        "resends_left": 5,
        "attempts_left": 5,
    },
    response_only=True,
    status_codes=["202"],
)


class StartRegistration(ApiView):
    """Begin: a code is sent to the address, and nothing else happens until it comes back."""

    @extend_schema(
        operation_id="register_start",
        summary="Start a sign-up",
        tags=["Registration"],
        request=StartRequest,
        responses=response_schemas(202, Sent, "email_taken", "username_taken", "phone_taken", *CAPTCHA_CODES),
        examples=[
            OpenApiExample(
                "by email",
                value={"email": "ada@example.com", "password": "correct horse battery", "username": "ada"},
                request_only=True,
            ),
            OpenApiExample(
                "by sms",
                value={"phone_number": "+14155550100", "password": "correct horse battery", "channel": "sms"},
                request_only=True,
            ),
            _SENT_EXAMPLE,
        ],
    )
    def post(self, request: Request) -> Response:
        """Send a verification code. A known address gets the same answer; its owner gets a notice."""
        typed = read_body(StartRequest, request)
        who, device = parse_sign_up(typed)
        address, captcha = who.address, typed.get("captcha", "")
        client = self.admit(rules.REGISTER_START, address, captcha=captcha)
        return sent_response(deferred.start(client=client, applicant=who, device=device))


class ResendRegistrationCode(ApiView):
    """Send a new code in place of the old one."""

    @extend_schema(
        operation_id="register_resend",
        summary="Send the code of a sign-up again",
        tags=["Registration"],
        request=ResendRequest,
        responses=response_schemas(
            202, Sent, "token_invalid", "otp_expired", "otp_exhausted", "token_used", "cooldown", "locked"
        ),
        examples=[OpenApiExample("resend", value={"registration": EXAMPLE_HANDLE}, request_only=True), _SENT_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Send a new code: after the cooldown (60, then 120, then 300 s), at most five times."""
        typed = read_body(ResendRequest, request)
        client = self.admit(rules.REGISTER_RESEND)
        return sent_response(deferred.resend(client=client, registration=typed["registration"]))


class ConfirmRegistration(ApiView):
    """Confirm: the account is created, and its person signed in."""

    @extend_schema(
        operation_id="register_confirm",
        summary="Confirm a sign-up",
        tags=["Registration"],
        request=ConfirmRequest,
        responses=response_schemas(
            201,
            Registered,
            "otp_invalid",
            "token_invalid",
            "username_taken",
            "identity_taken",
            "otp_expired",
            "otp_exhausted",
            "token_used",
            "locked",
        ),
        examples=[
            OpenApiExample("confirm", value={"registration": EXAMPLE_HANDLE, "otp": "493207"}, request_only=True),
            OpenApiExample(
                "registered",
                value={
                    "id": "6a3a1c0e-9d3c-4a54-9a3e-1f2f3c4d5e6f",
                    "email": "ada@example.com",
                    "user": PERSON_EXAMPLE,
                    "access": "eyJhbGciOiJFUzI1NiIs…",
                    "refresh": "s2Zb…",
                    "token_type": "Bearer",
                    "expires_in": 600,
                },
                response_only=True,
                status_codes=["201"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Prove the address. Exactly one confirm of a registration ever succeeds."""
        typed = read_body(ConfirmRequest, request)
        username = applicant.parse_chosen_username(typed.get("username"))
        client = self.admit(rules.REGISTER_CONFIRM)
        registered = deferred.confirm(
            client=client,
            registration=typed["registration"],
            otp=typed["otp"],
            address=applicant.parse_single_field("email", typed["email"], parsing.parse_email)
            if typed.get("email")
            else None,
            username=username,
            sign_in=True,
        )
        return Response(serialize_registered(registered), status=201)


def serialize_registered(registered: steps.Registered) -> dict[str, Any]:
    """Return the account and the tokens of its session."""
    user = serialize_person(registered.user)
    tokens = serialize_tokens(registered.signed_in.required_tokens) if registered.signed_in else {}
    return {"id": user["id"], "email": user["email"], "user": user, **tokens}


def parse_sign_up(typed: dict[str, Any]) -> tuple[Applicant, dict[str, str] | None]:
    """Return the applicant and the device claims.

    Raises:
        Invalid: one or more fields are malformed.
    """
    if "password2" in typed:
        typed.setdefault("confirm_password", typed["password2"])
    return applicant.parse_applicant(typed), devices.clean_device_claims(typed.get("device"))


def sent_response(sent: steps.Sent) -> Response:
    """Return the response for a code that is on its way."""
    return Response(
        {
            "detail": str(_DETAIL_BY_CHANNEL[sent.address.channel]),
            "registration": sent.registration,
            "channel": sent.address.channel,
            **asdict(sent.challenge_status),
        },
        status=202,
    )
