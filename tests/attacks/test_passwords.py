"""What a password may be (PWD-*, HOL-23): anything long that nobody tries first."""

from hashlib import sha1
from pathlib import Path

import pytest

from tests.configured import configured
from tests.world import PASSWORD, Api, Inbox
from vestibule.accounts import password_validators, passwords
from vestibule.accounts.breach_file import contains_digest
from vestibule.accounts.models import User
from vestibule.service.settings import value_types

ADA = "ada.lovelace@example.com"


def codes(password: str, **own: str) -> list[str]:
    return [problem.code for problem in passwords.find_policy_violations(password, User(**own))]


GUESSED = [
    *("123456789012", "012345678901", "098765432109", "aaaaaaaaaaaa", "abcabcabcabc", "passwordpassword"),
    *("PasswordPassword", "qwertyuiop12", "qwertyuiopas", "asdfghjkl123", "abcdefghijkl", "lkjihgfedcba"),
    *("1qaz2wsx3edc", "1q2w3e4r5t6y", "1QAZ2wsx#EDC", "qazwsxedcrfv", "zyxwvutsrqpo", "йцукенгшщзхъ", "аааааааааааа"),
    *("vestibulevestibule", "Vestibule2026!", "vestibule-vestibule", "vestibulepassword"),
    *("password1234", "Password2026!", "P@ssw0rd1234", "iloveyou1234", "sunshine1234!", "letmein!!!!!!"),
    *("112233445566", "123123123123", "121212121212", "            ", "............", "éééééééééééé"),
    *("unbelievable", "Administrator", "qwerty123456", "123456qwerty", "administrator1", "Hello1234567"),
    *("abc123abc123", "1234qwerasdf", "qwerqwerqwer", "0000000000000", "monkeymonkey", "aaaabbbbcccc"),
]
TAKEN = [
    *("correct horse battery staple", "twelve chars", "We all live in a yellow submarine", "purple-monkey-dishwasher"),
    *("mein Hund heißt Waldi", "le petit chat dort", "la vie est belle à Paris", "el perro de mi abuela"),
    *("kissa istuu puussa", "моя собака любит сыр", "в лесу родилась ёлочка", "собака бежит домой", "η γάτα κοιμάται"),
    *("köpeğim çok sevimli", "החתול ישן על המיטה", "قطتي تحب الحليب", "گربه روی دیوار است", "मेरा कुत्ता प्यारा है"),
    *("我的猫很喜欢在窗台上睡觉", "私の黒い猫は魚が大好きです", "고양이가 창가에서 잔다", "แมวของฉันชอบนอนมาก"),
    *("con mèo ngủ trên ghế", "mačka spava na krovu", "kot śpi na kanapie", "🦉🐍🦊🐸🐙🦋🐞🐢🐬🐘🦒🦔", "🦉" * 15),
    *("four tigers eat lunch", "x7#Kq9!vTz2@", "tr0ub4dor&3 again", "understudied rusty party"),
    *("my first studio apartment", "she sells sea shells", "Tyrannosaurus", "hyperventilating", "4 score and 7 years"),
]


@pytest.mark.parametrize("password", GUESSED, ids=ascii)
def test_hol_23_what_everybody_uses_at_this_length(password: str) -> None:
    assert len(password) >= 12
    assert codes(password) == ["password_too_common"]


@pytest.mark.parametrize("password", TAKEN, ids=ascii)
def test_pwd_02_a_passphrase_of_any_script_passes(password: str) -> None:
    assert codes(password, email="kim@example.org", username="kim", full_name="Kim Lee") == []


def test_hol_23_the_names_of_the_house() -> None:
    with configured(BASE_URL="https://auth.umbrella.example", BRAND_NAME="Sunny Side"):
        for password in (
            "umbrella2026!",
            "Umbrella-Umbrella",
            "sunny-side-123",
            "SunnySideSunnySide",
            "umbrellapassword",
        ):
            assert codes(password) == ["password_too_common"]
        assert codes("an umbrella for my aunt") == []


def test_hol_23_the_list_is_made_for_this_length() -> None:
    assert len(password_validators.common_passwords()) >= 3000
    assert min(map(len, password_validators.common_passwords())) >= 12
    for each in password_validators.common_passwords():
        assert codes(each.title()) == ["password_too_common"]


@pytest.mark.parametrize(
    "password",
    [
        *("ada.lovelace1", "adalovelace12", "Lovelace-1815", "lovelacelovelace", "xxLovelacexx12", "1lovelace1234"),
        *("14155550100!!", "+14155550100+"),
    ],
)
def test_pwd_05_nobodys_password_is_their_own_data(password: str) -> None:
    own = {"email": ADA, "username": "a_lovelace", "full_name": "Ada Lovelace", "phone_number": "+14155550100"}
    assert "password_too_similar" in codes(password, **own)
    assert codes(f"{password} sleeps on the sofa", **own) == []
    assert codes(PASSWORD, **own) == []


@pytest.mark.parametrize("length", [12, 64, 128, 129, 1024])
def test_pwd_01_long_ones_are_taken(length: int) -> None:
    words = "correct horse battery staple and then some more of it "
    assert codes((words * 20)[:length]) == []
    assert codes((words * 20)[:11]) == ["password_too_short"]
    assert codes("é" * 512 if length == 1024 else "x" * max(64, length)) == []


def test_pwd_06_one_megabyte_is_refused_before_any_work() -> None:
    """Bytes are counted first: nothing of it is normalised, compared or hashed."""
    assert codes("a\u0315\u0300" * 300_000, email=ADA) == ["password_too_long"]


@pytest.mark.parametrize("weak", ["123456789012", "vestibulevestibule", "unbelievable"])
def test_pwd_11_the_same_policy_at_every_door(api: Api, inbox: Inbox, weak: str) -> None:
    refused = [api.start(email=ADA, password=weak), api.register(email=ADA, password=weak)]
    access = api.account(inbox, ADA)
    refused.append(api.send("POST", "password/change", access, {"current_password": PASSWORD, "password": weak}))
    api.post("password/reset", {"email": ADA})
    token = inbox.newest(ADA).token
    refused.append(api.post("password/reset/confirm", {"token": token, "password": weak}))
    for reply in refused:
        assert (reply.status, reply.body["codes"]) == (400, {"password": ["password_too_common"]})
    assert User.objects.count() == 1
    assert api.login(ADA).status == 200


def digest(password: str) -> str:
    return sha1(password.encode()).hexdigest().upper()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 1000])
@pytest.mark.parametrize("line", ["{}\n", "{}:7\r\n"])
def test_pwd_03_every_line_of_a_list_is_found_and_nothing_else(tmp_path: Path, count: int, line: str) -> None:
    path = tmp_path / "breached.txt"
    kept = sorted(digest(f"stolen {number}") for number in range(count))
    path.write_text("".join(map(line.format, kept)), newline="")
    assert all(contains_digest(path, each) for each in kept)
    assert not any(contains_digest(path, digest(f"mine {number}")) for number in range(100))
    path.write_text("".join(map(line.format, kept)).rstrip().lower(), newline="")
    assert all(contains_digest(path, each) for each in kept)


def test_pwd_03_a_list_as_a_file_counts_at_every_door(api: Api, inbox: Inbox, tmp_path: Path) -> None:
    stolen, path = "a stolen password of somebody", tmp_path / "breached.txt"
    path.write_text(f"{digest(stolen)}:3\n")
    access = api.account(inbox, ADA)
    api.post("password/reset", {"email": ADA})
    token = inbox.newest(ADA).token
    with configured(PASSWORD_BREACH_FILE=value_types.parse_digest_file(str(path))):
        refused = [
            api.start(email="new@example.com", password=stolen),
            api.register(email="new@example.com", password=stolen),
            api.post("password/reset/confirm", {"token": token, "password": stolen}),
            api.send("POST", "password/change", access, {"current_password": PASSWORD, "password": stolen}),
        ]
        assert [reply.body["codes"] for reply in refused] == [{"password": ["password_breached"]}] * 4
        path.unlink()  # it went away while we ran: nobody is kept out by it
        assert api.start(email="new@example.com", password=stolen).status == 202


@pytest.mark.parametrize("content", [b"", b"password\n", b"0" * 39 + b"\n", b"\xff" * 80])
def test_pwd_03_what_is_no_list_stops_the_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "breached.txt"
    path.write_bytes(content)
    for named in (path, tmp_path, tmp_path / "nothing"):
        with pytest.raises(value_types.UnreadableValue):
            value_types.parse_digest_file(str(named))
