"""`/api/auth/social/…`, `/api/auth/me/identities…`: sign in through another provider, and the own identities there."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from vestibule.accounts import applicant
from vestibule.addresses import parsing
from vestibule.conf import conf
from vestibule.flows import social_visits
from vestibule.flows.account import identities
from vestibule.flows.sign_in import social
from vestibule.flows.sign_in.social import EmailNeeded, Outcome
from vestibule.flows.sign_up.social import submit_email
from vestibule.flows.sign_up.steps import Registered
from vestibule.kernel.errors import FieldError, Invalid
from vestibule.limits import rules
from vestibule.sessions import devices
from vestibule.web.api import social_schema as schema
from vestibule.web.api.operation_schema import TOKEN_OR_NONE
from vestibule.web.api.parsing import read_body
from vestibule.web.api.passwords import ENROLLED_CODES
from vestibule.web.api.registration import Registered as RegisteredSchema
from vestibule.web.api.registration import Sent, sent_response, serialize_registered
from vestibule.web.api.response import Response
from vestibule.web.api.schema import CAPTCHA_CODES, response_schemas
from vestibule.web.api.second_factor import EnteredSchema, serialize_entered
from vestibule.web.api.view import ApiView

_TAG = ["Other providers"]
_ENTERED_CODES = ("account_exists", "invalid_credentials", "account_suspended", "locked")
_HANDLE_CODES = ("token_invalid", "link_expired", "token_used", "locked")
_STEP_UP_CODES = (*ENROLLED_CODES, "reauthentication_required")


def _entered_schemas(*codes: str) -> Any:
    more = {(201, "application/json"): RegisteredSchema, (202, "application/json"): schema.EmailNeeded}
    return response_schemas(200, EnteredSchema, *_ENTERED_CODES, *codes) | more


class StartVisit(ApiView):
    """Begin a visit to another provider."""

    openapi_security = TOKEN_OR_NONE  # one that links is of somebody who is signed in

    @extend_schema(
        operation_id="social_start",
        summary="Go to another provider",
        tags=_TAG,
        request=schema.VisitRequest,
        responses=response_schemas(200, schema.VisitBegun, *_STEP_UP_CODES, "not_found"),
    )
    def post(self, request: Request, provider: str) -> Response:
        """Get where the browser goes, and the handle with which the app ends the visit. To link needs a sign-in of the
        last ten minutes."""
        typed = read_body(schema.VisitRequest, request)
        links_identity = typed["intent"] == schema.LINK
        client = self.admit_bearer() if links_identity else self.admit(rules.SOCIAL_START)
        hosted = f"{conf.base_url}{reverse('vestibule_pages:login')}"
        begun = social_visits.start_visit(
            client=client,
            provider=provider,
            return_to=social_visits.parse_return_to(typed.get("return_to", ""), hosted),
            links_identity=links_identity,
        )
        return Response(schema.VisitBegun(begun).data)


class ConfirmVisit(ApiView):
    """End a visit to another provider."""

    @extend_schema(
        operation_id="social_confirm",
        summary="Come back from another provider",
        tags=_TAG,
        request=schema.VisitAnswer,
        responses=_entered_schemas("token_invalid", "link_expired", "token_used"),
    )
    def post(self, request: Request) -> Response:
        """Sign in, or up, with the handle of the visit and the code that the browser came back with."""
        typed = read_body(schema.VisitAnswer, request)
        outcome = social.confirm(
            client=self.admit(rules.SOCIAL),
            social=typed["social"],
            social_code=typed["social_code"],
            device_claims=devices.clean_device_claims(typed.get("device")),
        )
        return _outcome_response(outcome)


class SubmitEmail(ApiView):
    """The address of a person whose provider has proved none."""

    @extend_schema(
        operation_id="social_email",
        summary="Name an address",
        tags=_TAG,
        request=schema.EmailSubmitted,
        responses=response_schemas(202, Sent, *_HANDLE_CODES, "email_taken", *CAPTCHA_CODES),
    )
    def post(self, request: Request) -> Response:
        """Have a code sent to the address: `register/confirm` makes the account then. A known address gets the same
        answer; its owner gets a notice."""
        typed = read_body(schema.EmailSubmitted, request)
        email = applicant.parse_single_field("email", typed["email"], parsing.parse_email)
        client = self.admit(rules.SOCIAL_EMAIL, email, captcha=typed.get("captcha", ""))
        return sent_response(submit_email(client=client, registration=typed["registration"], email=email))


class SignInByToken(ApiView):
    """The ID token of a native app."""

    @extend_schema(
        operation_id="social_token",
        summary="Sign in with an ID token",
        tags=_TAG,
        request=schema.IdTokenRequest,
        responses=_entered_schemas("token_invalid", "not_found"),
    )
    def post(self, request: Request, provider: str) -> Response:
        """Sign in, or up, with an ID token that an app, One Tap or FedCM got from the provider for this nonce. A token
        works once."""
        typed = read_body(schema.IdTokenRequest, request)
        outcome = social.sign_in_by_token(
            client=self.admit(rules.SOCIAL),
            provider=provider,
            id_token=typed["id_token"],
            nonce=typed["nonce"],
            device_claims=devices.clean_device_claims(typed.get("device")),
        )
        return _outcome_response(outcome)


class OwnIdentities(ApiView):
    """The own identities at other providers."""

    @extend_schema(
        operation_id="identities",
        summary="List the identities",
        tags=_TAG,
        responses=response_schemas(200, schema.IdentityShown(many=True), *ENROLLED_CODES, body=False),
    )
    def get(self, request: Request) -> Response:
        """List them, oldest first."""
        found = identities.list_own_identities(client=self.admit_bearer())
        return Response(schema.IdentityShown(found, many=True).data)

    @extend_schema(
        operation_id="identity_link",
        summary="Link an identity",
        tags=_TAG,
        request=schema.IdentityLink,
        responses=response_schemas(
            201, schema.IdentityShown, *_STEP_UP_CODES, *_HANDLE_CODES, "permission_denied", "identity_taken"
        ),
    )
    def post(self, request: Request) -> Response:
        """Link with the `link` of `account_exists`, or with a visit that this session began to link. The owner is told
        by mail. Needs a sign-in of the last ten minutes."""
        client = self.admit_bearer()
        typed = read_body(schema.IdentityLink, request)
        if typed.get("link"):
            linked = identities.link_by_handle(client=client, link=typed["link"])
        elif typed.get("social") and typed.get("social_code"):
            linked = identities.link_by_visit(client=client, social=typed["social"], social_code=typed["social_code"])
        else:
            raise Invalid({"link": [FieldError("required")]})
        return Response(schema.IdentityShown(linked).data, status=201)


class ManageIdentity(ApiView):
    """One of the own identities."""

    @extend_schema(
        operation_id="identity_unlink",
        summary="Take an identity off",
        tags=_TAG,
        responses=response_schemas(204, None, *_STEP_UP_CODES, "not_found", "last_way_in", body=False),
    )
    def delete(self, request: Request, id: UUID) -> Response:
        """Take it off. The sessions that it opened end, and the owner is told. The last way into an account stays.
        Needs a sign-in of the last ten minutes."""
        identities.unlink_identity(client=self.admit_bearer(), id=id)
        return Response(status=204)


def _outcome_response(outcome: Outcome) -> Response:
    if isinstance(outcome, EmailNeeded):
        return Response({"email_needed": True, "registration": outcome.registration}, status=202)
    if isinstance(outcome, Registered):
        return Response(serialize_registered(outcome), status=201)
    return Response(serialize_entered(outcome))
