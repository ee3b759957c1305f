"""Sign-up by an identity at another provider: at once if the provider has proved an address, else by our own code."""

from contextlib import suppress

from vestibule.accounts import identifiers, lifecycle
from vestibule.accounts.account_details import AccountDetails
from vestibule.accounts.credentials import digest_credentials
from vestibule.accounts.identifiers import FullName
from vestibule.addresses.address import Email
from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.payloads import SignUpPayload, SocialEmailPayload
from vestibule.challenges.policy import Purpose
from vestibule.flows.completion import Authenticated, SignedIn, Via, complete
from vestibule.flows.flow import flow
from vestibule.flows.sign_up import deferred, steps
from vestibule.flows.sign_up.steps import Registered, Sent
from vestibule.flows.social_arrivals import Arrival
from vestibule.flows.social_visits import saying_link_expired
from vestibule.identities.answers import ProviderAnswer
from vestibule.identities.links import link_identity
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.storage.database import atomic


@flow("social.email")
def submit_email(*, client: Client, registration: str, email: Email) -> Sent:
    """Send a code to the address that a person named whose provider has proved none. The code makes the account, as in
    any sign-up; until then the identity is sealed and has no power. Known addresses get what `registration.start` gives
    them.

    Raises:
        TokenInvalid: `registration` was not issued by this service.
        LinkExpired: it is too old.
        AlreadyUsed: it was used before.
        Locked: another request uses it.
        EmailTaken: an account has the address, and ENUMERATION_PROTECTION is off.
        Unavailable: a store cannot be reached.
    """
    holder = steps.find_holder(email, None)
    with saying_link_expired():
        seen = challenges.find_by_handle(Purpose.SOCIAL_EMAIL, registration)
        with challenges.verify(seen, registration, SocialEmailPayload, now=client.at, matches=lambda *_: True) as proof:
            answer = ProviderAnswer.from_json(proof.payload.answer)
            payload = SignUpPayload(
                channel=email.channel,
                email=email.value,
                phone=None,
                username=None,
                full_name=parse_provider_name(answer),
                password_hash=lifecycle.NO_PASSWORD,
                device=None,
                identity=proof.payload.answer,
            )
            return deferred.send_proof(client, payload, email, holder)


def create_account(client: Client, arrival: Arrival) -> Registered:
    """Create the account of a person whose address the provider has proved, link it, and sign the person in, in one
    transaction. What waits unproved on the address ends, with its password.

    Raises:
        IntegrityError: an account has the address by now.
        IdentityTaken: an account has the identity by now.
        AlreadyUsed: the proof took effect before.
    """
    answer = arrival.answer
    details = AccountDetails(
        password=lifecycle.NO_PASSWORD,
        email=answer.email,
        username=None,
        full_name=parse_provider_name(answer),
        phone_number=None,
        language=client.language,
    )
    with atomic():
        user = lifecycle.activate_user(details, email_verified_at=client.at)
        record_event(
            events.ACCOUNT_REGISTERED,
            client,
            user_id=user.pk,
            subject=answer.email.digest if answer.email else None,
            challenge_id=arrival.proof_id,
            channel=Email.channel,
        )
        identity = link_identity(user, answer, session_id=None, now=client.at)
        record_event(events.IDENTITY_LINKED, client, user_id=user.pk, provider=answer.provider)
        authenticated = Authenticated(
            user=user,
            credentials=digest_credentials(user),
            amr=arrival.amr,
            via=Via.NEW_ACCOUNT,
            device_claims=arrival.device_claims,
            page_lifetime=arrival.page_lifetime,
            identity_id=identity.pk,
        )
        entered = complete(client, authenticated)
        return Registered(user=user, signed_in=entered if isinstance(entered, SignedIn) else None)


def parse_provider_name(answer: ProviderAnswer) -> FullName:
    """Return the name that the provider gave; "" if a person could not have typed it."""
    with suppress(errors.Malformed):
        return identifiers.parse_full_name(answer.name)
    return FullName("")
