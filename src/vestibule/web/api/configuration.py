"""`/api/auth/config`: what a client needs to know before it shows a form."""

from typing import get_args

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from vestibule.accounts.passwords import MAX_BYTES
from vestibule.conf import RegistrationMode, conf
from vestibule.identities.providers import list_providers
from vestibule.limits import rules
from vestibule.web.api.response import Response
from vestibule.web.api.schema import response_schemas
from vestibule.web.api.view import ApiView


class PasswordRules(serializers.Serializer[object]):
    """The rules for passwords."""

    min_length = serializers.IntegerField(help_text="Unicode code points.")
    max_bytes = serializers.IntegerField(help_text="UTF-8 bytes.")


class SignupRules(serializers.Serializer[object]):
    """The rules for sign-ups."""

    required_fields = serializers.ListField(
        child=serializers.CharField(), help_text="Besides the address and password."
    )
    modes = serializers.ListField(child=serializers.CharField(), help_text="The ways that the API has.")
    mode = serializers.CharField(help_text="The way that the pages go.")


class CaptchaRules(serializers.Serializer[object]):
    """When a captcha is required: `never`, `suspicious` or `always`."""

    provider = serializers.CharField(help_text="`altcha` (`/api/auth/captcha`), `turnstile`, `hcaptcha`, `recaptcha`.")
    site_key = serializers.CharField(help_text="Of the vendor's widget; empty for `altcha`.")
    register = serializers.CharField()
    login = serializers.CharField()
    password_reset = serializers.CharField()


class ProviderShown(serializers.Serializer[object]):
    """Another provider that people come from."""

    id = serializers.CharField(help_text="As in `social/{provider}/start`.")
    name = serializers.CharField()


class Configuration(serializers.Serializer[object]):
    """The public configuration."""

    signup = SignupRules()
    password = PasswordRules()
    passwords = serializers.CharField(help_text="`required`, or `optional`: an account may have none.")
    magic_link = serializers.BooleanField(help_text="Whether a mailed link or code signs in.")
    channels = serializers.ListField(child=serializers.CharField())
    enumeration_protection = serializers.BooleanField()
    passkeys = serializers.BooleanField(help_text="Whether somebody can sign in with a passkey.")
    providers = ProviderShown(many=True)
    captcha = CaptchaRules()


class ShowConfiguration(ApiView):
    """The public configuration."""

    @extend_schema(
        operation_id="config",
        summary="Show the public configuration",
        tags=["Operations"],
        responses=response_schemas(200, Configuration, body=False),
    )
    def get(self, request: Request) -> Response:
        """Show sign-up fields, password rules, channels, captcha, and which features are on."""
        self.admit(rules.ANON)
        return Response(
            {
                "signup": {
                    "required_fields": conf.signup_fields,
                    "modes": list(get_args(RegistrationMode)),
                    "mode": conf.registration_mode,
                },
                "password": {"min_length": conf.password_min_length, "max_bytes": MAX_BYTES},
                "passwords": conf.passwords,
                "magic_link": conf.magic_link,
                "channels": list(conf.channels),
                "enumeration_protection": conf.enumeration_protection,
                "passkeys": True,
                "providers": [{"id": each.id, "name": each.name} for each in list_providers()],
                "captcha": {
                    "provider": conf.captcha_provider,
                    "site_key": conf.captcha_site_key,
                    **conf.captchas,
                },
            }
        )
