"""`/api/auth/login/magic/…`: sign in with a mailed link or code."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from vestibule.accounts import applicant
from vestibule.addresses import parsing
from vestibule.addresses.address import Email
from vestibule.conf import conf
from vestibule.flows.sign_in import magic_link
from vestibule.kernel.errors import FieldError, Invalid, NotFound
from vestibule.limits import rules
from vestibule.sessions import devices
from vestibule.web.api.parsing import Captcha, RequestBody, Text, read_body
from vestibule.web.api.passwords import PROOF_CODES
from vestibule.web.api.registration import OTP_HELP, DeviceFacts
from vestibule.web.api.response import Response
from vestibule.web.api.schema import CAPTCHA_CODES, response_schemas
from vestibule.web.api.second_factor import EnteredSchema, serialize_entered
from vestibule.web.api.view import ApiView

_TAG = ["Signing in"]
_EXAMPLE_HANDLE = "TUFHSUMtdGhlLXNpZ25lZC1oYW5kbGU"


class StartMagicRequest(RequestBody):
    """The e-mail address of the account."""

    email = Text(allow_blank=False)
    captcha = Captcha()


class MagicSent(serializers.Serializer[object]):
    """A link and a code may be on their way; durations are whole seconds."""

    detail = serializers.CharField()
    magic = serializers.CharField(help_text="Signed, bound to this start: it shows that this client asked.")
    expires_in = serializers.IntegerField(help_text="Of the link; the code lives 10 minutes.")
    resend_in = serializers.IntegerField(help_text="When it is worth while to ask again.")


class ConfirmMagicRequest(RequestBody):
    """`token` and `magic`; or `otp` and either `magic` or `email`."""

    alternatives = (("token", "magic"), ("otp", "magic"), ("otp", "email"))

    token = Text(required=False, help_text="Of the link.")
    magic = Text(required=False, help_text="As `login/magic/start` returned it to this client.")
    email = Text(required=False)
    otp = Text(required=False, max_length=64, help_text=OTP_HELP)
    device = DeviceFacts(required=False)
    remembered_device = Text(required=False, max_length=200, help_text="As `login/mfa` returned it.")


class MagicLinkView(ApiView):
    """A view that is not there where MAGIC_LINK is off."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Refuse the request, whatever its method.

        Raises:
            NotFound: MAGIC_LINK is off.
        """
        super().initial(request, *args, **kwargs)
        if not conf.magic_link:
            raise NotFound


class StartMagicLink(MagicLinkView):
    """Ask for a link and a code."""

    @extend_schema(
        operation_id="login_magic_start",
        summary="Request a link to sign in",
        tags=_TAG,
        request=StartMagicRequest,
        responses=response_schemas(202, MagicSent, "not_found", *CAPTCHA_CODES),
        examples=[
            OpenApiExample("ask", value={"email": "ada@example.com"}, request_only=True),
            OpenApiExample(
                "asked",
                value={
                    "detail": "If this address has an account, a link and a code are on their way.",
                    "magic": _EXAMPLE_HANDLE,
                    "expires_in": 900,
                    "resend_in": 60,
                },
                response_only=True,
                status_codes=["202"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Always the same answer. A link and a code are sent if an active account has proved this address."""
        typed = read_body(StartMagicRequest, request)
        email = _parse_email(typed["email"])
        client = self.admit(rules.LOGIN_MAGIC_START, email, captcha=typed.get("captcha", ""))
        sent = magic_link.start(client=client, email=email)
        body = {
            "detail": _("If this address has an account, a link and a code are on their way."),
            "magic": sent.magic,
            "expires_in": sent.challenge_status.expires_in,
            "resend_in": sent.challenge_status.resend_in,
        }
        return Response(body, status=202)


class ConfirmMagicLink(MagicLinkView):
    """Sign in by the link or by the code."""

    @extend_schema(
        operation_id="login_magic_confirm",
        summary="Sign in by a mailed link or code",
        tags=_TAG,
        request=ConfirmMagicRequest,
        responses=response_schemas(
            200,
            EnteredSchema,
            *PROOF_CODES,
            "token_invalid",
            "link_expired",
            "other_browser",
            "account_suspended",
            "not_found",
        ),
        examples=[
            OpenApiExample("link", value={"token": "bWFpbGVk…", "magic": _EXAMPLE_HANDLE}, request_only=True),
            OpenApiExample("code", value={"magic": _EXAMPLE_HANDLE, "otp": "49320717"}, request_only=True),
            OpenApiExample("code elsewhere", value={"email": "ada@example.com", "otp": "49320717"}, request_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """Sign in by the link, in the client that asked for it (`token` and `magic`), or anywhere by the code (`magic`
        or `email`, and `otp`). It works once, and is one factor: an account with a second one gets the ticket for
        it."""
        typed = read_body(ConfirmMagicRequest, request)
        otp, magic = typed.get("otp", ""), typed.get("magic", "")
        if not otp and not typed.get("token"):
            raise Invalid({"token": [FieldError("required")]})
        by_address = bool(otp) and not magic
        entered = magic_link.confirm(
            client=self.admit(rules.LOGIN_MAGIC_CONFIRM),
            token="" if otp else typed["token"],
            magic=magic,
            email=_parse_email(typed.get("email", "")) if by_address else None,
            otp=otp,
            device_claims=devices.clean_device_claims(typed.get("device")),
            remembered=typed.get("remembered_device", ""),
        )
        return Response(serialize_entered(entered))


def _parse_email(typed: str) -> Email:
    return applicant.parse_single_field("email", typed, parsing.parse_email)
