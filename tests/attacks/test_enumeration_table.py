"""At every door each kind of account gets the same answer after the same work as an address that nobody has."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.utils import timezone
from redis import Redis

from tests.attacks.allowances import stranger
from tests.attacks.work import work
from tests.configured import configured
from tests.factors import enrol
from tests.world import PASSWORD, Api, Inbox, Pages, Reply
from vestibule.accounts import lifecycle
from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.kernel import cached

KINDS = ("unknown", "known", "guarded", "suspended", "closing", "passwordless", "imported", "pending")
NEXT = "another horse battery staple"
NEW_EACH_TIME = re.compile(r"[\w.-]{32,}|nonce=\"[^\"]*\"")  # handles, tokens, nonces, ids of requests


def strange_pages() -> Pages:
    """The pages, from a network that nobody's account is known from."""
    pages = Pages()
    pages.http.defaults["REMOTE_ADDR"] = "203.0.113.1"
    return pages


def _page(path: str, **typed: str) -> Callable[[str], Reply]:
    def post(email: str) -> Reply:
        return strange_pages()._post(path, {name: text.replace("EMAIL", email) for name, text in typed.items()})

    return post


def _api(path: str, **typed: str) -> Callable[[str], Reply]:
    def post(email: str) -> Reply:
        return stranger(1).post(path, {name: text.replace("EMAIL", email) for name, text in typed.items()})

    return post


def _guess_magic(email: str) -> Reply:
    """The code of the handle that a start returned, whether or not it was sent."""
    client = stranger(1)
    magic = client.post("login/magic/start", {"email": email}).body.get("magic", "x")
    return client.post("login/magic/confirm", {"magic": magic, "otp": "12345678"})


def _passwordless(path: str) -> Callable[[str], Reply]:
    def post(email: str) -> Reply:
        with configured(PASSWORDS="optional"):
            return stranger(1).post(path, {"email": email})

    return post


DOORS = {
    "login": _api("login", email="EMAIL", password="the wrong password"),
    "reset": _api("password/reset", email="EMAIL"),
    "code of a reset": _api("password/reset/confirm", email="EMAIL", otp="12345678", password=NEXT, password2=NEXT),
    "magic link": _api("login/magic/start", email="EMAIL"),
    "code of a magic link": _api("login/magic/confirm", email="EMAIL", otp="12345678"),
    "magic link and a wrong code": _guess_magic,
    "magic link page": _page("/login/magic/", email="EMAIL"),
    "code of a magic link, page": _page("/login/magic/", email="EMAIL", otp="12345678"),
    "start": _api("register/start", email="EMAIL", password=PASSWORD),
    "start without a password": _passwordless("register/start"),
    "register without a password": _passwordless("register"),
    "start with a weak password": _api("register/start", email="EMAIL", password="weak"),
    "register": _api("register", email="EMAIL", password=PASSWORD),
    "resend": _api("verify-email/resend", email="EMAIL"),
    "code of a sign-up": _api("verify-email", email="EMAIL", otp="123456", password="the wrong password"),
    "login page": _page("/login/", name="EMAIL", password="the wrong password"),
    "reset page": _page("/password/reset/", email="EMAIL"),
    "sign-up page": _page("/register/", email="EMAIL", password=PASSWORD),
    "resend page": _page("/verify-email/resend/", email="EMAIL"),
}


@pytest.fixture
def everybody(api: Api, inbox: Inbox) -> None:
    """An address of each kind, and what is made once made. Who is guarded has a second factor."""
    for kind in KINDS[1:-1]:
        api.account(inbox, f"{kind}@example.com")
    ids = {user.email: user.pk for user in User.objects.all()}
    lifecycle.suspend_user(ids["suspended@example.com"])
    lifecycle.schedule_closing_by_owner(ids["closing@example.com"], timezone.now())
    User.objects.filter(email="passwordless@example.com").update(password="!")
    enrol(User.objects.get(email="guarded@example.com"))
    imported = hashers.make_password(PASSWORD, hasher="scrypt")
    User.objects.filter(email="imported@example.com").update(password=imported)
    api.register(email="pending@example.com", password=PASSWORD)
    cached.reset_all()
    inbox.all()


def shown(reply: Reply, email: str) -> tuple[Any, ...]:
    """What a stranger sees of an answer, without what they typed and what is new each time."""
    text = NEW_EACH_TIME.sub("", reply.text.replace(email, "EMAIL"))
    return reply.status, reply.code, text, tuple(sorted(reply.headers))


@pytest.mark.parametrize("door", DOORS)
def test_enum_02_every_kind_of_address_is_one_answer_after_one_work(everybody: None, inbox: Inbox, door: str) -> None:
    """ENUM-04, ENUM-06, ENUM-09, ENUM-13: the statements, commands, hashes and messages are compared, not a clock."""
    DOORS[door]("first@example.com")
    answers, done = {}, {}
    for kind in KINDS:
        if conf.redis_url:
            Redis.from_url(conf.redis_url).delete("vestibule:wake")
        with work() as counted:
            answers[kind] = shown(DOORS[door](f"{kind}@example.com"), f"{kind}@example.com")
        done[kind] = Counter({what: n for what, n in counted.items() if n})
    for kind in KINDS:
        assert answers[kind] == answers["unknown"], kind
    differ = {kind: (done[kind] - done["unknown"], done["unknown"] - done[kind]) for kind in KINDS}
    assert not {kind: both for kind, both in differ.items() if any(both)}
