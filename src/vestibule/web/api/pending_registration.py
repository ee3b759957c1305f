"""`/api/auth/register`, `verify-email/…`, `verify-phone/…`: sign-up with a PENDING user."""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from vestibule.accounts import applicant
from vestibule.accounts.identifiers import Username
from vestibule.addresses import parsing
from vestibule.addresses.address import Address, Email, Phone
from vestibule.conf import conf
from vestibule.flows.sign_up import deferred, pending
from vestibule.flows.sign_up.steps import Registered
from vestibule.kernel.client import Client
from vestibule.limits import rules
from vestibule.web.api import pending_registration_schema as schema
from vestibule.web.api.parsing import read_body
from vestibule.web.api.people import serialize_person
from vestibule.web.api.registration import parse_sign_up, sent_response
from vestibule.web.api.response import Response
from vestibule.web.api.schema import LinkToken
from vestibule.web.api.view import ApiView

_TAG = ["Registration, pending"]


class RegisterPending(ApiView):
    """Sign up: create a PENDING user, and send a link and a code that prove the address."""

    @extend_schema(operation_id="register", summary="Sign up, pending", tags=_TAG, **schema.REGISTER)
    def post(self, request: Request) -> Response:
        """Send a link and a code. A known address gets the same answer; its owner gets a notice."""
        typed = read_body(schema.RegisterRequest, request)
        who, device = parse_sign_up(typed)
        client = self.admit(rules.REGISTER, who.address, captcha=typed.get("captcha", ""))
        sent = pending.start(client=client, applicant=who, device=device)
        told = {} if conf.enumeration_protection else {"id": str(sent.user_id)}
        user = {
            **told,
            "username": who.username,
            "email": who.email.value if who.email else None,
            "role": "user",
            "status": "pending",
            "email_verified": False,
        }
        if isinstance(who.address, Phone):
            user |= {"phone_number": who.address.value, "phone_verified": False}
            message = _("Registration successful. Please check your phone to verify your account.")
        else:
            message = _("Registration successful. Please check your email to verify your account.")
        standing = asdict(sent.challenge_status)
        body = {"status": "success", "message": message, "user": user, "registration": sent.registration}
        return Response({**body, "channel": sent.address.channel, **standing}, status=201)


class ShowStatus(ApiView):
    """The progress of a sign-up, for the tab that waits."""

    @extend_schema(operation_id="register_status", summary="Show the progress of a sign-up", tags=_TAG, **schema.STATUS)
    def post(self, request: Request) -> Response:
        """`waiting`, `verified` (perhaps on another device), `bounced` (the mail came back) or `expired`. Ask every few
        seconds at most."""
        typed = read_body(schema.Handle, request)
        client = self.admit(rules.REGISTER_STATUS)
        progress = deferred.show_progress(client=client, registration=typed["registration"])
        body = {"status": progress.status, "channel": progress.address.channel}
        return Response({**body, **asdict(progress.challenge_status)})


class RedirectProof(ApiView):
    """Send the proof elsewhere, because the address was mistyped or the mail does not arrive."""

    @extend_schema(
        operation_id="register_redirect", summary="Send the code of a sign-up elsewhere", tags=_TAG, **schema.REDIRECT
    )
    def post(self, request: Request) -> Response:
        """With `email`: to that address instead. Without: by SMS to the number of the sign-up. Nothing is typed again;
        the `registration` in the answer replaces the old one."""
        typed = read_body(schema.RedirectRequest, request)
        email = _typed_email(typed) if typed.get("email") else None
        address = email if email else None
        client = self.admit(rules.REGISTER, address, captcha=typed.get("captcha", ""))
        return sent_response(deferred.redirect_proof(client=client, registration=typed["registration"], email=email))


class VerifyEmail(ApiView):
    """Prove the address by the link or by the code."""

    @extend_schema(
        operation_id="verify_email", summary="Verify the e-mail address of a sign-up", tags=_TAG, **schema.VERIFY_EMAIL
    )
    def post(self, request: Request) -> Response:
        """Send either `token` (the link) or `email` and `otp` (the code), together with `registration` (of the browser
        that signed up) or `password` (of the sign-up). With neither, nothing is counted."""
        typed = read_body(schema.VerifyEmailRequest, request)
        username = applicant.parse_chosen_username(typed.get("username"))
        client = self.admit(rules.REGISTER_CONFIRM)
        if not typed.get("token"):
            return _confirm_code(client, typed, _typed_email(typed), username)
        registered = pending.confirm_by_link(
            client=client,
            token=typed["token"],
            registration=typed.get("registration", ""),
            password=typed.get("password", ""),
            username=username,
        )
        return _verified_response(registered)


class ResendEmail(ApiView):
    """Request another mail."""

    @extend_schema(
        operation_id="verify_email_resend", summary="Send the verification mail again", tags=_TAG, **schema.RESEND_EMAIL
    )
    def post(self, request: Request) -> Response:
        """Always the same answer. A new link and code are sent if a sign-up waits on this address and its cooldown is
        over."""
        address = _typed_email(read_body(schema.EmailAddress, request))
        return _resend_and_accept(self.admit(rules.REGISTER_RESEND, address), address)


class RejectSignUp(ApiView):
    """This wasn't me."""

    @extend_schema(operation_id="verify_email_reject", summary="Reject a sign-up", tags=_TAG, **schema.REJECT)
    def post(self, request: Request) -> Response:
        """End a sign-up that somebody else began with this mailbox."""
        typed = read_body(LinkToken, request)
        pending.reject_sign_up(client=self.admit(rules.REGISTER_CONFIRM), token=typed["token"])
        return Response(status=204)


class StartPhone(ApiView):
    """Request a code by SMS."""

    @extend_schema(
        operation_id="verify_phone_start", summary="Verify a sign-up by SMS", tags=_TAG, **schema.START_PHONE
    )
    def post(self, request: Request) -> Response:
        """With `registration`: that sign-up is proved by SMS from now on, under the `registration` of the answer. With
        `phone_number`: a new code for the sign-up that waits there, and always the same answer."""
        typed = read_body(schema.StartPhoneRequest, request)
        if not typed.get("registration"):
            address = _typed_phone(typed)
            return _resend_and_accept(self.admit(rules.REGISTER_RESEND, address, rule_varies=True), address)
        client = self.admit(rules.REGISTER, captcha=typed.get("captcha", ""), rule_varies=True)
        return sent_response(deferred.redirect_proof(client=client, registration=typed["registration"]))


class ResendPhone(ApiView):
    """Request another SMS."""

    @extend_schema(
        operation_id="verify_phone_resend", summary="Send the verification SMS again", tags=_TAG, **schema.RESEND_PHONE
    )
    def post(self, request: Request) -> Response:
        """Always the same answer."""
        address = _typed_phone(read_body(schema.PhoneNumber, request))
        return _resend_and_accept(self.admit(rules.REGISTER_RESEND, address), address)


class ConfirmPhone(ApiView):
    """Prove the number by the code."""

    @extend_schema(
        operation_id="verify_phone_confirm",
        summary="Verify the phone number of a sign-up",
        tags=_TAG,
        **schema.CONFIRM_PHONE,
    )
    def post(self, request: Request) -> Response:
        """Send `phone_number` and `otp`, together with `registration` (of the browser that signed up) or `password` (of
        the sign-up)."""
        typed = read_body(schema.ConfirmPhoneRequest, request)
        username = applicant.parse_chosen_username(typed.get("username"))
        return _confirm_code(self.admit(rules.REGISTER_CONFIRM), typed, _typed_phone(typed), username)


def _confirm_code(client: Client, typed: dict[str, Any], address: Address, username: Username | None) -> Response:
    if handle := typed.get("registration"):
        registered = deferred.confirm(
            client=client,
            registration=handle,
            otp=typed.get("otp", ""),
            address=address,
            username=username,
            sign_in=False,
        )
    else:
        registered = pending.confirm(
            client=client,
            address=address,
            otp=typed.get("otp", ""),
            password=typed.get("password", ""),
            username=username,
        )
    return _verified_response(registered)


def _resend_and_accept(client: Client, address: Address) -> Response:
    pending.resend(client=client, address=address)
    detail = _("If a sign-up waits for this address, a new message is on its way.")
    wait = int(conf.otp_cooldowns[0].total_seconds())
    return Response({"detail": detail, "resend_in": wait}, status=202)


def _verified_response(registered: Registered) -> Response:
    message = _("Your account is verified. You can sign in now.")
    return Response({"status": "success", "message": message, "user": serialize_person(registered.user)})


def _typed_email(typed: dict[str, Any]) -> Email:
    return applicant.parse_single_field("email", typed.get("email", ""), parsing.parse_email)


def _typed_phone(typed: dict[str, Any]) -> Phone:
    return applicant.parse_single_field("phone_number", typed.get("phone_number", ""), parsing.parse_phone)
