"""TOK-20: a refresh token that is used elsewhere, by another kind of client from another network, is told of."""

import pytest
from time_machine import Traveller

from tests.attacks.allowances import defaults
from tests.world import Api, Http, Inbox, Reply
from vestibule.audit.models import AuditEvent
from vestibule.sessions.models import Session

ADA = "ada@example.com"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
NEWER_FIREFOX = FIREFOX.replace("128", "131")
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1"
HOME, NEXT_DOOR, AWAY, FURTHER = "192.0.2.7", "192.0.2.200", "198.51.100.7", "203.0.113.9"


class Owner:
    """Whoever has the newest refresh token, wherever they are."""

    def __init__(self, api: Api, inbox: Inbox, agent: str = FIREFOX) -> None:
        self.inbox = inbox
        api.account(inbox, ADA)
        signed_in = self._at(HOME, agent).login(ADA)
        self.access, self.refresh = signed_in.body["access"], signed_in.body["refresh"]
        inbox.empty()

    def _at(self, address: str, agent: str) -> Api:
        return Api(Http(REMOTE_ADDR=address, HTTP_USER_AGENT=agent))

    def use(self, address: str, agent: str) -> Reply:
        """Refresh from there."""
        reply = self._at(address, agent).post("token/refresh", {"refresh": self.refresh})
        assert reply.status == 200
        self.refresh = reply.body["refresh"]
        return reply

    @property
    def told(self) -> int:
        """How many mails and rows tell of it: as many of either."""
        rows = AuditEvent.objects.filter(name="session.elsewhere").count()
        assert len([post for post in self.inbox.all(ADA) if "elsewhere" in post.subject]) == rows
        return rows


def test_tok_20_a_refresh_by_another_client_from_another_network_is_told_once_a_place(api: Api, inbox: Inbox) -> None:
    owner = Owner(api, inbox)
    owner.use(AWAY, SAFARI)
    assert owner.told == 1
    for _ in range(3):  # the owner goes on at home, and the thief where they are
        owner.use(HOME, FIREFOX)
        owner.use(AWAY, SAFARI)
    assert owner.told == 1
    owner.use(FURTHER, SAFARI)
    assert owner.told == 2
    row = AuditEvent.objects.filter(name="session.elsewhere").latest("pk")
    assert (row.address, row.agent, row.user_id is not None) == (FURTHER, SAFARI, True)


@pytest.mark.parametrize(
    ("address", "agent"), [(AWAY, FIREFOX), (AWAY, NEWER_FIREFOX), (HOME, SAFARI), (NEXT_DOOR, SAFARI), (HOME, "")]
)
def test_tok_20_nobody_is_told_of_what_happens_every_day(api: Api, inbox: Inbox, address: str, agent: str) -> None:
    owner = Owner(api, inbox)
    owner.use(address, agent)
    assert owner.told == 0


@pytest.mark.parametrize(("agent", "told"), [("Shop/2.1 (Android 15)", 0), ("curl/8.9.1", 1), ("", 1)])
def test_tok_20_a_program_is_told_by_its_name(api: Api, inbox: Inbox, agent: str, told: int) -> None:
    owner = Owner(api, inbox, agent="Shop/2.0 (Android 14)")
    owner.use(AWAY, agent)
    assert owner.told == told


def test_tok_20_its_owner_ends_it(api: Api, inbox: Inbox) -> None:
    owner = Owner(api, inbox)
    stolen = owner.use(AWAY, SAFARI)
    assert api.post("sessions/disown", {"token": inbox.newest(ADA).token}).status == 204
    assert api.send("GET", "me", stolen.body["access"]).status == 401
    assert api.post("token/refresh", {"refresh": owner.refresh}).status == 401


def test_tok_20_where_a_thief_is_becomes_no_known_network(api: Api, inbox: Inbox) -> None:
    """The session stays what it began as, and its owner sees in their history where it was used."""
    owner = Owner(api, inbox)
    owner.use(AWAY, SAFARI)
    session = Session.objects.latest("created_at")
    assert (session.address, session.agent) == (HOME, FIREFOX)
    listed = api.send("GET", "events", owner.access).body["results"]
    assert any(each["name"] == "session.elsewhere" for each in listed), listed
    inbox.empty()
    Api(Http(REMOTE_ADDR=AWAY)).login(ADA)
    assert "New sign-in" in inbox.newest(ADA).subject


def test_tok_20_who_travels_fast_is_told_in_one_mail_an_hour(api: Api, inbox: Inbox, clock: Traveller) -> None:
    """Twenty an hour go at once."""
    owner = Owner(api, inbox)
    with defaults():
        for number in range(25):
            owner.use(f"198.51.{number}.7", SAFARI)
            clock.shift(1)
    assert AuditEvent.objects.filter(name="session.elsewhere").count() == 25
    assert len([post for post in inbox.all(ADA) if "elsewhere" in post.subject]) == 20
