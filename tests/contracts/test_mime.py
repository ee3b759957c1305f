"""A mail is the same mail that Django's own classes make of it: headers, parts, character sets and words."""

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message as Parsed
from smtplib import quoteaddr

import pytest
from django.conf import settings
from django.core.mail import BadHeaderError
from django.core.mail.message import sanitize_address
from hypothesis import example, given
from hypothesis import strategies as st

from tests.configured import configured
from vestibule.courier import rendering
from vestibule.courier.messages import KINDS
from vestibule.courier.transports.mime import TwoPartMail, envelope_address
from vestibule.web.pages.gallery.messages import message_params

SENDERS = ("Vestibule <no-reply@example.com>", "no-reply@example.com", '"Müller, Söhne" <no-reply@bücher.example>')
LONG = "https://auth.example.com/reset/?token=" + "x" * 1200
words = st.text(st.characters(exclude_categories=["Cs"]))


def mail(subject: str, text: str, html: str, to: str = "ada@example.com", sender: str = SENDERS[0]) -> TwoPartMail:
    headers = {"Message-ID": "<1@example.com>", "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    return TwoPartMail(subject=subject, body=text, html=html, from_email=sender, to=[to], headers=headers)


def read_headers(message: Parsed) -> dict[str, str]:
    """Each header as a person reads it; a boundary is whatever its mail says."""
    found = {name: str(make_header(decode_header(" ".join(value.split())))) for name, value in message.items()}
    found["Content-Type"] = re.sub(r'; boundary="[^"]+"', "", found["Content-Type"])
    assert len(found) == len(message.keys())
    return found


def read(content: bytes) -> tuple[dict[str, str], list[tuple[dict[str, str], str]]]:
    """The headers of a mail, and those of each part with its words."""
    message = message_from_bytes(content)
    parts = []
    for part in message.walk():
        if part is not message:
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            parts.append((read_headers(part), payload.decode("utf-8").replace("\r\n", "\n")))
    return read_headers(message), parts


def assert_same(made: TwoPartMail) -> None:
    """As Django's own way makes it; `Date` may have moved on by a second."""
    ours, theirs = read(made.as_bytes()), read(made.message().as_bytes())
    assert ours[0].pop("Date")[:16] == theirs[0].pop("Date")[:16]
    assert ours == theirs


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_every_kind_of_mail_is_the_one_that_django_makes(house: None, language: str) -> None:
    for kind in KINDS.values():
        found = rendering.render_mail(kind, message_params(kind), language)
        assert_same(mail(found.subject, found.text, found.html))


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("to", ["ada@example.com", "a" * 64 + "@" + "b" * 60 + ".example", '"a b"@example.com'])
def test_whoever_writes_to_whom(sender: str, to: str) -> None:
    made = mail("042042 is your code", f"{LONG}\n", f"<p>{LONG}</p>", to, sender)
    assert_same(made)
    assert envelope_address(to) == sanitize_address(to, "utf-8")
    assert quoteaddr(envelope_address(sender)) == quoteaddr(sanitize_address(sender, "utf-8"))


@given(words, words, words)
@example("042042 · Vestibule", ".\n..\n.v {}\nFrom me\n--=_vestibule--\n", "a \t\n=\n" + "=3D" * 40 + "\r\n" + "ä" * 90)
@example("?=" * 30, "\x00\x0b\x85\u2028", " " * 80 + "\n" + " " * 80)
def test_whatever_it_says(subject: str, text: str, html: str) -> None:
    made = mail(subject, text, html)
    if "\n" in subject or "\r" in subject:
        with pytest.raises(BadHeaderError):
            made.as_bytes()
        return
    content = made.as_bytes()
    assert content.isascii()
    assert not re.search(rb"[^\r]\n|\r[^\n]", content)
    headers, body = content.split(b"\r\n\r\n", 1)
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert headers.count(b"\r\nTo: ") == 1
    said = [words for _, words in read(content)[1]]
    assert said == [each.replace("\r\n", "\n").replace("\r", "\n") for each in (text, html)]
    if subject.isprintable() and "=?" not in subject:
        assert read(content)[0]["Subject"] == str(make_header(decode_header(" ".join(subject.split()))))


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("header", ["subject", "to", "sender"])
def test_no_header_holds_a_line_break(header: str, break_: str) -> None:
    """ABU-04."""
    given = {"subject": "ä", "to": "ada@example.com", "sender": SENDERS[0]}
    given[header] += f"{break_}Bcc: eve@example.com"
    with pytest.raises((BadHeaderError, ValueError)):
        mail(text="", html="", **given).as_bytes()


@pytest.mark.parametrize("two", ["ada@example.com, eve@example.com", "ada@example.com eve@example.com"])
def test_an_envelope_has_one_address(two: str) -> None:
    """ABU-05."""
    with pytest.raises(ValueError, match="Invalid address"):
        envelope_address(two)


def test_a_sender_of_another_setting_is_not_the_one_before() -> None:
    for sender in SENDERS:
        with configured(DEFAULT_FROM_EMAIL=sender):
            assert mail("Hello", "a", "b", sender=settings.DEFAULT_FROM_EMAIL).as_bytes().count(b"\r\nFrom: ") == 1
            assert_same(mail("Hello", "a", "b", sender=settings.DEFAULT_FROM_EMAIL))
