"""Mail as it leaves: refused for reasons of ours, sent by names with specials, over TLS from the first byte."""

import ssl
from datetime import timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from uuid import UUID

import pytest
from django.utils import timezone

from tests.configured import configured
from tests.faults_of_use.sinks import certificate, sink
from tests.letters import parsed
from tests.world import PASSWORD, Api, Door, Inbox, Smtp
from vestibule.audit import events
from vestibule.audit.record import EVENT_COUNTER
from vestibule.courier import backlog, delivery, messages, rendering
from vestibule.courier.message_kind import MessageKind
from vestibule.courier.messages import KINDS
from vestibule.courier.models import Message, State
from vestibule.courier.transports import channels
from vestibule.service.settings.value_types import format_mailbox

ADA = "ada@example.com"
ID = UUID("0c0ffee0-0000-4000-8000-000000000001")
PARAMS: dict[str, str | int] = {"address": "192.0.2.1", "at": "01 March 2026", "minutes": 10, "code": "042042"}
NAMES = [
    *("Acme, Inc.", "Foo: Bar", "A@B", "[ACME]", "<Acme>", "Acme; Co", "Acme (Beta)", 'The "Best" Co', "back\\slash"),
    *(
        "Müller & Söhne GmbH",
        "Müller, Söhne",
        "Dr. Who",
        "O'Neil",
        "株式会社" * 9,
        "🔑 Keys, Inc.",
    ),
    *("", "a" * 200),
]


def letter(smtp: Smtp) -> EmailMessage:
    """The one that arrived, parsed."""
    [content] = smtp.letters
    return message_from_bytes(content, policy=policy.default)


def alarms() -> float:
    """How many alarms there were so far."""
    name = events.TRANSPORT_REFUSES_US.name
    return sum(
        sample.value
        for metric in EVENT_COUNTER.collect()
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels["event"] == name
    )


def try_again() -> None:
    """As if the wait for the next try were over."""
    Message.objects.filter(state=State.QUEUED).update(due_at=timezone.now())
    delivery.deliver_due_messages(timezone.now())


@pytest.mark.parametrize(
    "no",
    [
        "554 5.7.1 <ada@example.com>: Relay access denied",
        "550 5.7.1 blocked using zen.spamhaus.org",
        "550 relaying denied",
        "530 5.7.0 Authentication required",
        "550 5.1.8 sender's domain not found",
        "554 5.3.0 misconfigured",
        "550 5.4.1 no route",
        "503 5.5.1 out of order",
    ],
)
def test_fault_08_a_refusal_that_speaks_of_us_loses_no_mail(door: Door, no: str) -> None:
    before = alarms()
    with sink() as smtp:
        smtp.refuse = no
        assert door.start(email=ADA, password=PASSWORD).status in (200, 202, 303)
        delivery.deliver_due_messages(timezone.now())
        assert alarms() == before + 1
        assert sum(backlog.count_sender_refusals().values()) == 1
        smtp.refuse = None
        try_again()
        assert [parsed(each).to for each in smtp.letters] == [ADA]
        assert backlog.count_sender_refusals() == {}
        door.start(email="bob@example.com", password=PASSWORD)
        door.start(email=ADA, password=PASSWORD)
        delivery.deliver_due_messages(timezone.now())
        assert [parsed(each).to for each in smtp.letters[1:]] == ["bob@example.com", ADA]


def test_fault_08_what_is_refused_for_a_day_is_given_up_where_everybody_sees_it(api: Api) -> None:
    api.start(email=ADA, password=PASSWORD)
    Message.objects.update(useless_at=None)
    with sink() as smtp:
        smtp.refuse = "554 5.7.1 relay access denied"
        delivery.deliver_due_messages(timezone.now())
        Message.objects.update(created_at=timezone.now() - delivery.GIVE_UP_AFTER)
        try_again()
    message = Message.objects.get()
    assert (message.state, message.trouble, message.feedback) == (State.ABANDONED, "refuses us: 554 5.7.1", "")
    assert backlog.count_given_up(timezone.now(), timedelta(days=1)) == 1


def test_fault_08_a_message_that_nobody_takes_ends_and_silences_nobody(api: Api) -> None:
    api.start(email=ADA, password=PASSWORD)
    with sink() as smtp:
        smtp.refuse = "552 5.3.4 message too big"
        delivery.deliver_due_messages(timezone.now())
        assert [(each.state, each.feedback) for each in Message.objects.all()] == [(State.ABANDONED, "")]
        smtp.refuse = None
        api.start(email=ADA, password=PASSWORD)
        delivery.deliver_due_messages(timezone.now())
        assert len(smtp.letters) == 1


@pytest.mark.parametrize("name", NAMES)
def test_fault_09_a_name_reads_as_it_was_typed(house: None, name: str) -> None:
    with sink() as smtp, configured(DEFAULT_FROM_EMAIL=format_mailbox(name, "no-reply", "auth.example.com")):
        channels.send_mail(ID, ADA, rendering.render_mail(messages.REGISTRATION_CODE, PARAMS))
    encoded, address = parseaddr(message_from_bytes(smtp.letters[0])["From"])
    assert (str(make_header(decode_header(encoded))), address) == (name, "no-reply@auth.example.com")
    assert letter(smtp)["To"] == ADA
    assert smtp.letters[0].partition(b"\r\n\r\n")[0].isascii()


@pytest.mark.parametrize("domain", ["bücher.example", "xn--bcher-kva.example"])
def test_fault_09_a_domain_in_another_script_is_sent_in_ascii(house: None, domain: str) -> None:
    with sink() as smtp, configured(DEFAULT_FROM_EMAIL=f"Bücher <no-reply@{domain}>"):
        channels.send_mail(ID, ADA, rendering.render_mail(messages.REGISTRATION_CODE, PARAMS))
    assert letter(smtp)["From"].addresses[0].addr_spec == "no-reply@xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("host", "id"),
    [
        ("anmelden.bücher.example", f"<{ID}@anmelden.xn--bcher-kva.example>"),
        ("[fd00::5]", f"<{ID}@[IPv6:fd00::5]>"),
        ("192.168.1.5", f"<{ID}@[192.168.1.5]>"),
    ],
)
def test_fault_14_a_message_id_is_ascii(inbox: Inbox, house: None, host: str, id: str) -> None:
    with configured(BASE_URL=f"http://{host}"):
        channels.send_mail(ID, ADA, rendering.render_mail(messages.REGISTRATION_CODE, PARAMS))
        channels.send_sms(ID, "+14155550100", rendering.render_sms(messages.REGISTRATION_CODE, PARAMS))
    assert [post.headers["Message-ID"].strip() for post in inbox.all()] == [id, id]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_part_of_every_mail_is_safe_on_seven_bits(house: None, kind: MessageKind) -> None:
    link = "https://auth.example.com/reset/?token=" + "x" * 1200
    params = {**PARAMS, "link": link, "at": "1er août 2026, 12 h 00", "address": "東京"}
    with sink() as smtp:
        channels.send_mail(ID, ADA, rendering.render_mail(kind, params))
    assert smtp.letters[0].isascii()
    assert max(map(len, smtp.letters[0].splitlines())) <= 998
    post = parsed(smtp.letters[0])
    assert link in post.text or link not in rendering.render_mail(kind, params).text
    assert "août" in post.text or "août" not in rendering.render_mail(kind, params).text


def test_fault_10_mail_goes_by_tls_from_the_first_byte(
    house: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with sink(tls=tls, EMAIL_USE_SSL=True) as smtp:
        channels.send_mail(ID, ADA, rendering.render_mail(messages.REGISTRATION_CODE, PARAMS))
        assert letter(smtp)["To"] == ADA


def test_fault_10_a_certificate_that_nobody_vouches_for_is_our_fault_and_told(api: Api, tmp_path: Path) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate(tmp_path))
    api.start(email=ADA, password=PASSWORD)
    with sink(tls=tls, EMAIL_USE_SSL=True) as smtp:
        delivery.deliver_due_messages(timezone.now())
    assert smtp.letters == []
    assert list(backlog.count_sender_refusals()) == ["SSLCertVerificationError"]
