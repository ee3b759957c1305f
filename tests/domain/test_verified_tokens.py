"""A token that comes again: its signature is verified once, everything that can end it is asked each time."""

from datetime import timedelta

import pytest
from time_machine import travel

from tests.configured import configured
from tests.contracts.stores import NOW
from tests.world import Api, Inbox
from vestibule.accounts.models import Status, User
from vestibule.kernel.client import Client
from vestibule.kernel.errors import CredentialExpired, CredentialInvalid
from vestibule.sessions import access_tokens, registry, signing_keys
from vestibule.sessions.access_tokens import LEEWAY, verify_token

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def token() -> str:
    """Verified before."""
    ada = User.objects.create(email="ada@example.com", status=Status.ACTIVE, email_verified_at=NOW)
    session = registry.create_session(Client(at=NOW, ip_address="192.0.2.1"), ada, amr=["pwd"])
    token = access_tokens.issue_token(session, NOW)
    with travel(NOW, tick=False):
        assert verify_token(token, NOW)["sid"] == str(session.pk)
    return token


def test_its_signature_is_verified_once(token: str) -> None:
    before = access_tokens._decode_token.cache_info()
    assert verify_token(token, NOW) == verify_token(token, NOW)
    after = access_tokens._decode_token.cache_info()
    assert (after.hits - before.hits, after.misses - before.misses) == (2, 0)


def test_one_letter_more_is_another_token(token: str) -> None:
    header, claims, signature = token.split(".")
    for other in (f"{token}=", f"{token}A", f"{header}.{claims}.{signature[:-2]}AA", f"{header}.{claims}."):
        with travel(NOW, tick=False), pytest.raises(CredentialInvalid):
            verify_token(other, NOW)


def test_it_expires_to_the_second_also_where_it_was_verified_before(token: str) -> None:
    end = NOW + timedelta(seconds=access_tokens.lifetime_seconds()) + LEEWAY
    assert verify_token(token, end - timedelta(seconds=1))
    with pytest.raises(CredentialExpired):
        verify_token(token, end)


def test_it_ends_with_the_key_that_signed_it(token: str) -> None:
    signing_keys.replace_all_keys(NOW)
    signing_keys.forget_signing_keys()
    with pytest.raises(CredentialInvalid):
        verify_token(token, NOW)


@pytest.mark.parametrize(
    "changed", [{"JWT_ISSUER": "https://other.example"}, {"JWT_AUDIENCE": "other"}, {"JWT_ACCESS_TTL": LEEWAY}]
)
def test_it_is_measured_by_the_settings_of_now(token: str, changed: dict[str, str | timedelta]) -> None:
    with configured(**changed), travel(NOW, tick=False), pytest.raises(CredentialInvalid):
        verify_token(token, NOW)
    assert verify_token(token, NOW)


def test_nobody_writes_into_the_claims_that_others_read(token: str) -> None:
    with pytest.raises(TypeError):
        verify_token(token, NOW)["role"] = "admin"  # type: ignore[index]


def test_more_than_so_many_are_not_remembered() -> None:
    assert access_tokens._decode_token.cache_info().maxsize == access_tokens.MAX_VERIFIED_TOKENS == 1024


def test_its_session_is_read_each_time(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, "ada@example.com")
    assert api.send("GET", "me", access).status == 200
    assert api.send("POST", "token/verify", body={"token": access}).status == 200
    assert api.send("POST", "logout", access).status == 204
    for refused in (api.send("GET", "me", access), api.send("POST", "token/verify", body={"token": access})):
        assert (refused.status, refused.code) == (401, "session_revoked")
