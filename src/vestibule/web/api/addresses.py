"""`/api/auth/email/change…`, `/api/auth/phone/change…`: change the e-mail address or phone number."""

from dataclasses import asdict

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from vestibule.accounts import applicant
from vestibule.addresses import parsing
from vestibule.challenges.results import ChallengeStatus
from vestibule.flows.account import email_change, phone_change
from vestibule.limits import rules
from vestibule.web.api.login import limit_password
from vestibule.web.api.parsing import RequestBody, Text, read_body
from vestibule.web.api.passwords import ENROLLED_CODES, GUARDED_CODES, PROOF_CODES
from vestibule.web.api.people import Myself
from vestibule.web.api.response import Response
from vestibule.web.api.schema import LinkToken, response_schemas
from vestibule.web.api.view import ApiView

_TAG = ["Addresses"]
_PROOF_CODES = (*ENROLLED_CODES, *PROOF_CODES)


class NewEmail(RequestBody):
    """The new address, and the password of an account that has one."""

    email = Text(allow_blank=False)
    password = Text(required=False, max_length=4096)


class NewPhone(RequestBody):
    """The new number, and the password of an account that has one."""

    phone_number = Text(allow_blank=False)
    password = Text(required=False, max_length=4096)


class Code(RequestBody):
    """The code that was sent."""

    otp = Text(allow_blank=False, max_length=64)


class CodeSent(serializers.Serializer[object]):
    """A code is on its way; durations are whole seconds."""

    detail = serializers.CharField()
    expires_in = serializers.IntegerField()
    attempts_left = serializers.IntegerField()


class ChangeEmail(ApiView):
    """Start a change of the e-mail address."""

    @extend_schema(
        operation_id="email_change",
        summary="Start to change the e-mail address",
        tags=_TAG,
        request=NewEmail,
        responses=response_schemas(202, CodeSent, *GUARDED_CODES),
    )
    def post(self, request: Request) -> Response:
        """Send a code to the new address and a notice to the old one. Needs a sign-in of the last ten minutes."""
        client = self.admit_bearer()
        typed = read_body(NewEmail, request)
        email = applicant.parse_single_field("email", typed["email"], parsing.parse_email)
        return _code_sent_response(email_change.start(client=client, email=email, password=limit_password(typed)))


class ConfirmEmail(ApiView):
    """Prove the new address."""

    @extend_schema(
        operation_id="email_change_confirm",
        summary="Confirm the new e-mail address",
        tags=_TAG,
        request=Code,
        responses=response_schemas(200, Myself, *_PROOF_CODES, "email_taken"),
    )
    def post(self, request: Request) -> Response:
        """Confirm by the code, in the session that asked for the change; every other session ends. The old address gets
        a link that undoes the change."""
        client = self.admit_bearer()
        return Response(Myself(email_change.confirm(client=client, otp=read_body(Code, request)["otp"])).data)


class UndoEmail(ApiView):
    """Undo the change, from the old address."""

    @extend_schema(
        operation_id="email_change_undo",
        summary="Undo a change of the e-mail address",
        tags=_TAG,
        request=LinkToken,
        responses=response_schemas(204, None, "token_invalid", "link_expired", "token_used", "email_taken", "locked"),
    )
    def post(self, request: Request) -> Response:
        """Use the token of the link. Every session ends, no password opens the account, what was proved later is
        removed, and a closing is cancelled. A reset is sent; if the account is suspended, a notice."""
        token = read_body(LinkToken, request)["token"]
        email_change.undo(client=self.admit(rules.PASSWORD_RESET_CONFIRM), token=token)
        return Response(status=204)


class ChangePhone(ApiView):
    """Start a change of the phone number."""

    @extend_schema(
        operation_id="phone_change",
        summary="Start to change the phone number",
        tags=_TAG,
        request=NewPhone,
        responses=response_schemas(202, CodeSent, *GUARDED_CODES),
    )
    def post(self, request: Request) -> Response:
        """Send a code to the new number. Needs a sign-in of the last ten minutes."""
        client = self.admit_bearer()
        typed = read_body(NewPhone, request)
        phone = applicant.parse_single_field("phone_number", typed["phone_number"], parsing.parse_phone)
        return _code_sent_response(phone_change.start(client=client, phone=phone, password=limit_password(typed)))


class ConfirmPhone(ApiView):
    """Prove the new number."""

    @extend_schema(
        operation_id="phone_change_confirm",
        summary="Confirm the new phone number",
        tags=_TAG,
        request=Code,
        responses=response_schemas(200, Myself, *_PROOF_CODES, "phone_taken"),
    )
    def post(self, request: Request) -> Response:
        """Confirm by the code, in the session that asked for the change; every other session ends."""
        client = self.admit_bearer()
        return Response(Myself(phone_change.confirm(client=client, otp=read_body(Code, request)["otp"])).data)


def _code_sent_response(standing: ChallengeStatus) -> Response:
    facts = asdict(standing)
    body = {"detail": _("A code is on its way."), **{name: facts[name] for name in ("expires_in", "attempts_left")}}
    return Response(body, status=202)
