"""Two languages at once never mix: an API problem, a page and a mail, each in its own, in threads that wait for one
another in the middle of their work."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, local
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from tests import pseudo_locale
from tests.pseudo_locale import bracketed
from tests.world import PASSWORD, Api, Inbox, Pages
from vestibule.accounts.models import User
from vestibule.addresses.address import Email
from vestibule.courier import delivery, staff_messages
from vestibule.courier.models import Message
from vestibule.flows import notices
from vestibule.flows.staff import support
from vestibule.kernel.client import Client

XA = pseudo_locale.LANGUAGE
ADA, EVE = "ada@example.com", "eve@example.com"
PENDING = {"username": "somebody", "password": PASSWORD, "password2": PASSWORD}


@pytest.fixture(scope="module", autouse=True)
def _languages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pseudo_locale.installed(tmp_path_factory.mktemp("locale")):
        yield


def account(inbox: Inbox, email: str, language: str) -> str:
    """An account that was made in this language; the access token of its session."""
    api = Api()
    started = api.post("register/start", {"email": email, "password": PASSWORD}, **{"Accept-Language": language})
    return str(api.confirm(started.registration, inbox.newest(email).code).body["access"])


def subject(inbox: Inbox, to: str, words: str) -> str:
    """The subject with the code of the newest mail there."""
    return f"{words.format(inbox.newest(to).code)} · Vestibule"


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What they return, run in a thread each: none goes on from its first statement before all have come to theirs."""
    met, mine = Barrier(len(acts)), local()

    def gate(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not getattr(mine, "met", False) and not context["connection"].in_atomic_block:
            mine.met = True
            met.wait(60)
        return execute(sql, params, many, context)

    def run(act: Callable[[], Any]) -> Any:
        try:
            with connection.execute_wrapper(gate):
                found = act()
            assert mine.met
            return found
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as threads:
        return [each.result() for each in [threads.submit(run, act) for act in acts]]


def problem(language: str) -> str:
    """What the API says of a wrong password."""
    body = {"email": f"nobody.{language}@example.com", "password": "not a password of anybody's"}
    return str(Api().post("login", body, **{"Accept-Language": language}).body["detail"])


def page(language: str) -> str:
    """What the page says of it."""
    pages = Pages()
    pages.http.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    return pages._post("/login/", {"name": f"who.{language}@example.com", "password": "nobody's password"}).text


@pytest.mark.parametrize(("one", "other"), [("en", XA), (XA, "en")])
def test_a_problem_a_page_and_a_mail_at_once_are_each_in_its_own_language(
    inbox: Inbox, house: None, one: str, other: str
) -> None:
    account(inbox, ADA, "en")
    account(inbox, EVE, XA)
    for address in (ADA, EVE):
        Api().post("password/reset", {"email": address})
    problems, pages, _, more = at_once(
        lambda: problem(one),
        lambda: page(other),
        lambda: delivery.deliver_due_messages(timezone.now()),
        lambda: problem(other),
    )
    said = "Wrong email or password."
    assert {one: problems, other: more} == {"en": said, XA: bracketed(said)}
    assert said in pages
    assert (bracketed(said) in pages) is (other == XA)
    assert inbox.newest(ADA).subject == subject(inbox, ADA, "{} is your password reset code")
    assert inbox.newest(EVE).subject == subject(inbox, EVE, bracketed("{} is your password reset code"))


def test_a_message_is_in_the_language_of_the_account_whoever_causes_it(inbox: Inbox, house: None) -> None:
    account(inbox, EVE, XA)
    assert User.objects.get(email=EVE).language == XA
    known = f"{bracketed('You already have an account')} · Vestibule"
    for path, body in (("register/start", {"password": PASSWORD}), ("register", PENDING), ("password/reset", {})):
        inbox.empty()
        Api().post(path, {"email": EVE, **body}, **{"Accept-Language": "en"})
        asked = known if body else subject(inbox, EVE, bracketed("{} is your password reset code"))
        assert inbox.newest(EVE).subject == asked


def test_a_message_to_nobodys_address_is_in_the_language_of_who_asks(inbox: Inbox, house: None) -> None:
    for language, said in ((XA, bracketed), ("en", str)):
        for path, body in (("register/start", {}), ("register", PENDING)):
            email = f"{path.replace('/', '.')}.{language}@example.com"
            body = {"email": email, "password": PASSWORD, **body}
            begun = Api().post(path, body, **{"Accept-Language": language})
            assert begun.status in (201, 202), begun.body
            assert inbox.newest(email).subject == subject(inbox, email, said("{} is your verification code"))
    assert dict(User.objects.values_list("email", "language")) == {
        f"register.{language}@example.com": language for language in (XA, "en")
    }


def test_who_signs_up_by_a_page_is_written_to_in_its_language(inbox: Inbox, house: None) -> None:
    pages = Pages()
    pages.http.defaults["HTTP_ACCEPT_LANGUAGE"] = XA
    begun = pages.start(email=ADA, password=PASSWORD)
    letter = inbox.newest(ADA)
    assert letter.subject == subject(inbox, ADA, bracketed("{} is your verification code"))
    pages.confirm(begun.registration, letter.code)
    assert User.objects.get(email=ADA).language == XA


def test_a_language_that_was_taken_away_gives_way_to_the_default(inbox: Inbox, house: None, settings: Any) -> None:
    account(inbox, EVE, XA)
    Api().post("password/reset", {"email": EVE})
    settings.LANGUAGES = [("en", "English")]
    assert inbox.newest(EVE).subject == subject(inbox, EVE, "{} is your password reset code")


def test_the_staff_write_in_no_language_of_their_own(inbox: Inbox, house: None) -> None:
    account(inbox, ADA, XA)
    User.objects.update(language="")
    boss = Client(at=timezone.now(), language=XA, actor="user")
    notices.post_message(
        support._as_system(boss), staff_messages.ACCOUNT_SUSPENDED, Email(ADA), owner=User.objects.get()
    )
    assert Message.objects.latest("created_at").language == ""
    assert inbox.newest(ADA).subject == "Your account was suspended · Vestibule"
