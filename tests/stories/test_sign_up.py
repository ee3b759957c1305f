"""A person signs up by a code: told through the API and the pages alike."""

import pytest

from tests.configured import configured
from tests.world import PASSWORD, Api, Door, Inbox
from vestibule.accounts.models import Profile, Status, User
from vestibule.audit.models import AuditEvent
from vestibule.limits.models import Tally

ADA = "ada@example.com"


def wrong(code: str) -> str:
    """Another code than this one."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.mark.usefixtures("product_hashes")
def test_a_person_signs_up(door: Door, inbox: Inbox) -> None:
    started = door.start(email=" Ada@Example.COM ", password=PASSWORD, username="ada")
    assert started.status in (200, 202)
    assert not User.objects.exists()  # no user row until the address is proved
    confirmed = door.confirm(started.registration, inbox.newest(ADA).code)
    assert confirmed.status in (201, 303)
    user = User.objects.get()
    assert (user.email, user.username, user.status, user.role) == (ADA, "ada", Status.ACTIVE, "user")
    assert user.email_verified_at is not None
    assert user.check_password(PASSWORD)
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert Profile.objects.filter(user=user).exists()
    assert AuditEvent.objects.filter(name="account.registered", user_id=user.id).count() == 1


def test_a_known_address_gets_the_same_answer_and_its_owner_a_notice(door: Door, inbox: Inbox) -> None:
    registration = door.start(email=ADA, password=PASSWORD).registration
    door.confirm(registration, inbox.newest(ADA).code)
    before = User.objects.get().password
    known = door.start(email="ADA@example.com", password="another password entirely")
    fresh = door.start(email="new@example.com", password="another password entirely")
    assert known.status == fresh.status
    assert known.headers.keys() == fresh.headers.keys()
    assert {k: v for k, v in known.body.items() if k != "registration"} == {
        k: v for k, v in fresh.body.items() if k != "registration"
    }
    assert len(known.registration) == len(fresh.registration)
    notice = inbox.newest(ADA)
    assert "already" in notice.subject.lower()
    with pytest.raises(AssertionError, match="no code"):
        _ = notice.code
    assert door.confirm(known.registration, "123456").code == door.confirm(fresh.registration, "123456").code
    assert User.objects.get().password == before


def test_a_username_taken_meanwhile_leaves_the_code_good(door: Door, inbox: Inbox) -> None:
    slow = door.start(email="slow@example.com", password=PASSWORD, username="Handle")
    quick = door.start(email="quick@example.com", password=PASSWORD, username="handle")
    door.confirm(quick.registration, inbox.newest("quick@example.com").code)
    code = inbox.newest("slow@example.com").code
    taken = door.confirm(slow.registration, code)
    assert (taken.status, taken.code) == (409, "username_taken")
    assert door.start(email="third@example.com", password=PASSWORD, username="HANDLE").code == "username_taken"
    assert door.confirm(slow.registration, code, username="other").status in (201, 303)
    assert User.objects.get(email="slow@example.com").username == "other"


def test_sign_up_by_sms(door: Door, inbox: Inbox) -> None:
    number = "+14155550100"
    started = door.start(phone_number="+1 (415) 555-0100", password=PASSWORD, channel="sms")
    text = inbox.newest(number).text
    assert text.splitlines()[-1] == f"@testserver #{inbox.newest(number).code}"
    assert door.confirm(started.registration, inbox.newest(number).code).status in (201, 303)
    user = User.objects.get()
    assert (user.phone_number, user.email) == (number, None)
    assert user.phone_verified_at is not None
    known = door.start(phone_number=number, password=PASSWORD, channel="sms")
    assert known.status == started.status
    assert "already" in inbox.newest(number).text


@pytest.mark.parametrize(
    ("typed", "field", "code"),
    [
        ({"email": "no address"}, "email", "invalid"),
        ({"email": "m\u0131ke@example.org"}, "email", "invalid"),
        ({"email": "a@evil.example, b@example.com"}, "email", "invalid"),
        ({"email": '"a@evil"@example.com'}, "email", "invalid"),
        ({"email": "a@[127.0.0.1]"}, "email", "invalid"),
        ({"email": ""}, "email", "required"),
        ({"password": "short"}, "password", "password_too_short"),
        ({"password": "password1234"}, "password", "password_too_common"),
        ({"password": "ada@example.com"}, "password", "password_too_similar"),
        ({"password": "x" * 1025}, "password", "password_too_long"),
        ({"password": ""}, "password", "required"),
        ({"username": "a"}, "username", "invalid"),
        ({"username": "ad\u0430"}, "username", "invalid"),
        ({"full_name": "Ada\r\nBcc: evil@example.com"}, "full_name", "invalid"),
        ({"full_name": "a" * 151}, "full_name", "max_length"),
        ({"phone_number": "12345"}, "phone_number", "invalid"),
        ({"confirm_password": "something else"}, "confirm_password", "password_mismatch"),
        ({"channel": "pigeon"}, "channel", "invalid_choice"),
    ],
)
def test_what_is_wrong_is_said_by_the_field(
    api: Api, inbox: Inbox, typed: dict[str, str], field: str, code: str
) -> None:
    reply = api.start(**{"email": ADA, "password": PASSWORD, **typed})
    assert reply.status == 400
    assert code in reply.body["codes"][field]
    assert inbox.all() == []


def test_fifteen_emoji_are_fifteen_characters(api: Api, inbox: Inbox) -> None:
    password = "🦉🐎🔋📎🦉🐎🔋📎🦉🐎🔋📎🦉🐎🔋"
    registration = api.start(email=ADA, password=password).registration
    assert api.confirm(registration, inbox.newest(ADA).code).status == 201


def test_the_session_that_confirm_opens(api: Api, inbox: Inbox) -> None:
    registration = api.start(email=ADA, password=PASSWORD).registration
    body = api.confirm(registration, inbox.newest(ADA).code, email="ADA@example.com").body
    assert body["id"] == body["user"]["id"]
    assert body["email"] == ADA
    assert body["expires_in"] == 600
    assert body["user"]["email_verified"] is True
    assert len(body["refresh"]) == 43
    assert "password" not in str(body["user"])


def test_an_email_sent_along_must_be_the_signed_one(api: Api, inbox: Inbox) -> None:
    registration = api.start(email=ADA, password=PASSWORD).registration
    code = inbox.newest(ADA).code
    for _ in range(6):  # costs no try
        assert api.confirm(registration, code, email="eve@example.com").body["codes"] == {"email": ["mismatch"]}
    assert api.confirm(registration, code, email=ADA).status == 201


def test_protection_off_says_that_an_address_is_taken(api: Api, inbox: Inbox) -> None:
    registration = api.start(email=ADA, password=PASSWORD).registration
    api.confirm(registration, inbox.newest(ADA).code)
    with configured(ENUMERATION_PROTECTION=False):
        assert (reply := api.start(email=ADA, password=PASSWORD)).status == 409
        assert reply.code == "email_taken"


def test_required_fields_are_what_the_operator_says(api: Api) -> None:
    with configured(SIGNUP_FIELDS=["username", "full_name"]):
        codes = api.start(email=ADA, password=PASSWORD).body["codes"]
    assert codes == {"username": ["required"], "full_name": ["required"]}


def test_nobody_gives_themselves_power(api: Api, inbox: Inbox) -> None:
    more = {"role": "admin", "status": "active", "is_staff": "true", "id": "1", "email_verified_at": "2020-01-01"}
    registration = api.start(email=ADA, password=PASSWORD, **more).registration
    api.confirm(registration, inbox.newest(ADA).code, **{**more, "is_superuser": "true"})
    user = User.objects.get()
    assert user.role == "user"
    assert str(user.id) != "1"


def test_a_row_that_waits_on_the_address_is_taken_over(api: Api, inbox: Inbox) -> None:
    """By a sign-up that began without one, and looks for it when it is in the way: as any other it is one account."""
    registration = api.start(email=ADA, password=PASSWORD).registration
    code = inbox.newest(ADA).code
    api.register(email=ADA, username="eve", password="the password of somebody else")
    waiting = User.objects.get(status=Status.PENDING)
    assert api.confirm(registration, code).status == 201
    user = User.objects.select_related("profile").get()
    assert (user.pk, user.status, user.username) == (waiting.pk, Status.ACTIVE, None)
    assert user.check_password(PASSWORD)
    assert AuditEvent.objects.filter(name="account.registered", user_id=user.pk).count() == 1
    assert [(tally.moments, tally.streak) for tally in Tally.objects.filter(scope="codes")] == [([], 0)]
