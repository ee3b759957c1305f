"""OID-12: API keys. A guessed one, one in a query or a log, one after its end, and what a key may never do."""

import re
from collections.abc import Callable
from datetime import timedelta
from zlib import crc32

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from time_machine import travel

from tests.attacks.openid_moves import create_person, shop_and_other, signed_in
from tests.attacks.test_web_surfaces import asked
from tests.configured import configured
from tests.contracts.stores import at_once
from tests.desk import ApiDesk, given
from tests.oauth import RelyingParty, create_application
from tests.surfaces import read_surfaces
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import Role, Status, User
from vestibule.applications import api_keys
from vestibule.applications.models import ApiKey
from vestibule.kernel import entropy

ADA, NEXT = "ada@example.com", "another password entirely"
SCRIPT = {"name": "Script", "scopes": ["profile"]}


@pytest.fixture
def key(api: Api, ada: str) -> str:
    """A key of Ada's."""
    made = api.send("POST", "keys", ada, SCRIPT)
    assert made.status == 201, made
    return str(made.body["key"])


def is_live(key: str) -> bool:
    """Whether it opens anything."""
    return api_keys.find_live_key(key, timezone.now()) is not None


def checksum(secret: str) -> str:
    """As docs/keys.md tells scanners of secrets."""
    digits, number = "", crc32(secret.encode())
    while number:
        number, digit = divmod(number, 62)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits.rjust(6, "0")


def test_oid_12_a_key_has_a_checksum_and_only_its_digest_is_kept(key: str) -> None:
    assert re.fullmatch(r"vst_[0-9A-Za-z]{36}", key)
    assert key[-6:] == checksum(key[4:-6])
    row = ApiKey.objects.get()
    assert row.hint == key[-4:]
    assert not {key, key[4:], key[4:-6]} & {str(value) for value in vars(row).values()}


def test_oid_12_what_is_no_key_costs_no_query_and_a_guessed_one_one(key: str) -> None:
    guessed = entropy.random_base62(30)
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    shaped = (
        wrong,
        key[:-1],
        key + "0",
        key.swapcase(),
        key.lower(),
        f" {key}",
        f"{key}\n",
        key[4:],
        "",
        "vst_" + "é" * 36,
    )
    for text, queries in [*((each, 0) for each in shaped), (f"vst_{guessed}{checksum(guessed)}", 1), (key, 1)]:
        with CaptureQueriesContext(connection) as statements:
            found = api_keys.find_live_key(text, timezone.now())
        assert (found is not None, len(statements)) == (text == key, queries), text


def test_oid_12_a_key_is_read_from_the_header_alone_and_opens_no_path_of_the_api(api: Api, ada: str, key: str) -> None:
    """Not those of a bearer, nor the staff's, nor by name of a query, a body or a cookie."""
    kept = ApiKey.objects.values_list("digest", "expires_at").get()
    for path, row in read_surfaces().items():
        if row.who not in ("bearer", "staff", "page"):
            continue
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            for http, there in (
                (Http(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {key}"), path),
                (Http(raise_request_exception=False), f"{path}?key={key}&access_token={key}&token={key}"),
            ):
                http.cookies["access"] = http.cookies["__Host-session"] = key
                status = asked(http, method, there).status_code
                if there == "/auth/check" and method == "GET":
                    assert status == 200  # the one that takes it
                    continue
                assert status in ((302, 303, 401, 405) if row.who != "bearer" else (401, 405)), (method, there, status)
    assert ApiKey.objects.values_list("digest", "expires_at").get() == kept


def test_oid_12_a_key_is_nothing_where_tokens_are_typed(api: Api, key: str) -> None:
    assert api.post("token/verify", {"token": key}).status == 401
    assert api.post("token/refresh", {"refresh": key}).status == 401
    assert api.send("POST", "logout", key).status == 401
    assert is_live(key)


def test_oid_12_no_key_makes_a_key_and_making_one_wants_a_recent_sign_in(api: Api, ada: str, key: str) -> None:
    assert api.send("POST", "keys", key, SCRIPT).status == 401
    refresh = api.login(ADA).body["refresh"]
    with travel(timezone.now() + timedelta(minutes=11)):
        stale = api.post("token/refresh", {"refresh": refresh}).body["access"]
        assert api.send("POST", "keys", stale, SCRIPT).code == "reauthentication_required"
        assert api.send("POST", "reauthenticate", key, {"password": PASSWORD}).status == 401
        assert ApiKey.objects.count() == 1
        id = ApiKey.objects.get().pk
        assert api.send("DELETE", f"keys/{id}", stale).status == 204  # in a hurry


@pytest.mark.parametrize("scope", ["admin", "offline_access", "profile email", "Profile", "", "profile\n", "*"])
def test_oid_12_a_scope_that_nobody_gives_is_refused(api: Api, ada: str, scope: str) -> None:
    refused = api.send("POST", "keys", ada, {"name": "Script", "scopes": ["profile", scope]})
    assert (refused.status, refused.code) == (400, "invalid")
    assert not ApiKey.objects.exists()


def test_oid_12_a_key_has_no_role_of_its_own(api: Api, inbox: Inbox, key: str) -> None:
    given(ADA, "manager")
    found = api_keys.find_live_key(key, timezone.now())
    assert found
    assert found.user.role == Role.MANAGER
    User.objects.update(role=Role.USER)
    found = api_keys.find_live_key(key, timezone.now())
    assert found
    assert found.user.role == Role.USER


def remove(api: Api, ada: str, inbox: Inbox) -> None:
    id = api.send("GET", "keys", ada).body[0]["id"]
    assert api.send("DELETE", f"keys/{id}", ada).status == 204
    assert api.send("DELETE", f"keys/{id}", ada).status == 404


def suspend(api: Api, ada: str, inbox: Inbox) -> None:
    User.objects.update(status=Status.SUSPENDED)


def change_password(api: Api, ada: str, inbox: Inbox) -> None:
    assert api.send("POST", "password/change", ada, {"current_password": PASSWORD, "password": NEXT}).status == 204


def reset_password(api: Api, ada: str, inbox: Inbox) -> None:
    api.post("password/reset", {"email": ADA})
    body = {"token": inbox.newest(ADA).token, "password": NEXT}
    assert api.post("password/reset/confirm", body).status == 204


def say_not_me(api: Api, ada: str, inbox: Inbox) -> None:
    told = next(post for post in inbox.all(ADA) if "API key was created" in post.subject)
    assert api.post("sessions/disown", {"token": told.token}).status == 204


def close(api: Api, ada: str, inbox: Inbox) -> None:
    assert api.send("DELETE", "me", ada).status == 204


@pytest.mark.parametrize("end", [remove, suspend, change_password, reset_password, say_not_me, close])
def test_oid_12_a_key_ends_at_the_next_request(
    api: Api, ada: str, key: str, inbox: Inbox, end: Callable[[Api, str, Inbox], None]
) -> None:
    assert is_live(key)
    end(api, ada, inbox)
    assert not is_live(key)


def test_oid_12_a_suspension_by_the_staff_leaves_no_key_to_come_back(api: Api, key: str, inbox: Inbox) -> None:
    api.account(inbox, "boss@example.com")
    given("boss@example.com", "admin")
    desk, ada = ApiDesk("boss@example.com"), User.objects.get(email=ADA)
    assert desk.act(ada, "suspend").status == 200
    assert not is_live(key)
    assert desk.act(ada, "reactivate").status == 200
    assert not is_live(key)


def test_oid_12_a_key_ends_by_itself(api: Api, ada: str) -> None:
    key = api.send("POST", "keys", ada, {"name": "Short", "expires_in": 1}).body["key"]
    assert is_live(key)
    with travel(timezone.now() + timedelta(seconds=2)):
        assert not is_live(key)
        assert api.send("GET", "keys", ada).body == []


def test_oid_12_signing_out_leaves_a_key(api: Api, ada: str, key: str) -> None:
    assert api.send("POST", "logout/all", ada).status == 204
    assert is_live(key)


def test_oid_12_another_s_key_is_not_found(api: Api, key: str, inbox: Inbox) -> None:
    eve = api.account(inbox, "eve@example.com")
    id = ApiKey.objects.get().pk
    assert api.send("DELETE", f"keys/{id}", eve).status == 404
    assert api.send("GET", "keys", eve).body == []
    assert is_live(key)


def test_oid_12_fifty_keys_and_no_more_also_at_once(api: Api, ada: str) -> None:
    now, user = timezone.now(), User.objects.get()
    for number in range(api_keys.MOST_KEYS - 1):
        api_keys.create_key(user, name=str(number), scopes=[], lives_for=timedelta(days=1), now=now)
    answers = [reply.status for reply in at_once(lambda _: Api().send("POST", "keys", ada, SCRIPT), 8)]
    assert answers.count(201) == 1
    assert set(answers) <= {201, 400, 503}
    assert ApiKey.objects.count() == api_keys.MOST_KEYS


def test_oid_12_an_api_learns_whose_a_key_is_and_an_application_does_not(api: Api, ada: str, key: str) -> None:
    create_application()
    create_application("orders", type="service", can_introspect=True)
    shop, orders = RelyingParty(), RelyingParty("orders")
    told = orders.introspect(key)
    row = ApiKey.objects.get()
    assert (told["active"], told["sub"], told["scope"]) == (True, str(User.objects.get().pk), "profile")
    assert (told["jti"], told["exp"]) == (str(row.pk), int(row.expires_at.timestamp()))
    assert row.last_used_at
    assert shop.introspect(key) == {"active": False}
    guessed = entropy.random_base62(30)
    for wrong in (f"vst_{guessed}{checksum(guessed)}", key[:-1], key + "0"):
        assert orders.introspect(wrong) == {"active": False}
    with configured(MFA_REQUIRED_ROLES=("user",)):
        assert orders.introspect(key) == {"active": False}
    User.objects.update(status=Status.SUSPENDED)
    assert orders.introspect(key) == {"active": False}


def test_oid_12_no_token_of_an_application_makes_a_key_or_passes_a_proxy(api: Api, inbox: Inbox) -> None:
    create_person(api, inbox)
    shop = shop_and_other()[0]
    tokens = shop.sign_in(signed_in(), scope="openid profile offline_access")
    for token in (tokens["access_token"], tokens["id_token"], tokens["refresh_token"]):
        assert api.send("POST", "keys", token, SCRIPT).status == 401
        assert api.send("GET", "/auth/check", token).status == 401
    assert not ApiKey.objects.exists()
