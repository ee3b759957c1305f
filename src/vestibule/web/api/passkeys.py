"""`/api/auth/passkeys…`, `/api/auth/login/passkey/…`, `/api/auth/login/mfa/passkey`: make, manage and use passkeys.

Options and credentials are the JSON forms of WebAuthn Level 3. The challenge in the options is the handle: nothing else
is sent back.
"""

import json
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from vestibule.flows.account import passkeys
from vestibule.flows.sign_in import by_passkey, second_factor
from vestibule.limits import rules
from vestibule.sessions import devices
from vestibule.web.api import passkeys_schema as schema
from vestibule.web.api.parsing import read_body
from vestibule.web.api.passkeys_schema import PasskeyMade, PasskeyOptions, PasskeyShown
from vestibule.web.api.passwords import SIGNED_IN_CODES, STEP_UP_CODES
from vestibule.web.api.response import Response
from vestibule.web.api.schema import answer_example, body_example, response_schemas
from vestibule.web.api.second_factor import EnteredSchema, serialize_entered
from vestibule.web.api.view import ApiView

_TAG, _SIGN_IN_TAG = ["Passkeys"], ["Signing in"]


class StartPasskey(ApiView):
    """Begin to make a passkey."""

    open_before_enrolment = True

    @extend_schema(
        operation_id="passkey_options",
        summary="Start to make a passkey",
        tags=_TAG,
        request=None,
        responses=response_schemas(200, PasskeyOptions, *STEP_UP_CODES, "invalid", body=False),
        examples=[answer_example("options", {"publicKey": schema.CREATION_OPTIONS})],
    )
    def post(self, request: Request) -> Response:
        """Get creation options, whose challenge is bound to this session. Needs a sign-in of the last ten minutes."""
        return Response({"publicKey": passkeys.start_enrolment(client=self.admit_bearer())})


class OwnPasskeys(ApiView):
    """The own passkeys."""

    open_before_enrolment = True

    @extend_schema(
        operation_id="passkeys",
        summary="List the passkeys",
        tags=_TAG,
        responses=response_schemas(200, PasskeyShown(many=True), *SIGNED_IN_CODES, body=False),
        examples=[answer_example("one", schema.SHOWN)],
    )
    def get(self, request: Request) -> Response:
        """List them, oldest first."""
        return Response(PasskeyShown(passkeys.list_own_passkeys(client=self.admit_bearer()), many=True).data)

    @extend_schema(
        operation_id="passkey_add",
        summary="Add a passkey",
        tags=_TAG,
        request=schema.NewPasskey,
        responses=response_schemas(201, PasskeyMade, *STEP_UP_CODES, "link_expired", "token_used", "locked"),
        examples=[
            body_example("a passkey", {"credential": schema.MADE}),
            answer_example("the first factor", {**schema.SHOWN, "recovery_codes": ["mfrg-gzdf-mztw-q2lk"]}, 201),
        ],
    )
    def post(self, request: Request) -> Response:
        """Save what the browser made with the options of `passkeys/options`. The session counts as one that proved the
        passkey; other sessions end if `end_other_sessions` says so. Ten recovery codes come with the first second
        factor, and are shown here only. Needs a sign-in of the last ten minutes."""
        client = self.admit_bearer()
        typed = read_body(schema.NewPasskey, request)
        added = passkeys.add_passkey(
            client=client,
            credential=json.dumps(typed["credential"]),
            name=typed.get("name", ""),
            end_other_sessions=typed.get("end_other_sessions", False),
        )
        codes = list(added.factor.recovery_codes)
        body = {**PasskeyShown(added.passkey).data, **({"recovery_codes": codes} if codes else {})}
        return Response(body, status=201)


class ManagePasskey(ApiView):
    """One of the own passkeys."""

    open_before_enrolment = True

    @extend_schema(
        operation_id="passkey_rename",
        summary="Rename a passkey",
        tags=_TAG,
        request=schema.PasskeyName,
        responses=response_schemas(200, PasskeyShown, *SIGNED_IN_CODES, "not_found"),
        examples=[body_example("a name", {"name": "Blue key"}), answer_example("renamed", schema.SHOWN)],
    )
    def patch(self, request: Request, id: UUID) -> Response:
        """Give it another name."""
        client = self.admit_bearer()
        typed = read_body(schema.PasskeyName, request)
        return Response(PasskeyShown(passkeys.rename_passkey(client=client, id=id, name=typed.get("name", ""))).data)

    @extend_schema(
        operation_id="passkey_remove",
        summary="Remove a passkey",
        tags=_TAG,
        responses=response_schemas(204, None, *STEP_UP_CODES, "not_found", "last_way_in", "last_factor", body=False),
    )
    def delete(self, request: Request, id: UUID) -> Response:
        """Remove it. Every other session ends, and with the last second factor the recovery codes go. The last way into
        an account stays. Needs a sign-in of the last ten minutes by a second factor."""
        passkeys.remove_passkey(client=self.admit_bearer(), id=id)
        return Response(status=204)


class StartSignIn(ApiView):
    """Begin to sign in with a passkey."""

    @extend_schema(
        operation_id="login_passkey_options",
        summary="Start to sign in with a passkey",
        tags=_SIGN_IN_TAG,
        request=None,
        responses=response_schemas(200, PasskeyOptions, body=False),
        examples=[answer_example("options", {"publicKey": schema.REQUEST_OPTIONS})],
    )
    def post(self, request: Request) -> Response:
        """Get request options, the same for everybody: no address is asked for. They are good for `reauthenticate`,
        too."""
        client = self.admit(rules.LOGIN_PASSKEY_OPTIONS)
        return Response({"publicKey": by_passkey.start_sign_in_by_passkey(client=client)})


class SignInByPasskey(ApiView):
    """Sign in with a passkey."""

    @extend_schema(
        operation_id="login_passkey_verify",
        summary="Sign in with a passkey",
        tags=_SIGN_IN_TAG,
        request=schema.PasskeyProof,
        responses=response_schemas(
            200, EnteredSchema, "invalid_credentials", "credential_unknown", "account_suspended", "locked"
        ),
        examples=[body_example("an assertion", {"credential": schema.PROVED})],
    )
    def post(self, request: Request) -> Response:
        """Sign in. The authenticator has verified its user, so that no second factor is asked for. After
        `credential_unknown` tell the browser (`PublicKeyCredential.signalUnknownCredential`)."""
        typed = read_body(schema.PasskeyProof, request)
        claims = devices.clean_device_claims(typed.get("device"))
        entered = by_passkey.sign_in_by_passkey(
            client=self.admit(rules.LOGIN_PASSKEY), credential=json.dumps(typed["credential"]), device_claims=claims
        )
        return Response(serialize_entered(entered))


class StartPasskeyFactor(ApiView):
    """Begin to prove a passkey as the second factor."""

    @extend_schema(
        operation_id="login_mfa_passkey",
        summary="Start to prove a passkey as the second factor",
        tags=_SIGN_IN_TAG,
        request=schema.Ticket,
        responses=response_schemas(
            200, PasskeyOptions, "token_invalid", "link_expired", "token_used", "otp_exhausted", "not_found"
        ),
        examples=[
            body_example("a ticket", {"mfa": "eyJ…"}),
            answer_example("options", {"publicKey": schema.OWN_OPTIONS}),
        ],
    )
    def post(self, request: Request) -> Response:
        """Get request options for the passkeys of the account. What the browser makes of them goes to `login/mfa` as
        `credential`."""
        typed = read_body(schema.Ticket, request)
        client = self.admit(rules.LOGIN_MFA)
        return Response({"publicKey": second_factor.start_passkey_factor(client=client, ticket=typed["mfa"])})
