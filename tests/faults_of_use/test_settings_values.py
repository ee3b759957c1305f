"""What people write for a setting is read as documented, or stops the start with an id: never a guess, never off."""

import re
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import settings

from vestibule.service.settings import value_types
from vestibule.service.settings.reader import Setting, SettingsReader

KNOWN: dict[str, Setting[Any]] = settings.ENVIRONMENT.known
HUGE = "9" * 5000
# For whatever kind; and what each kind makes of it where it is no refusal.
HOSTILE = [
    *(
        "enabled",
        "enable",
        "t",
        "'true'",
        '"on" # keep',
        "on off",
        "o n",
        "truе",
        "ｏｎ",
        "$x",
        "${HOME}",
        "\\$x",
        "a\\b",
    ),
    *(
        "-1",
        "1e3",
        "0x10",
        "1_000",
        "1.5",
        "٣",
        "1,",
        HUGE,
        "NaN",
        "inf",
        "∞",
        "10 per week",
        "0/minute",
        "5/fortnight",
    ),
    *("a b", "a, b", ",", ", ,", "*", "null", "a\nb", "a\r\nBcc: x@example.com", "a\0b", "\udcff", "x\u2028y", "<x>"),
    *("http://", "http:///x", "//x", "javascript:alert(1)", "http://[", "http://a:99999", "http://a:b@c", "http://a b"),
    *(
        "redis://",
        "postgres://",
        "postgres://u:p@h:99999/n",
        "postgres://h/n?x=1",
        "redis://:a#b@h",
        "redis://h/x",
        "rediss",
    ),
    *(
        "@",
        "a@",
        "a@b, c@d",
        "Acme, Inc. <a@example.com>",
        "é" * 300,
        "🙂",
        "a" * 300,
        "..",
        "a..b",
        "-",
        "999.1.1.1",
        "::g",
    ),
]


def read(name: str, text: str) -> tuple[Any, list[str]]:
    reader = SettingsReader({name: text})
    value = reader.read_setting(KNOWN[name])
    return value, [each.id for each in reader.findings]


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_fault_02_no_setting_guesses_what_was_meant(name: str) -> None:
    """Each hostile value is taken as the text that it is, parsed within bounds, or refused with the setting's id."""
    setting = KNOWN[name]
    for text in HOSTILE:
        reader = SettingsReader({name: text})
        value = reader.read_setting(setting)
        if reader.findings:
            [finding] = reader.findings
            assert (finding.id, value) == (setting.id, setting.default), text
            assert finding.problem.startswith(name)
            assert finding.remedy
            assert finding.problem.isprintable()
            assert not (setting.secret and len(text) > 12 and text in finding.problem + finding.remedy)
        elif setting.kind in ("text", "secret"):
            assert value == value_types.strip_quotes(text)
        elif setting.kind == "switch":
            assert text.strip("'\"").lower() in ("on", "off", "true", "false", "1", "0")
        elif setting.kind == "number":
            assert str(value) == text
        elif setting.kind == "rate":
            assert re.fullmatch(r"\d+ ?(/|per) ?\w+(;\d+/\w+)*", value)
        assert "\n" not in str(value)


@pytest.mark.parametrize("name", sorted(KNOWN))
@pytest.mark.parametrize("text", ["", " ", '""', "''", "\t"])
def test_fault_04_empty_is_unset(name: str, text: str) -> None:
    setting = KNOWN[name]
    assert read(name, text) == ("" if setting.kind == "rate" else setting.default, [])


@pytest.mark.parametrize("name", sorted(name for name, setting in KNOWN.items() if setting.kind in ("text", "secret")))
@pytest.mark.parametrize(
    "text", ["$ecret-pw", "$q*eo+c&2!)u9^tpd6f=0szxt6+th!j^#z9$1mh!kyen*36($t)", "\\$a\\n", "${X:-y}", "%(x)s", "{{x}}"]
)
def test_fault_01_text_is_opaque(name: str, text: str) -> None:
    assert read(name, text) == (text, [])
    assert read(name, f'"{text}"') == (text, [])
    assert read(name, f"\"'{text}'\"") == (f"'{text}'", [])


@pytest.mark.parametrize("name", sorted(name for name, setting in KNOWN.items() if setting.kind == "switch"))
def test_fault_02_switches(name: str) -> None:
    for text in ("on", "On", "YES", " true ", "1", '"on"', "'TRUE'"):
        assert read(name, text) == (True, []), text
    for text in ("off", "OFF", "no", "False", "0", '"off"'):
        assert read(name, text) == (False, []), text
    for text in ("enabled", "disabled", "t", "f", "y", "n", "2", "onn", '"on" # keep', "on;", "None"):
        assert read(name, text) == (KNOWN[name].default, ["E032"]), text


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("ALLOWED_HOSTS", "a.com, b.com,", ["a.com", "b.com"]),
        ("ALLOWED_HOSTS", "fd00::5, [::1], Bücher.example, .a.com, *", None),
        (
            "CORS_ALLOWED_ORIGINS",
            "https://a.example, https://B.example:443",
            ["https://a.example", "https://b.example"],
        ),
        ("SMS_COUNTRIES", "de, AT", ["DE", "AT"]),
        ("SIGNUP_FIELDS", "username, full_name", ["username", "full_name"]),
        ("TRUSTED_PROXIES", "10.0.0.0/8, 172.16.0.0/12", [ip_network("10.0.0.0/8"), ip_network("172.16.0.0/12")]),
        ("SECRET_KEY_FALLBACKS", " one , two", ["one", "two"]),
        ("OTP_COOLDOWNS", "1, 2", [1, 2]),
    ],
)
def test_fault_03_lists(name: str, text: str, value: list[Any] | None) -> None:
    value = value or ["[fd00::5]", "[::1]", "xn--bcher-kva.example", ".a.com", "*"]
    assert read(name, text) == (value, [])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("ALLOWED_HOSTS", text) for text in ("https://a.com", "a.com:8000", "a b", "a.com/x", ",", "a..b", "-a")),
        *(("CORS_ALLOWED_ORIGINS", text) for text in ("*", "null", "https://*.a.com", "a.com", "https://a.com/x")),
        *(("SMS_COUNTRIES", text) for text in ("XX", "Germany", "49")),
        *(("TRUSTED_PROXIES", text) for text in ("proxy", "10.0.0.0/33", "10.0.0", "10.0.0.0/8;10.1.0.0/16")),
        *(("SIGNUP_FIELDS", text) for text in ("shoe_size", "username;email")),
        *(("OTP_COOLDOWNS", text) for text in ("a", "1.5", "60;120", "-1")),
    ],
)
def test_fault_03_items_that_are_none(name: str, text: str) -> None:
    assert read(name, text) == (KNOWN[name].default, [KNOWN[name].id])


@pytest.mark.parametrize(
    ("name", "text", "id"),
    [
        ("REGISTRATION_MODE", "someday", "E013"),
        ("CHALLENGE_STORE", "pigeonhole", "E003"),
        ("SIGNUP_FIELDS", "shoe_size", "E006"),
        ("BASE_URL", "auth.example.com", "E007"),
        ("PASSWORD_MIN_LENGTH", "7", "E008"),
        ("OTP_TTL", "601", "E010"),
        ("CAPTCHA_PROVIDER", "sphinx", "E020"),
        ("CAPTCHA_LOGIN", "sometimes", "E022"),
        ("CAPTCHA_COST", "0", "E023"),
        ("LOG_LEVEL", "trace", "E034"),
        ("LOG_FORMAT", "xml", "E034"),
        ("EMAIL_BACKEND", "smtp", "E034"),
        ("SMS_BACKEND", "twillio", "E034"),
        ("RATE_LOGIN", "ten a minute", "E038"),
    ],
)
def test_fault_43_words_and_bounds(name: str, text: str, id: str) -> None:
    assert read(name, text) == (KNOWN[name].default, [id])


def test_fault_43_words_in_any_case() -> None:
    assert read("LOG_LEVEL", "warn") == ("WARN", [])
    assert read("CAPTCHA_LOGIN", "Always") == ("always", [])


def test_rates_switch_off_by_word_or_by_nothing() -> None:
    assert read("RATE_LOGIN", "") == read("RATE_LOGIN", "off") == ("", [])
    assert read("RATE_LOGIN", "10/minute;100/hour") == ("10/minute;100/hour", [])


def test_what_looks_like_a_setting_and_is_none() -> None:
    names = (
        "EMAIL_USE_TLSS",
        "RATE_LOGINS",
        "ENUMERATION_PROTECTON",
        "SECRETKEY",
        "CAPTCHA_X",
        "EMAIL_PORT_25_TCP",
        "HOME",
    )
    reader = SettingsReader(
        {**dict.fromkeys(names, "x"), "EMAIL_SERVICE_HOST": "x", "STORE_PASSWORD": "x"}, known=KNOWN
    )
    assert reader.find_unknown_names() == {
        "EMAIL_USE_TLSS": "EMAIL_USE_TLS",
        "RATE_LOGINS": "RATE_LOGIN",
        "ENUMERATION_PROTECTON": "ENUMERATION_PROTECTION",
        "SECRETKEY": "SECRET_KEY",
        "CAPTCHA_X": "",
    }
