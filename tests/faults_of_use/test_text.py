"""FAULTS 24, 29, 30: one rule for human text. A device's label never refuses a sign-in; names hide nothing; free text
is what people type."""

import pytest

from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts import identifiers
from vestibule.accounts.models import Profile, User
from vestibule.addresses import parsing
from vestibule.kernel import text
from vestibule.kernel.errors import Malformed
from vestibule.sessions.models import Device

ADA = "ada@example.com"
LABELS = {
    "iPhone\u00a0de Zoë": "iPhone\u00a0de Zoë",
    "Zoë’s iPhone 👩\u200d💻": "Zoë’s iPhone 👩\u200d💻",
    "گوشی علی\u200cرضا": "گوشی علی\u200cرضا",
    "\u200fהטלפון של דנה\u200f": "הטלפון של דנה",
    "My\tphone": "My phone",
    "My\r\nphone": "My  phone",
    "a\u2028b": "a b",
    "a\x00b\x1b\ud800c\uffffd\u202ee": "abcde",
    "❤\ufe0f phone": "❤\ufe0f phone",
    "x" * 5000: "x" * 100,
    "x" * 99 + "👩\u200d💻": "x" * 99,
    "x" * 98 + "🇬🇧🇫🇷": "x" * 98 + "🇬🇧",
    "x" * 99 + "🇫🇷": "x" * 99,
}


@pytest.mark.parametrize("said", LABELS, ids=ascii)
def test_fault_30_no_label_refuses_a_sign_in_or_a_sign_up(api: Api, ada: str, said: str) -> None:
    device = {"device_name": said, "device_type": said, "browser": said, "os": said, "fingerprint_hash": "abc"}
    assert api.login(ADA, device=device).status == 200
    kept = Device.objects.get()
    assert (kept.name, kept.type) == (LABELS[said], "")
    assert (kept.browser, kept.os) == (text.clean_label(said, 60), text.clean_label(said, 60))
    assert api.start(email="new@example.com", password=PASSWORD, device=device).status == 202  # type: ignore[arg-type]
    assert api.register(email="bob@example.com", password=PASSWORD, device=device).status == 201


def test_fault_30_no_user_agent_refuses_anything(api: Api, ada: str) -> None:
    for agent in ("\x00\x1b[31m", "é" * 5000, "\u202e", "a\tb", ""):
        reply = api.post("login", {"email": ADA, "password": PASSWORD}, **{"User-Agent": agent})
        assert reply.status == 200


def test_fault_30_a_cut_never_splits_a_character_and_never_runs_long() -> None:
    family = "👨\u200d👩\u200d👧\u200d👦"
    assert text.clean_label("x" * 95 + family, 100) == "x" * 95
    assert text.clean_label("x" * 99 + "e\u0301", 100) == "x" * 99
    assert len(text.clean_label("e" + "\u0301" * 100_000, 100)) == 100
    assert text.clean_label("x" * 101, 100) == "x" * 100


NAMES = [
    *(
        "Zoe\u0308 O'Brien, Jr.",
        "علی\u200cرضا",
        "अवन्\u200d",
        "ന്\u200d ന്\u200d",
        "👨\u200d👩\u200d👧\u200d👦",
        "דנה",
        "葛\U000e0100城",
    ),
    *(
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "🧑🏽\u200d⚕\ufe0f",
        "Ana\u00a0María",
        "Z\u0337\u031b\u0354a",
    ),
    *("۲۰\u200cساله", "\U0001fae9", "<b>{{7*7}}</b>", "李", "a" * 150),
]
NO_NAMES = [
    *("\u3164", "a\u00adb", "a\U000e0041b", "a\uffffb", "a\ufdd0b", "a\U0002fffeb", "a\u2028b", "a\u2029b", "a\u200bb"),
    *(
        "a\u202eb",
        "a\u2066b\u2069",
        "a\u200d b",
        "a\u200c\u200cb",
        "\u115f\u1160",
        "\uffa0",
        "\u2800",
        "a\u034fb",
        "\ufe0f",
    ),
    *("a\x7fb", "a\x85b", "a\x1bb", "a\nb", "a\u0378b", "a\u180eb", "a\U000e0001b", "a\u2064b"),
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_fault_24_a_name_of_any_orthography(name: str) -> None:
    parsed = identifiers.parse_full_name(f"\u200f {name}\u200b\ufeff\t")
    assert identifiers.parse_full_name(parsed) == parsed
    assert parsed == identifiers.parse_full_name(name)


@pytest.mark.parametrize("name", NO_NAMES, ids=ascii)
def test_fault_24_a_name_hides_nothing(name: str) -> None:
    with pytest.raises(Malformed):
        identifiers.parse_full_name(name)


def test_fault_24_by_both_doors(api: Api, inbox: Inbox, ada: str) -> None:
    pages = signed_in(Http())
    for name in ("\u3164", "a\u2028b", "a\U000e0041b"):
        reply = api.send("PATCH", "me", ada, {"full_name": name})
        assert (reply.status, list(reply.body["errors"])) == (400, ["full_name"])
        assert pages.post("/account/", {"full_name": name}).status_code == 400
    assert api.send("PATCH", "me", ada, {"full_name": "\u200fדנה\u200f"}).body["full_name"] == "דנה"
    assert api.start(email="\u200bbob@example.com\ufeff", password=PASSWORD).status == 202
    assert inbox.newest("bob@example.com").code


def signed_in(http: Http) -> Http:
    assert http.post("/login/", {"name": ADA, "password": PASSWORD}).status_code == 303
    return http


LINES = {"1 Main St\r\n12345 Town": "1 Main St\n12345 Town", "a\rb\nc\td": "a\nb\nc d", "a\u2028b": "a\nb"}
PROSE = [
    "Hé\u00a0!",
    "👩\u200d💻 dev",
    "علی\u200cرضا",
    "क्\u200dष",
    "\u202a+1 415\u202c",
    "\u2067דנה\u2069 dev",
    "soft\u00adhyphen",
]
NO_PROSE = ["a\x00b", "a\x1bb", "a\u202eb", "a\u2066b", "a\u2069b", "\u2066a\nb\u2069", "a\uffffb", "a\U000e0041b"]


@pytest.mark.parametrize("field", ["bio", "address"])
def test_fault_29_two_lines_by_page_and_by_api(api: Api, ada: str, field: str) -> None:
    pages = signed_in(Http())
    for typed, kept in LINES.items():
        assert pages.post("/account/", {field: typed}).status_code == 303
        assert getattr(Profile.objects.get(), field) == kept
        assert api.send("PATCH", "me", ada, {"profile": {field: typed}}).body["profile"][field] == kept
    longest = {"bio": 500, "address": 300}[field]  # a textarea's maxlength counts a line break once
    lines = "\r\n".join(["x" * 9] * (longest // 10)) + "y"
    assert pages.post("/account/", {field: lines}).status_code == 303
    assert pages.post("/account/", {field: lines + "z"}).status_code == 400


def test_fault_30_free_text_is_what_people_type(api: Api, ada: str) -> None:
    for typed in PROSE:
        assert api.send("PATCH", "me", ada, {"profile": {"bio": typed}}).body["profile"]["bio"] == typed
    for typed in NO_PROSE:
        reply = api.send("PATCH", "me", ada, {"profile": {"bio": typed}})
        assert reply.status == 400
        assert next(iter(reply.body["errors"])).startswith("profile"), typed


def test_fault_30_a_staff_members_reason_is_free_text(api: Api, inbox: Inbox, ada: str) -> None:
    api.account(inbox, "bob@example.com")
    User.objects.filter(email=ADA).update(role="admin")
    bob = User.objects.get(email="bob@example.com")
    path = f"/api/admin/users/{bob.pk}/suspend"
    assert api.send("POST", path, ada, {"reason": "not \u202e so"}).body["codes"] == {"reason": ["invalid"]}
    assert api.send("POST", path, ada, {"reason": "spam\u00a0: 👩\u200d💻\r\nagain"}).status == 200


def test_inp_02_many_combining_marks_are_refused_before_they_are_sorted() -> None:
    """Canonical ordering of n marks is n² steps: what is too long is not normalised."""
    marks = "a" + "\u0315\u0300" * 50_000
    for parser in (
        identifiers.parse_full_name,
        parsing.parse_email,
        identifiers.parse_username,
        parsing.parse_phone,
    ):
        with pytest.raises(Malformed):
            parser(marks)


@pytest.mark.parametrize(
    "said", ["", " ", " a ", "Mozilla/5.0 (X11; Linux x86_64)", "x" * 99 + " y", "x" * 300, " " * 300 + "x"]
)
def test_a_plain_label_is_cleaned_as_any_other(said: str) -> None:
    """By the short way for ASCII: a letter of another script, taken away again, sends the same text the long way."""
    long_way = text.clean_label(said + "\u200b", 100)
    assert text.clean_label(said, 100) == long_way
