"""UX 6: the activity of an account speaks to its owner: every event, every refusal, and whoever did it."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest
from django.utils import timezone
from django.utils.translation import override

from tests import pseudo_locale
from tests.configured import configured
from tests.oauth import create_application
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule import flows
from vestibule.accounts.models import User
from vestibule.audit import events
from vestibule.audit.models import AuditEvent
from vestibule.flows.flow import FLOW_NAMES
from vestibule.sessions.models import Device
from vestibule.web.pages.activity_words import describe_event, describe_reason
from vestibule.web.problems import PROBLEMS

ADA = "ada@example.com"
ACTIVITY = "/account/activity/"
HIDDEN = "198.51.100.1"  # of a member of staff
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
NEUTRAL = {"Something happened to your account", "Something was refused"}
SLUG = re.compile(r"\b[a-z]+[._][a-z]+\b")


def every_name() -> list[str]:
    """Of each event that has a row in the audit log, and of the refusal of each flow."""
    for module in pkgutil.walk_packages(flows.__path__, "vestibule.flows."):
        importlib.import_module(module.name)
    return [
        *(each.name for each in events.ALL_EVENTS if each.in_audit_log),
        *(f"{flow}.refused" for flow in FLOW_NAMES),
    ]


@pytest.fixture(scope="module", autouse=True)
def _languages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pseudo_locale.installed(tmp_path_factory.mktemp("locale")):
        yield


@pytest.fixture
def pages(api: Api, inbox: Inbox) -> Http:
    """Ada at her pages, in a browser that says which it is."""
    api.account(inbox, ADA)
    http = Http(HTTP_USER_AGENT=LINUX)
    http.post("/login/", {"name": ADA, "password": PASSWORD})
    return http


def shown(http: Http, path: str = ACTIVITY) -> list[str]:
    """Each row of the page as it is read."""
    rows = re.findall(r'<li><div class="setting">(.*?)</li>', http.get(path).content.decode(), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in rows]


def record(name: str, **more: object) -> None:
    """A row of Ada's, as the newest."""
    AuditEvent.objects.create(**{"at": timezone.now(), "name": name, "actor": "user", "user_id": me(), **more})


def me() -> object:
    return User.objects.get(email=ADA).pk


def test_ux_06_every_event_and_every_refusal_has_words_of_its_own() -> None:
    told = {name: describe_event(name, "") for name in every_name()}
    assert len(told) > 150
    assert [name for name, words in told.items() if words in NEUTRAL] == []
    assert [
        words for words in told.values() if SLUG.search(words) or not words[0].isupper() or words[-1] in ".!?"
    ] == []
    assert [words for words in told.values() if re.search(r"\b(A person|Refused|the house|Staff)\b", words)] == []


def test_ux_06_every_refusal_says_why() -> None:
    """Each problem that a flow can refuse with; the others are of requests that reach no flow."""
    of_requests = {"parse_error", "bad_request", "https_required", "method_not_allowed", "not_acceptable"}
    of_requests |= {"body_too_large", "unsupported_media_type", "server_error"}
    codes = {problem.code or key for key, problem in PROBLEMS.items()} - of_requests
    assert [code for code in sorted(codes) if not describe_reason("profile.change.refused", code)] == []
    assert describe_reason("profile.changed", "") == describe_reason("session.opened", "pwd otp") == ""


def test_ux_06_all_of_it_is_translated() -> None:
    with override(pseudo_locale.LANGUAGE):
        for name in every_name():
            assert describe_event(name, "").startswith("["), name


def test_ux_06_a_sign_in_names_the_browser_and_a_wrong_password_what_it_was_for(pages: Http) -> None:
    signed_in, *_ = shown(pages)
    assert signed_in.startswith("You signed in Chrome on Linux · 127.0.0.1 · by password · ")
    pages.post("/account/security/password/", {"act": "password", "current_password": "x", "password": "y" * 20})
    assert shown(pages)[0].startswith("Wrong password when changing the password Chrome on Linux · ")
    pages.post("/account/picture/", {"remove_picture": "1"})
    assert shown(pages)[0].startswith("You changed your picture Chrome on Linux")


def test_ux_06_browser_and_system_are_named_in_the_language_of_the_reader(pages: Http) -> None:
    User.objects.update(language=pseudo_locale.LANGUAGE)
    for path in (ACTIVITY, "/account/sessions/"):
        assert "[Chrome on Linux]" in pages.get(path).content.decode()
    device = Device.objects.latest("created_at")
    Device.objects.filter(pk=device.pk).update(name="My own name on it")
    assert "My own name on it" in pages.get(f"/account/devices/{device.pk}/").content.decode()


def test_ux_06_every_row_of_every_name_can_be_read(pages: Http) -> None:
    for name in every_name():
        record(name, code="" if name.endswith("refused") else "x")
    rows = [row for page in range(1, 6) for row in shown(pages, f"{ACTIVITY}?page={page}")]
    assert len(rows) > 150
    assert [
        row for row in rows if SLUG.search(row.replace("127.0.0.1", "").replace("a.m.", "").replace("p.m.", ""))
    ] == []


def test_ux_06_who_did_it_is_named(pages: Http) -> None:
    """The staff and the service by the brand, an application and a provider as such; never "the house"."""
    staff = User.objects.create(email="boss@example.com").pk
    shop = create_application(name="The Library")
    with configured(BRAND_NAME="Acme"):
        for name, more, words in (
            (
                "account.suspended",
                {"by_id": staff, "address": "198.51.100.1"},
                "Acme suspended your account Acme staff · ",
            ),
            ("factors.reset", {"actor": "system:worker"}, "Your second factors were removed Acme · "),
            ("application.signed_in", {"agent": LINUX}, "You signed in to an application An application · "),
            (
                "application.signed_in",
                {"agent": LINUX, "application": "gone"},
                "You signed in to an application An application · ",
            ),
            (
                "application.signed_in",
                {"agent": LINUX, "application": shop.client_id},
                "You signed in to an application The Library · ",
            ),
            (
                "application.allowed",
                {"agent": LINUX, "application": shop.client_id},
                "You let an application use your account The Library · Chrome on Linux · ",
            ),
            ("provider_event.received", {}, "A provider reported a change of your account there Another provider · "),
            ("session.opened", {"agent": ""}, "You signed in Unknown device · "),
            ("something.new", {}, "Something happened to your account Unknown device · "),
            ("something.new.refused", {}, "Something was refused Unknown device · "),
        ):
            record(name, **more)
            newest = shown(pages)[0]
            assert newest.startswith(words), newest
            assert HIDDEN not in newest  # where the staff are is not for the person


def test_ux_06_the_newest_come_first_and_links_lead_to_older_and_newer_ones(pages: Http) -> None:
    for number in range(120):
        record("profile.changed", request_id=str(number))
    for page, links in (("", {"Older": 2}), ("?page=2", {"Newer": 1, "Older": 3}), ("?page=3", {"Newer": 2})):
        text = pages.get(f"{ACTIVITY}{page}").content.decode()
        found = re.findall(r'href="[^"]*\?page=(\d)">(\w+)<', text)
        assert {name: int(number) for number, name in found} == links
    for wrong in ("0", "-1", "x", "9" * 30, "²"):
        assert pages.get(f"{ACTIVITY}?page={wrong}").status_code == 200


def test_ux_06_the_event_log_of_the_api_stays_as_it_is(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    [newest, *_] = api.send("GET", "events", access).body["results"]
    assert newest["name"] == "session.opened"
