"""Sign in with a passkey: no name is typed, and its user verification stands for the second factor."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from vestibule.accounts.credentials import digest_credentials
from vestibule.accounts.models import User
from vestibule.challenges.comparison import verify_by_comparison
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import PasskeySignInPayload
from vestibule.challenges.policy import Purpose
from vestibule.factors import passkeys
from vestibule.factors.passkey_ceremonies import Unverifiable, parse_response
from vestibule.flows.completion import Authenticated, SecondFactorNeeded, SignedIn, Via, complete
from vestibule.flows.factor_proofs import FactorProof, compare_passkey
from vestibule.flows.flow import flow
from vestibule.kernel import entropy, errors
from vestibule.kernel.client import Client
from vestibule.sessions import devices
from vestibule.sessions.models import MULTI_FACTOR
from vestibule.storage.database import atomic


@flow("sign_in.start_passkey")
def start_sign_in_by_passkey(*, client: Client) -> dict[str, Any]:
    """Return the options with which a browser proves a passkey (PublicKeyCredentialRequestOptions in JSON), the same
    for everybody. The challenge in them is good for five minutes, once, for a sign-in or a step-up.

    Raises:
        Unavailable: a store cannot be reached.
    """
    nobody = challenges.person_subject(entropy.random_uuid())
    issued = challenges.issue(Purpose.PASSKEY_SIGN_IN, subject=nobody, payload=PasskeySignInPayload(), now=client.at)
    return passkeys.build_request_options(challenges.secrets.sign_nonce(Purpose.PASSKEY_SIGN_IN, issued.id))


@flow("sign_in.by_passkey")
def sign_in_by_passkey(
    *,
    client: Client,
    credential: str,
    device_claims: Mapping[str, str] | None = None,
    device_cookie: UUID | None = None,
    page_lifetime: timedelta | None = None,
) -> SignedIn | SecondFactorNeeded:
    """Open a session for the account that has this passkey. `credential` is the assertion in JSON; the other arguments
    are those of a sign-in by password. Failures spend nobody's tries.

    Raises:
        CredentialUnknown: no account has the passkey.
        InvalidCredentials: the assertion is malformed, not for a live challenge of ours, or does not prove the passkey.
        AccountSuspended: the account is suspended or closed.
        Locked: another request uses the challenge.
        Unavailable: a store cannot be reached.
    """
    try:
        with prove_passkey(client, credential) as (user, proof), atomic():
            proof.record_use(client, user)
            authenticated = Authenticated(
                user=user,
                credentials=digest_credentials(user),
                amr=[*proof.amr, MULTI_FACTOR],
                via=Via.PASSKEY,
                recognised=devices.recognise_client(
                    client, user.pk, device_claims=device_claims, device_cookie=device_cookie
                ),
                device_claims=device_claims,
                page_lifetime=page_lifetime,
            )
            return complete(client, authenticated)
    except errors.FactorInvalid as wrong:
        raise errors.InvalidCredentials(reason="wrong_passkey", subject=wrong.subject) from wrong


@contextmanager
def prove_passkey(client: Client, credential: str, owner: User | None = None) -> Iterator[tuple[User, FactorProof]]:
    """Compare an assertion over a challenge of `start_sign_in_by_passkey`, use the challenge up, and yield the account
    of the passkey, which is that of the `owner` if one is given, and the proof. Enter it outside any transaction.

    Raises:
        CredentialUnknown: no account has the passkey.
        FactorInvalid: the assertion does not prove it.
        Locked: another request uses the challenge.
    """
    try:
        response = parse_response(credential)
        asked = challenges.find_by_nonce(Purpose.PASSKEY_SIGN_IN, response.challenge)
    except (Unverifiable, errors.TokenInvalid, errors.Expired) as wrong:
        raise errors.FactorInvalid from wrong
    passkey = passkeys.find_passkey(response.credential_id)
    if passkey is None:
        raise errors.CredentialUnknown

    def compare(_payload: PasskeySignInPayload, _typed: str) -> FactorProof | None:
        return compare_passkey(client, passkey, response, asked.id) if owner in (None, passkey.user) else None

    try:
        with verify_by_comparison(asked, credential, PasskeySignInPayload, compare, now=client.at) as (proof, _):
            yield passkey.user, proof
    except (errors.WrongSecret, errors.Exhausted, errors.Expired, errors.AlreadyUsed) as wrong:
        raise errors.FactorInvalid(subject=challenges.person_subject(passkey.user_id)) from wrong
