"""Every kind of token that we hand out, at every endpoint that takes one: it opens its own and no other, and to try it
elsewhere uses nothing up (AUZ-10, OTP-11, TOK-05)."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.conf import settings

from tests.factors import enrol
from tests.world import PASSWORD, Api, Http, Inbox, Pages
from vestibule.accounts.models import User
from vestibule.conf import conf

NEXT = "another honest password"
HANDLES = ("sign-up", "pending sign-up")


@pytest.fixture
def kinds(api: Api, inbox: Inbox) -> dict[str, str]:
    """One of each kind, each of a person of its own."""
    found: dict[str, str] = {}
    found["access"] = api.account(inbox, "access@example.com")
    api.account(inbox, "refresh@example.com")
    found["refresh"] = api.login("refresh@example.com").body["refresh"]
    api.account(inbox, "reset@example.com")
    api.post("password/reset", {"email": "reset@example.com"})
    found["reset link"] = inbox.newest("reset@example.com").token
    api.account(inbox, "told@example.com")
    away = Api(Http(REMOTE_ADDR="198.51.100.7"))
    away.login("told@example.com")
    found["not-me link"] = inbox.newest("told@example.com").token
    moving = api.account(inbox, "old@example.com")
    api.send("POST", "email/change", moving, {"email": "new@example.com", "password": PASSWORD})
    api.send("POST", "email/change/confirm", moving, {"otp": inbox.newest("new@example.com").code})
    found["undo link"] = inbox.newest("old@example.com").token
    api.send("DELETE", "me", api.account(inbox, "closing@example.com"))
    found["keep link"] = inbox.newest("closing@example.com").token
    found["sign-up"] = api.start(email="started@example.com", password=PASSWORD).registration
    found["pending sign-up"] = api.register(email="pending@example.com", password=PASSWORD).body["registration"]
    found["pending link"] = inbox.newest("pending@example.com").token
    api.account(inbox, "both@example.com")
    enrol(User.objects.get(email="both@example.com"))
    found["ticket"] = api.login("both@example.com").body["mfa"]
    pages = Pages()
    entered = pages.start(email="page@example.com", password=PASSWORD)
    pages.confirm(entered.registration, inbox.newest("page@example.com").code)
    names = {"session": conf.session_cookie_name, "device": conf.device_cookie_name, "form": settings.CSRF_COOKIE_NAME}
    for kind, name in names.items():
        found[f"{kind} cookie"] = pages.http.cookies[name].value
    return found


@dataclass(frozen=True, slots=True)
class Taker:
    """What takes a token: the kinds that are its own, and the status that it answers a token with."""

    own: tuple[str, ...]
    answer: Callable[[Api, str], int]


def posted(path: str, field: str, **more: str) -> Callable[[Api, str], int]:
    """POST it as that member of the body."""
    return lambda api, token: api.post(path, {field: token, **more}).status


def as_cookie(api: Api, token: str) -> int:
    """GET a page with it as the session's cookie."""
    http = Http()
    http.cookies[conf.session_cookie_name] = token
    return http.get("/account/").status_code


TAKERS = {
    "bearer": Taker(("access",), lambda api, token: api.send("GET", "me", token).status),
    "token/verify": Taker(("access",), posted("token/verify", "token")),
    "token/refresh": Taker(("refresh",), posted("token/refresh", "refresh")),
    "logout": Taker(("refresh",), posted("logout", "refresh")),
    "register/confirm": Taker(HANDLES, posted("register/confirm", "registration", otp="000000")),
    "register/resend": Taker(HANDLES, posted("register/resend", "registration")),
    "register/status": Taker(HANDLES, posted("register/status", "registration")),
    "register/redirect": Taker(HANDLES, posted("register/redirect", "registration", email="else@example.com")),
    "verify-email": Taker(("pending link",), posted("verify-email", "token", password=PASSWORD)),
    "verify-email/reject": Taker(("pending link",), posted("verify-email/reject", "token")),
    "password/reset/confirm": Taker(("reset link",), posted("password/reset/confirm", "token", password=NEXT)),
    "sessions/disown": Taker(("not-me link",), posted("sessions/disown", "token")),
    "email/change/undo": Taker(("undo link",), posted("email/change/undo", "token")),
    "me/keep": Taker(("keep link",), posted("me/keep", "token")),
    "login/mfa": Taker(("ticket",), posted("login/mfa", "mfa", method="totp", code="000000")),
    "session cookie": Taker(("session cookie",), as_cookie),
}
FINE = {"session cookie": 200, "token/refresh": 200, "verify-email": 200, "bearer": 200, "register/status": 200}


def test_auz_10_otp_11_each_kind_opens_its_own_endpoint_and_no_other(api: Api, kinds: dict[str, str]) -> None:
    opened = {}
    for name, taker in TAKERS.items():
        for kind, token in kinds.items():
            if kind not in taker.own and (status := taker.answer(api, token)) not in (302, 400, 401):
                opened[name, kind] = status
    assert not opened
    last = ("password/reset/confirm", "sessions/disown", "email/change/undo", "me/keep", "verify-email")
    for name in ("bearer", "token/verify", "session cookie", "register/status", "token/refresh", *last):
        kind = TAKERS[name].own[0]
        status = TAKERS[name].answer(api, kinds[kind])
        assert status == FINE.get(name, status) < 300, (name, status)  # nothing was used up


def test_otp_11_a_purpose_is_bound_into_what_is_signed(kinds: dict[str, str]) -> None:
    """No two kinds look alike to the same check: each is of a key of its own."""
    assert len(set(kinds.values())) == len(kinds)
    for purpose in ("page session", "page device", "link token"):
        opens = []
        for kind, token in kinds.items():
            try:
                conf.keys.unsign(purpose, token)
            except Exception:  # noqa: BLE001 - not of this purpose, whatever it is
                continue
            opens.append(kind)
        assert opens in ([], ["session cookie"], ["device cookie"]), purpose


LINKS = {
    "verify-email": "pending link",
    "password/reset/confirm": "reset link",
    "not-me": "not-me link",
    "email/undo": "undo link",
    "account/undo": "keep link",
}


def test_otp_12_no_link_is_consumed_by_being_looked_at(api: Api, kinds: dict[str, str]) -> None:
    """Scanners, previews and a browser without JavaScript; then its person presses the button, and it is done."""
    for path, kind in LINKS.items():
        for number in range(13):
            look = Http().head if number < 3 else Http().get
            answer = look(f"/{path}/?token={kinds[kind]}", headers={"User-Agent": "a scanner of links"})
            assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store"), path
        shown = {"token": kinds[kind], "password": PASSWORD if kind == "pending link" else NEXT}
        assert Http().post(f"/{path}/", shown).status_code in (200, 303), path
        again = Http().post(f"/{path}/", shown)
        assert again.status_code == 410, path  # what was pressed was done
