"""Registration with a PENDING user: link or code, this browser or the password; elsewhere instead; and "not me"."""

import pytest
from time_machine import travel

from tests.configured import configured
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts.models import Profile, Status, User
from vestibule.audit.models import AuditEvent
from vestibule.sessions.models import Device, Session

JOHN, NUMBER = "john@example.com", "+14155550100"
# The contract's own example, as it stands.
EXAMPLE = {
    "username": "john_doe",
    "email": JOHN,
    "password": "SecurePass123!",
    "password2": "SecurePass123!",
    "role": "user",
    "phone_number": NUMBER,
    "device": {
        "fingerprint_hash": "abc123xyz456",
        "device_name": "iPhone 14",
        "device_type": "mobile",
        "browser": "Safari",
        "os": "iOS",
    },
}


def verify(api: Api, **body: str) -> Reply:
    return api.post("verify-email", body)


def status(api: Api, registration: str) -> str:
    return str(api.post("register/status", {"registration": registration}).body["status"])


def test_the_example_of_the_contract(api: Api, inbox: Inbox) -> None:
    registered = api.register(**EXAMPLE)
    assert registered.status == 201
    handle = registered.body.pop("registration")
    assert registered.body == {
        "status": "success",
        "message": "Registration successful. Please check your email to verify your account.",
        "user": {
            "username": "john_doe",
            "email": JOHN,
            "role": "user",
            "status": "pending",
            "email_verified": False,
        },
        "channel": "email",
        "expires_in": 21600,
        "code_expires_in": 600,
        "resend_in": 60,
        "resends_left": 5,
        "attempts_left": 5,
    }
    row = User.objects.get()
    assert (row.status, row.email_verified_at, Profile.objects.get().pk) == (Status.PENDING, None, row.pk)
    assert status(api, handle) == "waiting"
    verified = verify(api, token=inbox.newest(JOHN).token, registration=handle)
    assert verified.status == 200
    assert (verified.body["status"], verified.body["user"]["status"]) == ("success", "active")
    assert verified.body["user"]["email_verified"] is True
    user = User.objects.get()
    assert (user.pk, user.username, user.phone_number, user.phone_verified_at) == (row.pk, "john_doe", NUMBER, None)
    assert user.check_password("SecurePass123!")
    assert status(api, handle) == "verified"
    assert not Session.objects.exists()  # a proof is no sign-in
    device = Device.objects.get(user=user)
    assert (device.name, device.type, device.browser, device.os) == ("iPhone 14", "mobile", "Safari", "iOS")
    assert not device.is_trusted
    assert b"abc123xyz456" not in bytes(device.fingerprint or b"")
    assert AuditEvent.objects.filter(name="account.registered", user_id=user.pk).count() == 1


def test_a_wrong_password_beside_the_link_is_counted(api: Api, inbox: Inbox) -> None:
    api.register(email=JOHN, password=PASSWORD)
    token = inbox.newest(JOHN).token
    for left in (4, 3, 2, 1):
        reply = verify(api, token=token, password="not the right one at all")
        assert (reply.status, reply.code, reply.body["attempts_left"]) == (401, "invalid_credentials", left)
    assert verify(api, token=token, password="x").code == "otp_exhausted"
    assert verify(api, token=token, password=PASSWORD).code == "otp_exhausted"


def test_a_registration_of_another_sign_up_binds_nothing(api: Api, inbox: Inbox) -> None:
    api.register(email=JOHN, password="the password of a stranger")
    token = inbox.newest(JOHN).token
    mine = api.register(email="ada@example.com", password=PASSWORD).registration
    deferred = api.start(email=JOHN, password=PASSWORD).registration
    for handle in (mine, deferred, "rubbish", token):
        reply = verify(api, token=token, registration=handle)
        assert (reply.status, reply.code) == (403, "password_required")
    assert User.objects.get(email=JOHN).status == Status.PENDING


def test_without_binding_the_link_alone_does(api: Api, inbox: Inbox) -> None:
    api.register(email=JOHN, password=PASSWORD)
    with configured(LINK_BINDING=False):
        assert verify(api, token=inbox.newest(JOHN).token).status == 200


def test_code_and_link_expire_each_in_its_time(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        registration = api.register(email=JOHN, password=PASSWORD).registration
        mail = inbox.newest(JOHN)
        clock.shift(601)
        late = verify(api, email=JOHN, otp=mail.code, registration=registration)
        assert (late.status, late.code) == (410, "otp_expired")
        progress = api.post("register/status", {"registration": registration}).body
        assert (progress["code_expires_in"], progress["expires_in"]) == (0, 21600 - 601)
        clock.shift(21600 - 602)
        assert verify(api, token=mail.token, registration=registration).status == 200
        other = api.register(email="ada@example.com", password=PASSWORD).registration
        token = inbox.newest("ada@example.com").token
        clock.shift(21600)
        reply = verify(api, token=token, registration=other)
        assert (reply.status, reply.code) == (410, "token_expired")
        assert status(api, other) == "expired"


@pytest.mark.parametrize("token", ["", "x", "rubbish.rubbish", "A" * 107, "s" * 43])
def test_what_is_no_token_is_refused(api: Api, token: str) -> None:
    reply = verify(api, token=token, password=PASSWORD)
    assert (reply.status, reply.code) in {(400, "token_invalid"), (400, "invalid")}
    assert api.post("verify-email/reject", {"token": token}).status == 400


def test_this_was_not_me(api: Api, inbox: Inbox) -> None:
    registration = api.register(email=JOHN, password="the password of a stranger").registration
    token = inbox.newest(JOHN).token
    assert api.post("verify-email/reject", {"token": token}).status == 204
    assert not User.objects.exists()
    assert status(api, registration) == "expired"
    assert verify(api, token=token, registration=registration).code == "token_used"
    assert api.post("verify-email/reject", {"token": token}).code == "token_used"
    mine = api.register(email=JOHN, password=PASSWORD).registration
    assert verify(api, token=inbox.newest(JOHN).token, registration=mine).status == 200


def test_resend_by_address_says_always_the_same(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        registration = api.register(email=JOHN, password=PASSWORD).registration
        first = inbox.newest(JOHN)
        verify(api, token=first.token, registration="")
        replies = []
        for wait in (1, 60):
            clock.shift(wait)
            replies += [api.post("verify-email/resend", {"email": each}) for each in (JOHN, "nobody@example.com")]
        assert len(inbox.all(JOHN)) == 2  # once inside the cooldown, once after it
        assert inbox.all("nobody@example.com") == []
        assert verify(api, token=first.token, registration=registration).code == "token_invalid"  # a newer one is out
        assert verify(api, token=inbox.newest(JOHN).token, registration=registration).status == 200
        clock.shift(3600)
        replies.append(api.post("verify-email/resend", {"email": JOHN}))
        assert len(inbox.all(JOHN)) == 2  # whoever is verified gets none
        assert len({(reply.status, reply.text) for reply in replies}) == 1
        assert replies[0].status == 202


def test_resend_by_the_registration_has_its_manners(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        registration = api.register(email=JOHN, password=PASSWORD).registration
        assert api.resend(registration).code == "cooldown"
        clock.shift(60)
        again = api.resend(registration).body
        assert (again["resends_left"], again["resend_in"], again["expires_in"]) == (4, 120, 21600)
        assert (again["code_expires_in"], again["attempts_left"]) == (600, 5)


def test_a_code_with_a_password_says_nothing_of_the_address(api: Api, inbox: Inbox) -> None:
    """ENUM-06: an address that waits, one that has an account and one that nobody has answer alike."""
    api.register(email=JOHN, password=PASSWORD)
    known = api.start(email="ada@example.com", password=PASSWORD).registration
    api.confirm(known, inbox.newest("ada@example.com").code)
    wanted: list[tuple[str, int | None]] = [
        ("otp_invalid", 4),
        ("otp_invalid", 3),
        ("otp_invalid", 2),
        ("otp_invalid", 1),
    ]
    wanted += [("otp_exhausted", None)] * 2
    for email in (JOHN, "ada@example.com", "nobody@example.com"):
        replies = [verify(api, email=email, otp="123456", password="not the right one at all") for _ in range(6)]
        assert [(reply.code, reply.body.get("attempts_left")) for reply in replies] == wanted
    assert verify(api, email=JOHN, otp=inbox.newest(JOHN).code, password=PASSWORD).status == 200  # the owner gets in


def test_the_password_finds_the_sign_up_among_several(api: Api, inbox: Inbox) -> None:
    api.register(email=JOHN, password=PASSWORD, username="first")
    mine = inbox.newest(JOHN).code
    api.register(email=JOHN, password="the password of somebody else", username="second")
    theirs = inbox.newest(JOHN).code
    if mine != theirs:
        assert verify(api, email=JOHN, otp=theirs, password=PASSWORD).code == "otp_invalid"
    assert verify(api, email=JOHN, otp=mine, password=PASSWORD).status == 200
    assert User.objects.get().username == "first"


def test_a_known_address_gets_the_same_answer_and_its_owner_a_notice(api: Api, inbox: Inbox) -> None:
    owner = api.register(email=JOHN, password=PASSWORD).registration
    verify(api, token=inbox.newest(JOHN).token, registration=owner)
    before = User.objects.values().get()
    known = api.register(email=JOHN, password="another password entirely", username="somebody")
    fresh = api.register(email="new@example.com", password="another password entirely", username="somebody")
    assert (known.status, known.headers.keys()) == (fresh.status, fresh.headers.keys())
    assert known.body.keys() == fresh.body.keys()
    assert known.body["user"] == {**fresh.body["user"], "email": JOHN}
    assert len(known.registration) == len(fresh.registration)
    assert "already" in inbox.newest(JOHN).subject
    assert status(api, known.registration) == status(api, fresh.registration) == "waiting"
    for reply in (known, fresh):
        assert api.post("register/redirect", {"registration": reply.registration}).body["codes"] == {
            "phone_number": ["required"]
        }
    assert User.objects.values().get(email=JOHN) == before


def test_protection_off_tells_the_id_and_what_is_taken(api: Api, inbox: Inbox) -> None:
    with configured(ENUMERATION_PROTECTION=False):
        registered = api.register(email=JOHN, password=PASSWORD)
        assert registered.body["user"]["id"] == str(User.objects.get().pk)
        again = api.register(email=JOHN, password="another password entirely")
        assert again.body["user"]["id"] == str(User.objects.get().pk)  # what waits is not taken
        verify(api, token=inbox.newest(JOHN).token, registration=again.registration)
        assert (reply := api.register(email=JOHN, password=PASSWORD)).status == 409
        assert reply.code == "email_taken"


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"role": "admin"}, "role", "invalid_choice"),
        ({"role": "manager"}, "role", "invalid_choice"),
        ({"role": ""}, "role", "invalid_choice"),
        ({"role": ["user"]}, "role", "invalid"),
        ({"password2": "something else"}, "confirm_password", "password_mismatch"),
        ({"device": "iPhone"}, "device", "invalid"),
        ({"device": {"fingerprint_hash": 7}}, "device", "invalid"),
        ({"email": "nobody"}, "email", "invalid"),
        ({"email": "john@ex\u0131mple.com, x@example.com"}, "email", "invalid"),
        ({"phone_number": "12"}, "phone_number", "invalid"),
    ],
)
def test_what_is_wrong_is_said_by_the_field(api: Api, change: dict[str, object], field: str, code: str) -> None:
    reply = api.register(**{**EXAMPLE, **change})
    assert reply.status == 400
    assert code in reply.body["codes"][field]
    assert not User.objects.exists()


def test_a_device_is_required_where_the_operator_says(api: Api) -> None:
    with configured(SIGNUP_FIELDS=["device"]):
        assert api.register(email=JOHN, password=PASSWORD).body["codes"] == {"device": ["required"]}
        assert api.register(**EXAMPLE).status == 201


def test_a_username_taken_meanwhile_leaves_the_proof_good(api: Api, inbox: Inbox) -> None:
    mine = api.register(email=JOHN, password=PASSWORD, username="handle").registration
    token = inbox.newest(JOHN).token
    other = api.start(email="ada@example.com", password=PASSWORD, username="Handle").registration
    api.confirm(other, inbox.newest("ada@example.com").code)
    taken = verify(api, token=token, registration=mine)
    assert (taken.status, taken.code) == (409, "username_taken")
    assert api.register(email="bob@example.com", password=PASSWORD, username="HANDLE").code == "username_taken"
    assert verify(api, token=token, registration=mine, username="other").body["user"]["username"] == "other"


def test_a_mistyped_address_is_corrected_without_starting_again(api: Api, inbox: Inbox) -> None:
    wrong = api.register(email="jonh@example.com", password=PASSWORD, username="john").registration
    old = inbox.newest("jonh@example.com")
    reply = api.post("register/redirect", {"registration": wrong, "email": JOHN})
    assert (reply.status, reply.body["channel"]) == (202, "email")
    assert status(api, wrong) == "expired"
    assert verify(api, token=old.token, registration=wrong).code == "token_used"
    same = api.post("register/redirect", {"registration": reply.registration, "email": JOHN})
    assert same.body["codes"] == {"email": ["unchanged"]}
    assert [user.email for user in User.objects.all()] == [JOHN]
    assert verify(api, token=inbox.newest(JOHN).token, registration=reply.registration).status == 200
    user = User.objects.get()
    assert (user.email, user.username, user.check_password(PASSWORD)) == (JOHN, "john", True)


def test_a_deferred_sign_up_is_redirected_too(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        wrong = api.start(email="jonh@example.com", password=PASSWORD, phone_number=NUMBER).registration
        reply = api.post("register/redirect", {"registration": wrong, "email": JOHN})
        assert api.confirm(wrong, inbox.newest("jonh@example.com").code).code == "token_used"
        clock.shift(121)
        by_sms = api.post("register/redirect", {"registration": reply.registration})
        assert by_sms.body["channel"] == "sms"
        assert api.confirm(by_sms.registration, inbox.newest(NUMBER).code).status == 201
    assert User.objects.get().phone_verified_at is not None


def test_the_proof_goes_by_sms_when_the_mail_does_not_arrive(api: Api, inbox: Inbox) -> None:
    first = api.register(**EXAMPLE).registration
    reply = api.post("verify-phone/start", {"registration": first})
    assert (reply.status, reply.body["channel"]) == (202, "sms")
    text = inbox.newest(NUMBER)
    assert text.text.splitlines()[-1] == f"@testserver #{text.code}"
    assert "http" not in text.text
    shown = {"phone_number": NUMBER, "otp": text.code}
    assert api.post("verify-phone/confirm", shown).code == "password_required"
    verified = api.post("verify-phone/confirm", {**shown, "registration": reply.registration})
    assert verified.status == 200
    assert verified.body["user"]["phone_verified"] is True
    assert verified.body["user"]["email"] is None  # what was not proved is not kept: another may own it
    assert User.objects.count() == 1


def test_sign_up_by_a_phone_number_alone(api: Api, inbox: Inbox) -> None:
    with travel("2026-03-01T12:00:00Z", tick=False) as clock:
        registered = api.register(phone_number=NUMBER, password=PASSWORD, channel="sms")
        assert registered.status == 201
        assert registered.body["user"]["phone_verified"] is False
        assert len(inbox.all(NUMBER)) == 1
        clock.shift(61)
        again = api.post("verify-phone/start", {"phone_number": NUMBER})
        assert again.text == api.post("verify-phone/resend", {"phone_number": "+14155550199"}).text
        code = inbox.newest(NUMBER).code
        assert len(inbox.all(NUMBER)) == 2
        confirmed = api.post("verify-phone/confirm", {"phone_number": NUMBER, "otp": code, "password": PASSWORD})
        assert confirmed.body["user"]["phone_number"] == NUMBER
        assert api.register(phone_number=NUMBER, password=PASSWORD, channel="sms").status == 201
        assert "already" in inbox.newest(NUMBER).text
