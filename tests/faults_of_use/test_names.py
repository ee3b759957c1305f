"""FAULTS 46: a name, an address or a number is read alike at every door, and counted as one (BF-07)."""

import pytest

from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts import directory
from vestibule.accounts.identifiers import LoginName
from vestibule.accounts.models import User
from vestibule.addresses import parsing
from vestibule.kernel.errors import Malformed
from vestibule.limits.models import Tally

ADA, NUMBER = "ada@example.com", "+14155550100"
NUMBERS = [
    *("\u202a+14155550100\u202c", "\u200e+1 415 555 0100", "＋1 415 555 0100", "tel:+14155550100", "(+1) 415 555-0100"),
    *(
        "+1 (415) 555-0100",
        " +1.415.555.0100\n",
        "+١٤١٥٥٥٥٠١٠٠",
        "\u2066+1\u200b415\u00ad5550100\u2069",
        "\ufeff+14155550100",
    ),
]
ADDRESSES = [
    ADA,
    "ADA@EXAMPLE.COM",
    " Ada@Example.Com\t",
    "\u200bada@example.com",
    "ada@example.com\u200f",
    "\ufeffada@EXAMPLE.com",
]
HANDLES = ["Ada_L", "ada_l", "ADA_L ", "\u200bada_l", "ada_L\u200e"]


@pytest.fixture
def ada(api: Api, inbox: Inbox) -> str:
    access = api.account(inbox, ADA)
    api.send("PATCH", "me", access, {"username": "Ada_L"})
    api.send("POST", "phone/change", access, {"phone_number": NUMBER, "password": PASSWORD})
    assert api.send("POST", "phone/change/confirm", access, {"otp": inbox.newest(NUMBER).code}).status == 200
    return access


def test_fault_46_one_reading_at_every_door(api: Api, ada: str, subtests: pytest.Subtests) -> None:
    for typed in (*NUMBERS, *ADDRESSES, *HANDLES):
        with subtests.test(typed=typed):
            kind = "email" if "@" in typed else "username" if "_" in typed else "phone_number"
            assert api.post("login", {kind: typed, "password": PASSWORD}).status == 200
            assert Http().post("/login/", {"name": typed, "password": PASSWORD}).status_code == 303
            assert [user.email for user in directory.search_users(typed, User.objects.all())] == [ADA]


@pytest.mark.parametrize("typed", [*NUMBERS, *ADDRESSES], ids=ascii)
def test_fault_46_a_reset_reads_it_too(api: Api, inbox: Inbox, ada: str, typed: str) -> None:
    kind, to = ("email", ADA) if "@" in typed else ("phone_number", NUMBER)
    inbox.all()
    inbox.empty()
    assert api.post("password/reset", {kind: typed}).status == 202
    code = inbox.newest(to).code
    new = {"password": "another password entirely", "otp": code}
    assert api.post("password/reset/confirm", {kind: typed, **new}).status == 204


def test_fault_46_what_is_no_address_at_sign_up_is_none_at_sign_in() -> None:
    """INP-04: an at sign of another width is not folded, anywhere."""
    name = LoginName.parse_any("ada＠example.com")
    assert (name.kind, name.is_malformed) == ("email", True)
    with pytest.raises(Malformed):
        parsing.parse_email("ada＠example.com")


@pytest.mark.parametrize("spellings", [NUMBERS, ADDRESSES, HANDLES], ids=["numbers", "addresses", "usernames"])
@pytest.mark.parametrize("somebodys", [True, False])
def test_bf_07_all_spellings_are_one_count(
    api: Api, inbox: Inbox, request: pytest.FixtureRequest, spellings: list[str], somebodys: bool
) -> None:
    """By API and page, of an account and of nobody alike: the sixth wrong password waits, however the name is spelt."""
    if somebodys:
        request.getfixturevalue("ada")
    else:
        User.objects.all().delete()
    Tally.objects.all().delete()
    kind = "email" if "@" in spellings[0] else "username" if "_" in spellings[0] else "phone_number"
    told = []
    for number in range(6):
        typed = spellings[number % len(spellings)]
        if number % 2:
            told.append(Http(REMOTE_ADDR="192.0.2.7").post("/login/", {"name": typed, "password": "wrong"}).status_code)
        else:
            other = Api(Http(REMOTE_ADDR="192.0.2.8"))
            told.append(other.post("login", {kind: typed, "password": "wrong"}).status)
    assert told == [401] * 5 + [429]


@pytest.mark.parametrize("path", ["password/reset", "verify-email/resend"])
def test_bf_07_all_spellings_of_an_address_are_one_subject(api: Api, inbox: Inbox, path: str) -> None:
    """What is counted and recorded of an address is the digest of its one spelling."""
    answers = {(reply := api.post(path, {"email": typed})).status: reply.text for typed in ADDRESSES}
    assert list(answers) == [202]
    assert len({parsing.parse_email(typed).digest for typed in ADDRESSES}) == 1
