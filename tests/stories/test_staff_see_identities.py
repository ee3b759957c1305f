"""What the staff see of a person's identities at other providers, and that an admin takes them off: whose, under which
name, since when and used when; neither the subject nor a token of the provider."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from tests.configured import configured
from tests.desk import ApiDesk, PageDesk, account, given
from tests.providers import OpenIdFake
from tests.social import coming_from, sign_in
from tests.world import Api, Inbox
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.identities.answers import ProviderAnswer
from vestibule.identities.links import link_identity
from vestibule.identities.models import Identity
from vestibule.sessions.models import Session

ADA, BOSS = "ada@example.com", "boss@example.com"


@pytest.fixture
def ada(api: Api, inbox: Inbox) -> Iterator[User]:
    """Who comes from a provider, whose tokens are kept; and the boss, who looks."""
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    fake = OpenIdFake()
    with coming_from(fake, SOCIAL_KEEP_TOKENS=True):
        assert sign_in(api, fake).status == 201
        yield User.objects.get(email=ADA)


def secrets_of(identity: Identity) -> list[str]:
    """What is stored of it, and shown to nobody."""
    return [identity.subject, bytes(identity.sealed_tokens or b"").hex(), "the access token"]


def test_the_api_shows_the_facts(ada: User) -> None:
    shown = ApiDesk(BOSS).get(f"users/{ada.pk}")
    [identity] = shown.body["identities"]
    assert identity.keys() == {"id", "provider", "name", "created_at", "last_used_at"}
    assert (identity["provider"], identity["name"]) == ("acme", ADA)
    assert not [secret for secret in secrets_of(Identity.objects.get()) if secret in shown.text]


def test_the_page_shows_the_facts(ada: User) -> None:
    desk = PageDesk(BOSS)
    shown = desk.http.get(f"/admin/accounts/user/{ada.pk}/").content.decode()
    assert f"<td>Acme</td><td>{ADA}</td>" in shown
    assert not [secret for secret in secrets_of(Identity.objects.get()) if secret in shown]
    with configured(SOCIAL={}):
        assert f"<td>Acme</td><td>{ADA}</td>" in desk.http.get(f"/admin/accounts/user/{ada.pk}/").content.decode()


@pytest.mark.parametrize("desk", [ApiDesk, PageDesk])
def test_an_admin_takes_them_off_with_a_reason_and_the_owner_is_told(
    api: Api, ada: User, inbox: Inbox, desk: type[ApiDesk | PageDesk]
) -> None:
    boss = desk(BOSS)
    with configured(MAGIC_LINK=False):
        refused = boss.act(ada, "unlink-identities")
        assert refused.status == 409, refused.text
    assert Identity.objects.exists()
    assert boss.act(ada, "unlink-identities", reason="").status == 400
    assert Session.objects.filter(user=ada, revoked_at=None).exists()
    assert boss.act(ada, "unlink-identities", reason="Their provider was broken into").status in (200, 303)
    assert not Identity.objects.exists()
    assert not Session.objects.filter(user=ada, revoked_at=None).exists()
    assert "removed" in inbox.newest(ADA).subject
    event = AuditEvent.objects.get(name="identity.unlinked")
    assert (event.user_id, event.by_id) == (ada.pk, User.objects.get(email=BOSS).pk)
    assert event.reason == "Their provider was broken into"
    assert boss.act(ada, "unlink-identities").status == 400


@pytest.mark.parametrize("desk", [ApiDesk, PageDesk])
def test_an_admin_takes_one_off_and_the_other_stays(
    api: Api, ada: User, inbox: Inbox, desk: type[ApiDesk | PageDesk]
) -> None:
    boss, first = desk(BOSS), Identity.objects.get()
    link_identity(ada, ProviderAnswer(provider="github", issuer="g", subject="1"), session_id=None, now=timezone.now())
    first_session = Session.objects.get(user=ada)
    second = Identity.objects.exclude(pk=first.pk).get()
    assert boss.act(ada, "unlink-identities", identity=str(second.pk)).status in (200, 303)
    assert list(Identity.objects.all()) == [first]
    assert not Session.objects.filter(pk=first_session.pk).exclude(revoked_at=None).exists()
    assert boss.act(ada, "unlink-identities", identity=str(second.pk)).status == 400
    assert boss.act(ada, "unlink-identities", identity="x").status in (400, 404)
    assert list(Identity.objects.all()) == [first]
    with configured(MAGIC_LINK=False):
        assert boss.act(ada, "unlink-identities", identity=str(first.pk)).status == 409


def test_the_page_leads_to_one(ada: User) -> None:
    """The form names it, and takes off no other; without one, it names them all."""
    desk, first = PageDesk(BOSS), Identity.objects.get()
    link_identity(ada, ProviderAnswer(provider="github", issuer="g", subject="1"), session_id=None, now=timezone.now())
    person = f"/admin/accounts/user/{ada.pk}/"
    path = f"{person}unlink-identities/?identity={first.pk}"
    assert f'href="{path}"' in desk.http.get(person).content.decode()
    form = desk.http.get(path).content.decode()
    assert f'name="identity" value="{first.pk}"' in form
    assert ("Acme: " in form, "GitHub: " in form) == (True, False)
    every = desk.http.get(f"{person}unlink-identities/").content.decode()
    assert 'name="identity" value=""' in every
    assert ("Acme: " in every, "GitHub: " in every) == (True, True)


def test_the_page_says_what_a_provider_has_taken_back(ada: User) -> None:
    person, desk = f"/admin/accounts/user/{ada.pk}/", PageDesk(BOSS)
    assert "taken back by the provider" not in desk.http.get(person).content.decode()
    Identity.objects.update(revoked_at=timezone.now())
    assert "taken back by the provider" in desk.http.get(person).content.decode()
