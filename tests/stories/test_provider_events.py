"""What another provider tells of a person's account there (docs/decisions/0133): what it had opened ends at the next
request, and the owner is told; a fresh sign-in there counts again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection

from tests.configured import configured
from tests.event_fakes import GOOGLE_ENDS, RISC, GoogleFake, PushingAppleFake, PushingFake, newcomer
from tests.factors import enrol
from tests.interleaving import interleaved, transaction
from tests.providers import OpenIdFake, Person
from tests.social import coming_from, enter, sign_in
from tests.world import Api, Inbox
from vestibule.accounts.models import User
from vestibule.audit.models import AuditEvent
from vestibule.identities.models import Identity

ADA = "ada@example.com"
FAKES: dict[str, type[PushingFake]] = {"google": GoogleFake, "apple": PushingAppleFake}
ENDS = [*(("google", kind) for kind in GOOGLE_ENDS), ("apple", "consent-revoked")]
NOTHING = [
    ("google", f"{RISC}account-enabled"),
    ("google", f"{RISC}verification"),
    ("google", f"{RISC}account-purged"),
    ("apple", "email-disabled"),
    ("apple", "email-enabled"),
    ("apple", "something-new"),
]


@pytest.fixture
def ada(api: Api, inbox: Inbox) -> str:
    """The access token of a session that no provider opened."""
    return api.account(inbox, ADA)


@pytest.fixture
def fake(request: pytest.FixtureRequest, api: Api, ada: str) -> Iterator[PushingFake]:
    """The provider, linked with the account."""
    made = FAKES[request.param]()
    with coming_from(made, SOCIAL_KEEP_TOKENS=True):
        link = sign_in(api, made).body["link"]
        assert api.send("POST", "me/identities", ada, {"link": link}).status == 201
        yield made


def told(fake: PushingFake, api: Api, kind: str, sub: str | None = None) -> None:
    """The provider tells, and is thanked."""
    answer = fake.push(api, fake.event_token(kind, sub))
    assert (answer.status_code, answer.content) == (200 if fake.ID == "apple" else 202, b"")


@pytest.mark.parametrize(("fake", "kind"), ENDS, indirect=["fake"])
def test_what_it_had_opened_ends_and_a_fresh_sign_in_counts(
    api: Api, fake: PushingFake, ada: str, inbox: Inbox, kind: str
) -> None:
    opened = sign_in(api, fake).body
    told(fake, api, kind)
    assert api.send("GET", "me", opened["access"]).code == "session_revoked"
    assert api.post("token/refresh", {"refresh": opened["refresh"]}).code == "session_revoked"
    assert api.send("GET", "me", ada).status == 200
    assert "provider ended" in inbox.newest(ADA).subject
    assert f"Provider: {fake.ID.title()}" in inbox.newest(ADA).text
    assert Identity.objects.get().sealed_tokens is None
    [event] = AuditEvent.objects.filter(name="provider_event.received")
    assert (event.user_id, event.actor) == (User.objects.get().pk, "system:provider")
    assert sign_in(api, newcomer(fake)).status == 200


@pytest.mark.parametrize("fake", ["google"], indirect=True)
def test_what_was_proved_before_opens_nothing(api: Api, fake: PushingFake) -> None:
    """A code that waits, a ticket for the second factor, an ID token of an app."""
    token, waiting = {"id_token": fake.id_token(nonce="n-1"), "nonce": "n-1"}, enter(api, fake)
    app = enrol(User.objects.get())
    ticket = sign_in(api, fake).body["mfa"]
    told(fake, api, GOOGLE_ENDS[0])
    assert api.post("login/mfa", {"mfa": ticket, "method": "totp", "code": app.code()}).code == "token_expired"
    assert api.post("social/confirm", waiting).code == "invalid_credentials"
    assert api.post("social/google/token", token).code == "invalid_credentials"
    assert sign_in(api, newcomer(fake)).body["mfa_required"]


@pytest.mark.parametrize(
    ("fake", "kind"), [("apple", "account-delete"), ("apple", "account-deleted")], indirect=["fake"]
)
def test_who_has_no_account_there_any_more_is_unlinked(
    api: Api, fake: PushingFake, ada: str, inbox: Inbox, kind: str
) -> None:
    opened = sign_in(api, fake).body["access"]
    told(fake, api, kind)
    assert api.send("GET", "me", opened).code == "session_revoked"
    assert api.send("GET", "me/identities", ada).body == []
    assert "removed" in inbox.newest(ADA).subject
    assert AuditEvent.objects.get(name="identity.unlinked").code == "account_deleted"
    assert sign_in(api, newcomer(fake)).code == "account_exists"


@pytest.mark.parametrize(("fake", "kind"), NOTHING, indirect=["fake"])
def test_other_events_change_nothing(api: Api, fake: PushingFake, inbox: Inbox, kind: str) -> None:
    opened, before = sign_in(api, fake).body["access"], len(inbox.all(ADA))
    told(fake, api, kind)
    assert api.send("GET", "me", opened).status == 200
    assert len(inbox.all(ADA)) == before
    assert Identity.objects.get().revoked_at is None


@pytest.mark.parametrize(("fake", "kind"), [ENDS[0], ENDS[-1], ("apple", "account-delete")], indirect=["fake"])
def test_of_somebody_else_nothing_happens_and_the_answer_is_the_same(api: Api, fake: PushingFake, kind: str) -> None:
    opened = sign_in(api, fake).body["access"]
    told(fake, api, kind, "somebody-else")
    assert api.send("GET", "me", opened).status == 200
    assert not AuditEvent.objects.filter(name="provider_event.received").exists()


@pytest.mark.parametrize(("fake", "kind"), [ENDS[0], ENDS[-1]], indirect=["fake"])
def test_a_token_takes_effect_once(api: Api, fake: PushingFake, kind: str) -> None:
    token = fake.event_token(kind)
    first = fake.push(api, token)
    opened = sign_in(api, newcomer(fake)).body["access"]
    assert fake.push(api, token).status_code == first.status_code
    assert api.send("GET", "me", opened).status == 200


def lose_the_database(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    """Where sessions are ended."""
    if sql.startswith('UPDATE "vestibule_session"'):
        raise OperationalError("the connection was lost")
    return execute(sql, *rest)


@pytest.mark.parametrize("fake", ["google"], indirect=True)
def test_a_token_whose_work_failed_is_not_used_up(api: Api, fake: PushingFake) -> None:
    """The count stands in the transaction of the work: the provider sends it again."""
    opened, token = sign_in(api, fake).body["access"], fake.event_token(GOOGLE_ENDS[0])
    with connection.execute_wrapper(lose_the_database):
        assert fake.push(api, token).status_code == 503
    assert api.send("GET", "me", opened).status == 200
    assert fake.push(api, token).status_code == 202
    assert api.send("GET", "me", opened).code == "session_revoked"


@pytest.mark.django_db(transaction=True)
def test_a_token_that_comes_twice_at_once_takes_effect_once(house: None, inbox: Inbox) -> None:
    api, made = Api(), GoogleFake()
    with coming_from(made):
        assert sign_in(api, made).status == 201
        token, before = made.event_token(GOOGLE_ENDS[0]), len(inbox.all(ADA))
        late, early = interleaved(lambda: made.push(api, token), transaction(after=""), lambda: made.push(Api(), token))
    assert (late.status_code, early.status_code) == (202, 202)
    assert AuditEvent.objects.filter(name="provider_event.received").count() == 1
    assert len(inbox.all(ADA)) == before + 1


@pytest.mark.parametrize("fake", ["apple"], indirect=True)
def test_a_provider_that_vouches_for_nobody_is_no_way_in(api: Api, fake: PushingFake, ada: str) -> None:
    """The owner does not give up the last way in for it, and is back by a fresh consent."""
    with configured(PASSWORDS="optional", MAGIC_LINK=False):
        told(fake, api, "consent-revoked")
        assert api.send("DELETE", "password", ada).code == "last_way_in"
        assert sign_in(api, newcomer(fake)).status == 200
        assert api.send("DELETE", "password", ada).status == 204


def test_who_has_no_other_way_in_is_told_of_it(api: Api) -> None:
    """A fresh sign-in there counts: whoever comes from elsewhere with the address learns that it is the way."""
    apple, acme = PushingAppleFake(), OpenIdFake()
    acme.person = Person(sub="elsewhere")
    with coming_from(apple, acme, MAGIC_LINK=False):
        assert sign_in(api, apple).status == 201
        told(apple, api, "consent-revoked")
        exists = sign_in(api, acme)
    assert (exists.code, exists.body["methods"]) == ("account_exists", ["social"])


def test_where_they_are_not_wanted_there_is_nothing(api: Api) -> None:
    made = GoogleFake()
    with coming_from(made), configured(SOCIAL={"google": {**made.settings(), "events": "off"}}):
        assert made.push(api, made.event_token(GOOGLE_ENDS[0])).status_code == 404
    assert made.push(api, "a token").status_code == 404
