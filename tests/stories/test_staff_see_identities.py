"""What the staff see of a person's identities at other providers, and that an admin takes them off: whose, under which
name, since when and used when; neither the subject nor a token of the provider."""

from collections.abc import Iterator

import pytest

from tests.configured import configured
from tests.desk import ApiDesk, PageDesk, account, given
from tests.providers import OpenIdFake
from tests.social import coming_from, sign_in
from tests.world import Api, Inbox
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
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
    assert identity.keys() == {"provider", "name", "created_at", "last_used_at"}
    assert (identity["provider"], identity["name"]) == ("acme", ADA)
    assert not [secret for secret in secrets_of(Identity.objects.get()) if secret in shown.text]


def test_the_page_shows_the_facts(ada: User) -> None:
    desk = PageDesk(BOSS)
    shown = desk.http.get(f"/admin/accounts/user/{ada.pk}/").content.decode()
    assert f"<td>Acme</td><td>{ADA}</td>" in shown
    assert not [secret for secret in secrets_of(Identity.objects.get()) if secret in shown]
    with configured(SOCIAL={}):
        assert f"<td>acme</td><td>{ADA}</td>" in desk.http.get(f"/admin/accounts/user/{ada.pk}/").content.decode()


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
