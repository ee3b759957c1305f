"""Identities: a pair of issuer and subject belongs to one account, whatever else a provider says of it."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections
from django.utils import timezone

from tests.configured import configured
from tests.world import Api, Inbox
from vestibule.accounts.models import User
from vestibule.addresses.address import Email
from vestibule.identities import links
from vestibule.identities.answers import IdentityTaken, ProviderAnswer
from vestibule.identities.models import Identity
from vestibule.kernel.sealing import Unsealable
from vestibule.storage.database import atomic

ADA = "ada@example.com"
ANSWER = ProviderAnswer(provider="google", issuer="https://accounts.google.com", subject="1", email=Email(ADA))


@pytest.fixture
def ada(api: Api, inbox: Inbox) -> User:
    """An account."""
    api.account(inbox, ADA)
    return User.objects.get(email=ADA)


def test_fed_02_only_the_pair_finds_an_account(ada: User) -> None:
    made = links.link_identity(ada, ANSWER, session_id=None, now=timezone.now())
    found = links.find_identity(ANSWER.issuer, ANSWER.subject)
    assert found == made
    assert found.user == ada
    assert found.name == ADA
    assert links.find_identity("https://appleid.apple.com", ANSWER.subject) is None
    assert links.find_identity(ANSWER.issuer, "2") is None
    assert links.find_identity(ANSWER.issuer, "") is None


def test_a_pair_is_linked_once_and_the_transaction_goes_on(ada: User) -> None:
    links.link_identity(ada, ANSWER, session_id=None, now=timezone.now())
    with atomic():
        with pytest.raises(IdentityTaken):
            links.link_identity(ada, ANSWER, session_id=None, now=timezone.now())
        assert links.list_identities(ada).count() == 1


def test_an_identity_that_was_unlinked_signs_nobody_in(ada: User) -> None:
    now = timezone.now()
    seen = links.link_identity(ada, ANSWER, session_id=None, now=now)
    assert links.record_use(seen, ANSWER, now + timedelta(minutes=1))
    assert Identity.objects.get().last_used_at == now + timedelta(minutes=1)
    again = Identity.objects.get()
    assert links.unlink_identity(seen)
    assert not links.unlink_identity(again)
    assert not links.revoke_identity(again, now)
    assert not links.record_use(seen, ANSWER, now)


def test_what_was_linked_lately_is_taken_off(ada: User) -> None:
    now = timezone.now()
    links.link_identity(ada, ANSWER, session_id=None, now=now - timedelta(days=4))
    late = ProviderAnswer(provider="github", issuer="https://github.com", subject="1")
    links.link_identity(ada, late, session_id=None, now=now)
    assert links.delete_disowned_identities(ada, linked_since=now - timedelta(days=3), linked_by=[], ids=[]) == [
        "github"
    ]
    assert [each.provider for each in links.list_identities(ada)] == ["google"]


def test_fed_12_tokens_are_kept_only_where_that_is_set_and_sealed_in_their_row(ada: User) -> None:
    now, told = (
        timezone.now(),
        ProviderAnswer(provider="google", issuer=ANSWER.issuer, subject="1", tokens={"refresh_token": "the token"}),
    )
    plain = links.link_identity(ada, told, session_id=None, now=now)
    assert plain.sealed_tokens is None
    assert links.open_tokens(plain) == {}
    with configured(SOCIAL_KEEP_TOKENS=True):
        assert links.record_use(plain, told, now)
        kept = Identity.objects.get()
        assert b"the token" not in bytes(kept.sealed_tokens or b"")
        assert links.open_tokens(kept) == {"refresh_token": "the token"}
        kept.pk = ada.pk
        with pytest.raises(Unsealable):
            links.open_tokens(kept)


@pytest.mark.django_db(transaction=True)
def test_fed_08_of_many_links_at_once_one_is_made(ada: User) -> None:
    barrier, made = Barrier(4), []

    def link() -> None:
        barrier.wait()
        try:
            made.append(links.link_identity(ada, ANSWER, session_id=None, now=timezone.now()))
        except IdentityTaken:
            pass
        finally:
            connections.close_all()

    threads = [Thread(target=link) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(made) == Identity.objects.count() == 1
