"""What a browser's User-Agent is called in lists of devices and in messages."""

import pytest

from vestibule.sessions.devices import MAX_LENGTHS, describe_user_agent

WEBKIT, GECKO = "AppleWebKit/537.36 (KHTML, like Gecko)", "Gecko/20100101"
WINDOWS, MAC = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPAD = "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = f"{WEBKIT} Chrome/126.0.0.0"


@pytest.mark.parametrize(
    ("agent", "name", "kind"),
    [
        (f"{WINDOWS} {CHROME} Safari/537.36", "Chrome on Windows", "desktop"),
        (f"{WINDOWS} {CHROME} Safari/537.36 Edg/126.0.0.0", "Edge on Windows", "desktop"),
        (f"{WINDOWS} {CHROME} Safari/537.36 OPR/111.0.0.0", "Opera on Windows", "desktop"),
        (f"{MAC} {WEBKIT} Version/17.5 Safari/605.1.15", "Safari on macOS", "desktop"),
        (f"Mozilla/5.0 (X11; Linux x86_64; rv:127.0) {GECKO} Firefox/127.0", "Firefox on Linux", "desktop"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36", "Chrome on ChromeOS", "desktop"),
        (f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1", "Safari on iOS", "mobile"),
        (f"{IPHONE} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1", "Chrome on iOS", "mobile"),
        (f"{IPHONE} FxiOS/127.0 Mobile/15E148 Safari/605.1.15", "Firefox on iOS", "mobile"),
        (f"{IPAD} Version/16.6 Mobile/15E148 Safari/604.1", "Safari on iPadOS", "tablet"),
        (f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {CHROME} Mobile Safari/537.36", "Chrome on Android", "mobile"),
        (f"Mozilla/5.0 (Linux; Android 13; SM-X700) {CHROME} Safari/537.36", "Chrome on Android", "tablet"),
        ("Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0", "Firefox on Android", "mobile"),
        (
            f"Mozilla/5.0 (Linux; Android 13; SM-S918B) {WEBKIT} SamsungBrowser/25.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
            "mobile",
        ),
        ("curl/8.1.2", "curl", "desktop"),
        ("a program of somebody", "", "desktop"),
        ("", "", "desktop"),
    ],
)
def test_a_device_is_called_as_people_call_it(agent: str, name: str, kind: str) -> None:
    told = describe_user_agent(agent)
    assert (told["name"], told["type"]) == (name, kind)


@pytest.mark.parametrize("agent", ["<b>Bot</b>/1.0", "https://evil.example/Bot/1.0", "Bot" * 60, "x" * 200, "(" * 200])
def test_words_of_the_client_are_cleaned(agent: str) -> None:
    """They stand in a mail to the owner."""
    told = describe_user_agent(agent)
    assert all(len(told[field]) <= longest for field, longest in MAX_LENGTHS.items() if field in told)
    assert "<" not in told["name"]
    assert "/" not in told["name"]
