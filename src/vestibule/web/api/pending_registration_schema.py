"""Request and response bodies of pending sign-up, with the examples of the documentation."""

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from vestibule.accounts.models import Role, Status
from vestibule.web.api.parsing import Captcha, RequestBody, Text
from vestibule.web.api.people import Person
from vestibule.web.api.registration import EXAMPLE_HANDLE, Sent, StartRequest
from vestibule.web.api.schema import CAPTCHA_CODES, CHANNELS, LinkToken, response_schemas

_BINDING_CODES = ("token_invalid", "otp_expired", "otp_exhausted", "token_used", "locked", "username_taken")
PROGRESS = ("waiting", "verified", "bounced", "expired")
SUCCESS = ("success",)


class RegisterRequest(StartRequest):
    """What a person types to sign up. Which optional fields are required is `SIGNUP_FIELDS`."""

    role = Text(required=False, help_text="`user`, where sent: nobody assigns themselves a role.")


class PendingPerson(serializers.Serializer[object]):
    """What was typed; `id` only if enumeration protection is off, the number only if it is to be proved."""

    id = serializers.UUIDField(required=False)
    username = serializers.CharField(allow_null=True)
    email = serializers.EmailField(allow_null=True)
    role = serializers.ChoiceField(Role.choices)
    status = serializers.ChoiceField(Status.choices)
    email_verified = serializers.BooleanField()
    phone_number = serializers.CharField(required=False)
    phone_verified = serializers.BooleanField(required=False)


class Durations(serializers.Serializer[object]):
    """Whole seconds, and remaining counts."""

    expires_in = serializers.IntegerField()
    code_expires_in = serializers.IntegerField()
    resend_in = serializers.IntegerField()
    resends_left = serializers.IntegerField()
    attempts_left = serializers.IntegerField()


class RegisterAnswer(Durations):
    """A link and a code are on their way."""

    status = serializers.ChoiceField(SUCCESS)
    message = serializers.CharField()
    user = PendingPerson()
    registration = serializers.CharField(help_text="Signed; what makes this client the one that signed up.")
    channel = serializers.ChoiceField(CHANNELS)


class Handle(RequestBody):
    """The handle of the sign-up."""

    registration = Text(allow_blank=False)


class Progress(Durations):
    """The progress of the sign-up."""

    status = serializers.ChoiceField(PROGRESS)
    channel = serializers.ChoiceField(CHANNELS)


class RedirectRequest(Handle):
    """Where to send the proof: to `email`, or without one by SMS."""

    email = Text(required=False)
    captcha = Captcha()


class Binding(RequestBody):
    """What shows that the person who proves the address is the one who signed up."""

    registration = Text(required=False, help_text="Of the answer to the sign-up.")
    password = Text(required=False, max_length=4096, help_text="The one typed at the sign-up.")
    username = Text(required=False, help_text="Another username, when the one from the start was taken meanwhile.")


class VerifyEmailRequest(Binding):
    """The token of the link, or the address and the code."""

    alternatives = (("token",), ("email", "otp"))

    token = Text(required=False)
    email = Text(required=False)
    otp = Text(required=False, max_length=64)


class EmailAddress(RequestBody):
    """An address."""

    email = Text(allow_blank=False)


class PhoneNumber(RequestBody):
    """A number."""

    phone_number = Text(allow_blank=False)


class StartPhoneRequest(RequestBody):
    """The sign-up, or the number."""

    alternatives = (("registration",), ("phone_number",))

    registration = Text(required=False)
    phone_number = Text(required=False)
    captcha = Captcha()


class ConfirmPhoneRequest(Binding):
    """The number and the code."""

    phone_number = Text(allow_blank=False)
    otp = Text(allow_blank=False, max_length=64)


class Verified(serializers.Serializer[object]):
    """The account."""

    status = serializers.ChoiceField(SUCCESS)
    message = serializers.CharField()
    user = Person()


class Accepted(serializers.Serializer[object]):
    """Always the same."""

    detail = serializers.CharField()
    resend_in = serializers.IntegerField()


class PhoneStarted(serializers.Serializer[object]):
    """For `phone_number`, always the same two; for `registration`, as every send."""

    detail = serializers.CharField()
    resend_in = serializers.IntegerField()
    registration = serializers.CharField(required=False)
    channel = serializers.ChoiceField(CHANNELS, required=False)
    expires_in = serializers.IntegerField(required=False)
    code_expires_in = serializers.IntegerField(required=False)
    resends_left = serializers.IntegerField(required=False)
    attempts_left = serializers.IntegerField(required=False)


def _request_example(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True)


REGISTER: dict[str, Any] = {
    "request": RegisterRequest,
    "responses": response_schemas(201, RegisterAnswer, "email_taken", "username_taken", "phone_taken", *CAPTCHA_CODES),
    "examples": [
        _request_example(
            "register",
            {
                "username": "john_doe",
                "email": "john@example.com",
                "password": "SecurePass123!",
                "password2": "SecurePass123!",
                "role": "user",
                "phone_number": "+14155550100",
                "device": {
                    "fingerprint_hash": "abc123xyz456",
                    "device_name": "iPhone 14",
                    "device_type": "mobile",
                    "browser": "Safari",
                    "os": "iOS",
                },
            },
        ),
        OpenApiExample(
            "pending",
            value={
                "status": "success",
                "message": "Registration successful. Please check your email to verify your account.",
                "user": {
                    "username": "john_doe",
                    "email": "john@example.com",
                    "role": "user",
                    "status": "pending",
                    "email_verified": False,
                },
                "registration": EXAMPLE_HANDLE,
                "channel": "email",
                "expires_in": 21600,
                "code_expires_in": 600,
                "resend_in": 60,
                "resends_left": 5,
                "attempts_left": 5,
            },
            response_only=True,
            status_codes=["201"],
        ),
    ],
}
STATUS: dict[str, Any] = {
    "request": Handle,
    "responses": response_schemas(200, Progress, "token_invalid", "otp_expired"),
    "examples": [_request_example("status", {"registration": EXAMPLE_HANDLE})],
}
REDIRECT: dict[str, Any] = {
    "request": RedirectRequest,
    "responses": response_schemas(202, Sent, "cooldown", "email_taken", "phone_taken", *_BINDING_CODES, *CAPTCHA_CODES),
    "examples": [
        _request_example("another address", {"registration": EXAMPLE_HANDLE, "email": "ada@example.org"}),
        _request_example("by sms", {"registration": EXAMPLE_HANDLE}),
    ],
}
VERIFY_EMAIL: dict[str, Any] = {
    "request": VerifyEmailRequest,
    "responses": response_schemas(
        200, Verified, "otp_invalid", "password_required", "invalid_credentials", "link_expired", *_BINDING_CODES
    ),
    "examples": [
        _request_example("link, same browser", {"token": "bGluaw…", "registration": EXAMPLE_HANDLE}),
        _request_example("link, other device", {"token": "bGluaw…", "password": "SecurePass123!"}),
        _request_example("code", {"email": "john@example.com", "otp": "493207", "registration": EXAMPLE_HANDLE}),
    ],
}
RESEND_EMAIL: dict[str, Any] = {
    "request": EmailAddress,
    "responses": response_schemas(202, Accepted),
    "examples": [_request_example("resend", {"email": "john@example.com"})],
}
REJECT: dict[str, Any] = {
    "request": LinkToken,
    "responses": response_schemas(204, None, "token_invalid", "link_expired", "token_used", "otp_exhausted", "locked"),
    "examples": [_request_example("reject", {"token": "bGluaw…"})],
}
START_PHONE: dict[str, Any] = {
    "request": StartPhoneRequest,
    "responses": response_schemas(202, PhoneStarted, "cooldown", "phone_taken", *_BINDING_CODES, *CAPTCHA_CODES),
    "examples": [
        _request_example("this sign-up by sms", {"registration": EXAMPLE_HANDLE}),
        _request_example("by number", {"phone_number": "+14155550100"}),
    ],
}
RESEND_PHONE: dict[str, Any] = {
    "request": PhoneNumber,
    "responses": response_schemas(202, Accepted),
    "examples": [_request_example("resend", {"phone_number": "+14155550100"})],
}
CONFIRM_PHONE: dict[str, Any] = {
    "request": ConfirmPhoneRequest,
    "responses": response_schemas(200, Verified, "otp_invalid", "password_required", *_BINDING_CODES),
    "examples": [
        _request_example("code", {"phone_number": "+14155550100", "otp": "493207", "registration": EXAMPLE_HANDLE})
    ],
}
