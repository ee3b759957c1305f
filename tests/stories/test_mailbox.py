"""The development mailbox hands out the code and the link of a message, so that nobody reads them out of its words."""

import json
from uuid import uuid4

import pytest

from tests.configured import configured
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.courier.rendering import RenderedMessage
from vestibule.courier.transports.mailbox import deliver_sms

ADA = "ada@example.com"


def messages(to: str) -> list[dict[str, str]]:
    Inbox(smtp=None).all(to)  # delivers what waits
    answer = Http().get("/dev/mailbox/", {"to": to}, headers={"Accept": "application/json"})
    found: list[dict[str, str]] = json.loads(answer.content)["messages"]
    return found


@pytest.fixture
def mailbox(inbox: Inbox) -> Inbox:
    """The mailbox, emptied."""
    inbox.empty()
    return inbox


def test_code_and_link_are_members_of_their_own(api: Api, mailbox: Inbox) -> None:
    api.register(email=ADA, password=PASSWORD)
    [newest] = messages(ADA)
    assert newest["code"] == mailbox.newest(ADA).code
    assert newest["link"].endswith(f"?token={mailbox.newest(ADA).token}")
    assert "/verify-email" in newest["link"]  # and not the link that rejects the sign-up
    one = Http().get(f"/dev/mailbox/{newest['id']}/", headers={"Accept": "application/json"})
    assert json.loads(one.content) == newest


def test_what_brings_neither_has_both_members_empty(api: Api, mailbox: Inbox) -> None:
    api.account(mailbox, ADA)
    mailbox.empty()
    api.start(email=ADA, password=PASSWORD)
    [newest] = messages(ADA)
    assert (newest["code"], newest["link"]) == ("", "")


def test_the_pages_show_both(api: Api, mailbox: Inbox) -> None:
    api.register(email=ADA, password=PASSWORD)
    [newest] = messages(ADA)
    for path in ("/dev/mailbox/", f"/dev/mailbox/{newest['id']}/"):
        page = Http().get(path).content.decode()
        assert f'<code dir="ltr">{newest["code"]}</code>' in page
        assert f'href="{newest["link"]}"' in page


def test_ux_19_the_title_of_a_letter_says_the_brand_once(api: Api, mailbox: Inbox) -> None:
    api.register(email=ADA, password=PASSWORD)
    [newest] = messages(ADA)
    page = Http().get(f"/dev/mailbox/{newest['id']}/").content.decode()
    assert f"<title>{newest['code']} is your verification code · Vestibule</title>" in page


def test_ux_13_a_mail_is_shown_with_the_logo_of_the_brand(api: Api, mailbox: Inbox) -> None:
    api.register(email=ADA, password=PASSWORD)
    [newest] = messages(ADA)
    for path in (f"/dev/mailbox/{newest['id']}/html", "/dev/gallery/mail/digest/"):
        policy = Http().get(path).headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "img-src 'self' https:", "sandbox allow-same-origin"} <= set(policy)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("123456 is your Acme code, valid for 10 minutes.\n\n@example.com #123456", "123456"),
        ("Ihr Code lautet:\n\n    12345678\n\nEr gilt 10 Minuten.", "12345678"),
        ("ABCDE-FGHJK-MNPQR-STUVW", "ABCDE-FGHJK-MNPQR-STUVW"),
        ("Somebody tried to sign up from 203.0.113.7 on 26 November 2026 with 491511234567.", ""),
        ("See https://example.com/123456 for 654321 reasons", ""),
    ],
)
def test_a_code_stands_alone_on_its_line(house: None, mailbox: Inbox, text: str, code: str) -> None:
    with configured(MAILBOX=True):
        deliver_sms(uuid4(), "+491511234567", RenderedMessage(subject="Acme", text=text))
        assert messages("+491511234567")[0]["code"] == code
