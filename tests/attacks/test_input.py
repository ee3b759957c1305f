"""What is typed into fields (INP-*): refused or normalised where it is, never carried further."""

import json
from base64 import b64encode
from typing import Any

import pytest
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.core.exceptions import SuspiciousOperation
from django.test import RequestFactory

from tests.desk import PageDesk, given
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.addresses import parsing
from vestibule.audit.models import AuditEvent
from vestibule.courier.models import Message
from vestibule.limits.models import Tally
from vestibule.service.ops import unreadable
from vestibule.sessions.models import Device

MIKE = "mike@example.org"
START: dict[str, Any] = {"email": MIKE, "password": PASSWORD, "username": "mike", "full_name": "Mike"}


@pytest.mark.parametrize("field", [*START, "phone_number", "channel", "captcha", "confirm_password"])
@pytest.mark.parametrize("poison", ["a\x00b", "\ud800", "\udfff\ud800"])
def test_inp_01_nul_and_surrogates_in_every_field(api: Api, inbox: Inbox, field: str, poison: str) -> None:
    """INP-01, INP-02: by the field's name, and no row comes of it."""
    for path in ("register/start", "register"):
        body = json.dumps({**START, field: poison})
        answer = api.http.post(f"/api/auth/{path}", body, content_type="application/json")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not User.objects.exists()
    assert not Message.objects.exists()


def test_inp_01_nul_in_paths_queries_keys_and_forms(api: Api) -> None:
    for path in ("/api/auth/sessions/%00", "/media/pictures/%00", "/problems/%00", "/dev/mailbox/%00/", "/admin/%00"):
        assert api.http.get(path).status_code in (302, 303, 400, 404, 405), path
    for path in (
        "/login/?next=%00",
        "/verify-email/?token=%00",
        "/password/reset/confirm/?token=%00",
        "/dev/mailbox/?to=%00",
    ):
        assert api.http.get(path).status_code < 500, path
    assert api.post("register/start", {**START, "a\x00b": "x"}).status == 202  # no field of ours, and kept nowhere
    for path in ("/register/", "/login/", "/verify-otp/", "/password/reset/", "/verify-email/resend/"):
        form = dict.fromkeys(["email", "name", "password", "otp", "registration", "username", "full_name"], "a\x00b")
        assert 400 <= Http().post(path, form).status_code < 500, path


LOOKALIKES = ["m\u0131ke@example.org", "M\u0130KE@example.org", "mi\u212ae@example.org", "mi\u017fe@example.org"]


def test_inp_03_who_looks_like_somebody_is_not_them(api: Api, inbox: Inbox) -> None:
    """Nothing that folds into an address reaches its account, its mailbox or its password."""
    api.account(inbox, MIKE)
    inbox.all()
    inbox.empty()
    for typed in (*LOOKALIKES, "mike@\u0131example.org", "mike@ex\u0430mple.org"):
        assert api.post("password/reset", {"email": typed}).status in (202, 400)
        assert api.login(typed).status == 401
        assert api.start(email=typed, password=PASSWORD).status in (202, 400)
    assert inbox.all(MIKE) == []
    assert api.login("MIKE@Example.ORG").status == 200


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "attacker\uff20evil.com@victim.com",
            "attacker@evil.com\uff0cvictim@example.org",
            "\uff1cmike@example.org\uff1e",
        ),
        *(
            "attacker@evil.com\u00ad@victim.com",
            "mike@example.org\u200b@evil.com",
            "mike@evil.com\u3002example.org@x.com",
        ),
        *("mike@example.org\r\nBcc: eve@evil.com", "mike@example.org,eve@evil.com", '"mike@evil.com"@example.org'),
    ],
    ids=ascii,
)
def test_inp_04_what_becomes_another_address_is_none(api: Api, inbox: Inbox, typed: str) -> None:
    for path in ("register/start", "password/reset", "verify-email/resend"):
        reply = api.post(path, {"email": typed, "password": PASSWORD})
        assert (reply.status, list(reply.body["errors"])) == (400, ["email"])
    assert Http().post("/register/", {"email": typed, "password": PASSWORD}).status_code == 400
    assert inbox.all() == []


def test_inp_05_one_address_is_one_account_and_near_ones_are_others(api: Api, inbox: Inbox) -> None:
    spellings = [
        "a.da@example.com",
        "ada@example.com",
        "ada+tag@example.com",
        "ADA@Example.com",
        "ada@b\u00fccher.example",
    ]
    for typed in spellings:
        api.start(email=typed, password=PASSWORD)
    assert {post.to for post in inbox.all()} == {parsing.parse_email(typed).value for typed in spellings}
    for typed in ('"a@evil"@x.com', "a(comment)@x.com", "a@[127.0.0.1]", "a@x.", "a@localhost", "a" * 65 + "@x.com"):
        assert api.start(email=typed, password=PASSWORD).code == "invalid"


@pytest.mark.parametrize("body", [[], [START], "text", 7, True, None, [[]]])
def test_inp_06_a_body_is_an_object(api: Api, inbox: Inbox, body: Any) -> None:
    for path in ("register/start", "login", "password/reset", "token/refresh", "verify-email"):
        answer = api.http.post(f"/api/auth/{path}", json.dumps(body), content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert inbox.all() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (json.dumps({**START, "more": "x" * 65_536}), 413),
        ("[" * 60_000, 400),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, 400),
        (json.dumps({f"k{number}": 1 for number in range(5_000)}), 400),
        (json.dumps({**START, "email": "a@" + ".".join("x" * 900)}), 400),
        (json.dumps({**START, "full_name": "a" + "\u0315\u0300" * 900}), 400),
        ('{"n": ' + "9" * 60_000 + "}", 400),
    ],
    ids=["big", "deep lists", "deep objects", "many keys", "many labels", "many marks", "many digits"],
)
def test_inp_07_what_is_too_much_is_refused(api: Api, inbox: Inbox, body: str, status: int) -> None:
    answer = api.http.post("/api/auth/register/start", body, content_type="application/json")
    assert answer.status_code == status
    assert inbox.all() == []


@pytest.mark.parametrize(
    "poison", ["' OR 1=1 --", "ada' UNION SELECT 1 --", "%' OR 'a'='a", "*", "ada@example.com' --", "_%"]
)
def test_inp_08_no_lookup_is_made_of_what_is_typed(api: Api, inbox: Inbox, poison: str) -> None:
    api.account(inbox, MIKE)
    more = {"email__startswith": "m", "_connector": "OR", "password__regex": ".*", "$ne": "", "pk__gt": 0}
    for kind in ("email", "username", "phone_number"):
        reply = api.post("login", {kind: poison, "password": PASSWORD, **more})
        assert (reply.status, reply.code) == (401, "invalid_credentials")
        assert "SELECT" not in reply.text.replace(poison, "")
    assert api.post("login", {**more, "password": PASSWORD}).code == "invalid"


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>", "{{7*7}}{% debug %}", "{0.__class__} %s%n", '"><script>x</script>']
)
def test_inp_09_text_is_text_in_pages_mails_and_json(api: Api, inbox: Inbox, text: str) -> None:
    access = api.account(inbox, MIKE)
    api.send("PATCH", "me", access, {"full_name": text, "profile": {"bio": text, "address": text}})
    api.post("login", {"email": MIKE, "password": PASSWORD, "device": {"device_name": text}}, **{"User-Agent": text})
    assert Device.objects.get().name == text
    pages = Http()
    shown = [pages.post("/login/", {"name": text, "password": text})]
    pages.post("/login/", {"name": MIKE, "password": PASSWORD}, headers={"User-Agent": text})
    shown += [pages.get(path) for path in ("/account/", "/account/sessions/", "/account/activity/")]
    assert api.send("GET", "me", access).body["profile"]["bio"] == text
    ada = given(MIKE, "admin")  # and as the staff see it
    desk = PageDesk(MIKE)
    desk.act(ada, "sign-out", reason=text)
    desk = PageDesk(MIKE)
    tables = ("accounts/user/", f"accounts/user/{ada.pk}/", "audit/auditevent/", "courier/message/")
    events = [f"audit/auditevent/{event.pk}/" for event in AuditEvent.objects.exclude(reason="")]
    assert events
    shown += [desk.http.get(f"/admin/{path}") for path in ("", *tables, *events)]
    shown += [
        desk.http.get("/admin/accounts/user/", {"q": text}),
        desk.http.get("/admin/audit/auditevent/", {"q": text}),
    ]
    assert {each.status_code for each in shown[1:]} == {200}
    for html in (each.content.decode() for each in shown):
        assert "<img src=x" not in html
        assert "<script>x" not in html
    for post in inbox.all(MIKE):
        assert "<img src=x" not in post.html
        assert "<script>x" not in post.html


def test_inp_10_no_key_of_a_counter_holds_what_was_typed(api: Api, inbox: Inbox) -> None:
    for typed in ("mike@example.org", "a\r\nSET x 1", "*", "{}", "a b", "x" * 2000):
        api.post("login", {"username": typed, "password": PASSWORD})
        api.post("password/reset", {"email": typed})
    keys = [bytes(row.key) for row in Tally.objects.all()]
    assert keys
    assert {len(key) for key in keys} == {32}
    assert not any(b"mike" in key for key in keys)


def test_inp_12_what_is_said_twice_is_refused_and_the_query_is_not_the_body(api: Api, inbox: Inbox) -> None:
    twice = '{"email": "a@example.com", "email": "b@example.com", "password": "correct horse battery staple"}'
    answer = api.http.post("/api/auth/register/start", twice, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
    answer = api.http.post(
        "/api/auth/register/start?email=a@example.com",
        json.dumps({**START, "email": MIKE}),
        content_type="application/json",
    )
    assert answer.status_code == 202
    Http().post(
        "/register/?email=c@example.com", {"email": ["x@example.com", "last@example.com"], "password": PASSWORD}
    )
    assert [post.to for post in inbox.all()] == ["last@example.com", MIKE]  # of a form, the last


def test_inp_15_no_cookie_grows_with_what_was_sent(api: Api) -> None:
    for path in ("/login/?next=/admin/" + "x" * 8000, "/register/", "/verify-email/?token=" + "x" * 8000):
        answer = api.http.get(path, headers={"Cookie": "registration=" + "x" * 8000})
        assert answer.status_code < 500
        assert all(len(cookie.OutputString()) < 1000 for cookie in answer.cookies.values())


@pytest.mark.parametrize(
    "language", ["de-" + "x" * 10_000, ",".join(["en;q=0.1"] * 2000), "\u00e9", "*", "../../x", "x-" * 500]
)
def test_inp_16_languages_and_moments_are_bounded(api: Api, inbox: Inbox, language: str) -> None:
    access = api.account(inbox, MIKE)
    assert api.http.get("/login/", headers={"Accept-Language": language}).status_code == 200
    User.objects.update(role="admin")
    for moment in (
        "9999-12-31T23:59:59+23:59",
        "-1",
        "0001-01-01T00:00:00-23:59",
        "1e999",
        "NaN",
        "2026-02-31T00:00:00Z",
    ):
        for query in ("since", "until"):
            assert api.send("GET", f"/api/admin/events?{query}={moment.replace('+', '%2B')}", access).status in (
                200,
                400,
            )


WEBHOOKS: list[bytes] = [
    *(
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b'"x"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"RecordType": []}',
        b'{"RecordType": {}}',
    ),
    *(
        b'{"RecordType":"Bounce","Type":[]}',
        b'{"RecordType":"Delivery","Metadata":7,"DeliveredAt":"x"}',
        b'{"n":' + b"9" * 5000 + b"}",
    ),
    b'{"RecordType":"Bounce","ID":{"a":1},"BouncedAt":[]}',
]


@pytest.mark.parametrize("body", WEBHOOKS, ids=lambda body: ascii(body[:40]))
def test_inp_07_no_webhook_breaks_us(settings: Any, body: bytes) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "provider:secret"}
    view = unreadable.refuse_unreadable(PostmarkTrackingWebhookView.as_view())
    for secret in ("provider:secret", "provider:wrong", "\u00ff"):
        asked = RequestFactory().post(
            "/webhooks/mail", body, content_type="application/json", headers={"Authorization": basic(secret)}
        )
        try:
            assert view(asked).status_code in (200, 400)
        except SuspiciousOperation:
            assert secret != "provider:secret"  # which Django answers with 400


def basic(secret: str) -> str:
    return f"Basic {b64encode(secret.encode()).decode()}"
