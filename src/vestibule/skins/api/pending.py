"""`/api/auth/register`, `verify-email/…`, `verify-phone/…`: registration with a PENDING user."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vestibule.accounts import applicant, identifiers
from vestibule.accounts.identifiers import Email, Phone, Username
from vestibule.flows import pending_registration, registration
from vestibule.flows.signing_up import Registered
from vestibule.guards import rules
from vestibule.kernel.client import Client
from vestibule.skins.api import pending_schema as schema
from vestibule.skins.api.parsing import read
from vestibule.skins.api.people import shown
from vestibule.skins.api.registration import answer, applying
from vestibule.skins.api.schema import LinkToken
from vestibule.skins.edge import admit

_TAG = ["Registration, pending"]


class Register(APIView):
    """Sign up: a PENDING user, and a link and a code to prove the address."""

    @extend_schema(operation_id="register", tags=_TAG, **schema.REGISTER)
    def post(self, request: Request) -> Response:
        """Send a link and a code. A known address gets the same answer; its owner gets a notice."""
        typed = read(schema.RegisterRequest, request)
        who, device = applying(typed)
        client = admit(
            request._request, rules.REGISTER, identifiers.digest(who.address), captcha=typed.get("captcha", "")
        )
        sent = pending_registration.register(client=client, applicant=who, device=device)
        told = {} if settings.ENUMERATION_PROTECTION else {"id": str(sent.user_id)}
        user = {
            **told,
            "username": who.username,
            "email": who.email,
            "role": "user",
            "status": "pending",
            "email_verified": False,
        }
        if who.channel == "sms":
            user |= {"phone_number": who.phone, "phone_verified": False}
            message = _("Registration successful. Please check your phone to verify your account.")
        else:
            message = _("Registration successful. Please check your email to verify your account.")
        standing = asdict(sent.standing)
        body = {"status": "success", "message": message, "user": user, "registration": sent.registration}
        return Response({**body, "channel": sent.channel, **standing}, status=201)


class Status(APIView):
    """Where a sign-up stands, for the tab that waits."""

    @extend_schema(operation_id="register_status", tags=_TAG, **schema.STATUS)
    def post(self, request: Request) -> Response:
        """`waiting`, `verified` (perhaps on another device), `bounced` (the mail came back) or `expired`. Ask every
        few seconds at most."""
        typed = read(schema.Handle, request)
        client = admit(request._request, rules.REGISTER_STATUS)
        progress = registration.status(client=client, registration=typed["registration"])
        return Response({"status": progress.status, "channel": progress.channel, **asdict(progress.standing)})


class Redirect(APIView):
    """The proof goes elsewhere: the address was mistyped, or the mail does not arrive."""

    @extend_schema(operation_id="register_redirect", tags=_TAG, **schema.REDIRECT)
    def post(self, request: Request) -> Response:
        """With `email`: to that address instead. Without: by SMS to the number of the sign-up. Nothing is typed again;
        the answer's `registration` takes the place of the old."""
        typed = read(schema.RedirectRequest, request)
        email = _email(typed) if typed.get("email") else None
        address = identifiers.digest(email) if email else None
        client = admit(request._request, rules.REGISTER, address, captcha=typed.get("captcha", ""))
        return answer(registration.redirect(client=client, registration=typed["registration"], email=email))


class VerifyEmail(APIView):
    """Prove the address by the link or by the code."""

    @extend_schema(operation_id="verify_email", tags=_TAG, **schema.VERIFY_EMAIL)
    def post(self, request: Request) -> Response:
        """Either `token` (the link) or `email` and `otp` (the code), together with `registration` (the browser that
        signed up) or `password` (the one typed there). With neither nothing is consumed."""
        typed = read(schema.VerifyEmailRequest, request)
        username = applicant.chosen_username(typed.get("username"))
        client = admit(request._request, rules.REGISTER_CONFIRM)
        if not typed.get("token"):
            return _confirm(client, typed, _email(typed), username)
        registered = pending_registration.open_link(
            client=client,
            token=typed["token"],
            registration=typed.get("registration", ""),
            password=typed.get("password", ""),
            username=username,
        )
        return _verified(registered)


class ResendEmail(APIView):
    """Another mail for whoever waits for one."""

    @extend_schema(operation_id="verify_email_resend", tags=_TAG, **schema.RESEND_EMAIL)
    def post(self, request: Request) -> Response:
        """Always the same answer. A new link and code go out where a sign-up waits on this address and its cooldown
        has passed."""
        address = _email(read(schema.EmailAddress, request))
        return _resend(admit(request._request, rules.REGISTER_RESEND, identifiers.digest(address)), address)


class Reject(APIView):
    """This wasn't me."""

    @extend_schema(operation_id="verify_email_reject", tags=_TAG, **schema.REJECT)
    def post(self, request: Request) -> Response:
        """Whoever holds the mailbox ends the sign-up that somebody else began with it."""
        typed = read(LinkToken, request)
        pending_registration.reject(client=admit(request._request, rules.REGISTER_CONFIRM), token=typed["token"])
        return Response(status=204)


class StartPhone(APIView):
    """A code by SMS."""

    @extend_schema(operation_id="verify_phone_start", tags=_TAG, **schema.START_PHONE)
    def post(self, request: Request) -> Response:
        """With `registration`: that sign-up is proved by SMS from now on, under the `registration` of the answer. With
        `phone_number`: a new code for whoever waits for one there, and always the same answer."""
        typed = read(schema.StartPhoneRequest, request)
        if not typed.get("registration"):
            address = _phone(typed)
            return _resend(admit(request._request, rules.REGISTER_RESEND, identifiers.digest(address)), address)
        client = admit(request._request, rules.REGISTER, captcha=typed.get("captcha", ""))
        return answer(registration.redirect(client=client, registration=typed["registration"]))


class ResendPhone(APIView):
    """Another SMS for whoever waits for one."""

    @extend_schema(operation_id="verify_phone_resend", tags=_TAG, **schema.RESEND_PHONE)
    def post(self, request: Request) -> Response:
        """Always the same answer."""
        address = _phone(read(schema.PhoneNumber, request))
        return _resend(admit(request._request, rules.REGISTER_RESEND, identifiers.digest(address)), address)


class ConfirmPhone(APIView):
    """Prove the number by the code."""

    @extend_schema(operation_id="verify_phone_confirm", tags=_TAG, **schema.CONFIRM_PHONE)
    def post(self, request: Request) -> Response:
        """`phone_number` and `otp`, together with `registration` (the browser that signed up) or `password` (the one
        typed there)."""
        typed = read(schema.ConfirmPhoneRequest, request)
        username = applicant.chosen_username(typed.get("username"))
        return _confirm(admit(request._request, rules.REGISTER_CONFIRM), typed, _phone(typed), username)


def _confirm(client: Client, typed: dict[str, Any], address: Email | Phone, username: Username | None) -> Response:
    if handle := typed.get("registration"):
        registered = registration.confirm(
            client=client,
            registration=handle,
            otp=typed.get("otp", ""),
            address=address,
            username=username,
            sign_in=False,
        )
    else:
        registered = pending_registration.confirm(
            client=client,
            address=address,
            otp=typed.get("otp", ""),
            password=typed.get("password", ""),
            username=username,
        )
    return _verified(registered)


def _resend(client: Client, address: Email | Phone) -> Response:
    pending_registration.resend(client=client, address=address)
    detail = _("If a sign-up waits for this address, a new message is on its way.")
    wait = int(settings.OTP.cooldowns[0].total_seconds())
    return Response({"detail": detail, "resend_in": wait}, status=202)


def _verified(registered: Registered) -> Response:
    message = _("Your account is verified. You can sign in now.")
    return Response({"status": "success", "message": message, "user": shown(registered.user)})


def _email(typed: dict[str, Any]) -> Email:
    return applicant.alone("email", typed.get("email", ""), identifiers.email)


def _phone(typed: dict[str, Any]) -> Phone:
    return applicant.alone("phone_number", typed.get("phone_number", ""), identifiers.phone)
