"""The kinds of settings: each function parses one from text, or raises UnreadableValue with words for the operator."""

import re
from collections.abc import Callable, Iterable
from email.errors import HeaderParseError, ObsoleteHeaderDefect
from email.headerregistry import Address
from email.policy import default as headers
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from phonenumbers import SUPPORTED_REGIONS

from vestibule.kernel import hosts
from vestibule.limits.rates import parse_rates

T = TypeVar("T")
ROLES = ("admin", "manager", "user")
MAX_INTEGER = 2**31 - 1  # the largest integer of databases, time-outs and sockets
_SCOPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")
_SWITCH_WORDS = {**dict.fromkeys(("on", "yes", "true", "1"), True), **dict.fromkeys(("off", "no", "false", "0"), False)}


class UnreadableValue(ValueError):
    """The text is no value of its kind: the problem, as the rest of a sentence about the setting, and the remedy."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


def strip_quotes(text: str) -> str:
    """Remove white space around the text, and one pair of quotes around the whole of it."""
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def require_printable(text: str) -> str:
    """Return the text, if nothing in it could end a line or a header."""
    if any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 or letter in "\u2028\u2029" for letter in text):
        raise UnreadableValue("holds a line break or another control character", "Set it to one line of plain text.")
    if any(0xD800 <= ord(letter) < 0xE000 for letter in text):
        raise UnreadableValue("is not UTF-8", "Write it in UTF-8.")
    return text


def parse_switch(text: str) -> bool:
    """Return on or off, from the usual words."""
    if (value := _SWITCH_WORDS.get(text.lower())) is None:
        raise UnreadableValue("is neither on nor off", "Use `on` or `off`.")
    return value


def number_parser(least: int, most: int) -> Callable[[str], int]:
    """Return a parser for a whole number in ASCII digits, from `least` to `most`."""

    def parse_number(text: str) -> int:
        if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) < 20):
            raise UnreadableValue("is no whole number", f"Use digits alone, {least} to {most}.")
        if not least <= int(text) <= most:
            raise UnreadableValue(f"is outside {least} to {most}", f"Use a number from {least} to {most}.")
        return int(text)

    return parse_number


def choice_parser(choices: Iterable[str]) -> Callable[[str], str]:
    """Return a parser for one of the words, typed in any case."""
    known = {each.lower(): each for each in choices}

    def parse_choice(text: str) -> str:
        if text.lower() not in known:
            raise UnreadableValue("is no word for it", f"Use one of: {', '.join(known.values())}.")
        return known[text.lower()]

    return parse_choice


def parse_digest_file(text: str) -> Path | None:
    """Return the path of a file of sorted SHA-1 digests, one a line."""
    path = Path(text)
    try:
        with path.open("rb") as file:
            first = file.readline(80)
    except OSError as error:
        raise UnreadableValue(
            f"cannot be read ({error.strerror})", "Set it to a file that this user may read."
        ) from error
    if not re.fullmatch(rb"[0-9A-Fa-f]{40}(:\d+)?\r?\n?", first):
        remedy = "Each line is 40 hexadecimal digits, in order, as haveibeenpwned-downloader writes them."
        raise UnreadableValue("is no list of SHA-1 digests", remedy)
    return path


def parse_readable_file(text: str) -> Path | None:
    """Return the path of a file that can be read."""
    path = Path(text)
    try:
        path.open("rb").close()
    except OSError as error:
        raise UnreadableValue(
            f"cannot be read ({error.strerror})", "Set it to a file that this user may read."
        ) from error
    return path


def list_parser(parse_item: Callable[[str], T]) -> Callable[[str], list[T]]:
    """Return a parser for comma-separated items."""

    def parse_list(text: str) -> list[T]:
        found = [parse_item(each.strip()) for each in text.split(",") if each.strip()]
        if not found:
            raise UnreadableValue("names nothing", "Write what it names, with commas between, or unset it.")
        return found

    return parse_list


def parse_url(text: str) -> str:
    """Return an absolute http(s) URL, without a slash at its end."""
    split_http_url(text)
    return text.rstrip("/")


def require_url(text: str) -> str:
    """Return an absolute http(s) URL as it is written: an issuer is compared letter for letter."""
    split_http_url(text)
    return text


def parse_site_url(text: str) -> str:
    """Return the base URL of a site: without query and fragment, its host in ASCII, without a default port."""
    parts = split_http_url(text)
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise UnreadableValue("has a query or a fragment", "Leave out what follows the path.")
    return hosts.url_origin(parts) + parts.path.rstrip("/")


def parse_root_url(text: str) -> str:
    """Return the URL of a site at the root of its host."""
    if urlsplit(found := parse_site_url(text)).path:
        raise UnreadableValue(
            "has a path: the pages are served at the root of a host",
            "Give the service a host name of its own, like https://auth.example.com.",
        )
    return found


def parse_origin(text: str) -> str:
    """Return an origin as browsers send it: scheme, host and port."""
    if text == "null" or "*" in text:
        raise UnreadableValue("allows every sender", "Name each origin, like https://app.example.com.")
    if urlsplit(found := parse_site_url(text)).path:
        raise UnreadableValue(f"holds {text}, which has a path", "An origin is scheme, host and port.")
    return found


def split_http_url(text: str) -> SplitResult:
    """Return the parts of an absolute http(s) URL with a host and without a login."""
    example = "Set it like https://auth.example.com."
    try:
        parts = urlsplit(text)
        host, _ = hosts.normalize_host(parts.hostname or ""), parts.port
    except ValueError:
        raise UnreadableValue("holds no address: its host or port cannot be", example) from None
    if parts.scheme not in ("http", "https") or not host or any(each.isspace() for each in text) or "\\" in text:
        raise UnreadableValue("is no absolute http(s) address", example)
    if parts.username is not None or parts.password is not None or parts.port == 0:
        raise UnreadableValue("holds a login, or port 0", example)
    return parts


def parse_allowed_host(text: str) -> str:
    """Return a host to answer, as Django matches it: ASCII, IPv6 in brackets, `.example.com` for all subdomains,
    `*`."""
    if text == "*":
        return text
    try:
        return "." * text.startswith(".") + hosts.bracket_ipv6(hosts.normalize_host(text.removeprefix(".")))
    except ValueError:
        raise UnreadableValue(f"holds {text}, which is no host name", "Name hosts without scheme and port.") from None


def parse_domain(text: str) -> str:
    """Return a domain of several labels, in ASCII, without the dot that may stand before it."""
    try:
        found = hosts.normalize_host(text.removeprefix("."))
    except ValueError:
        found = ""
    if "." not in found.strip(".") or hosts.is_ip_address(found):
        raise UnreadableValue("is no domain with a dot in it", "Set it like example.com.")
    return found


def parse_server_host(text: str) -> str:
    """Return the name or address of a machine; IPv6 with or without brackets."""
    try:
        return hosts.normalize_host(text)
    except ValueError:
        raise UnreadableValue("is no host name or address", "Use one like smtp.example.com, 127.0.0.1 or ::.") from None


def dotted_path_parser(known_words: Iterable[str]) -> Callable[[str], str]:
    """Return a parser for one of the words, or a dotted path in Python."""
    known = tuple(known_words)

    def parse_dotted_path(text: str) -> str:
        if text not in known and not ("." in text and all(part.isidentifier() for part in text.split("."))):
            choice = "".join(f"`{each}` or " for each in known)
            raise UnreadableValue("is no dotted path", f"Use {choice}a path like package.module.name.")
        return text

    return parse_dotted_path


def parse_network(text: str) -> IPv4Network | IPv6Network:
    """Return an IP address or network."""
    try:
        return ip_network(text.strip("[]"), strict=False)
    except ValueError:
        raise UnreadableValue(
            f"holds {text}, which is no network", "Use addresses or networks, like 10.0.0.0/8."
        ) from None


def parse_scope(text: str) -> tuple[str, str]:
    """Return name and words of a scope: `orders.read=See your orders` (RFC 6749, 3.3)."""
    name, _, words = (part.strip() for part in text.partition("="))
    if not _SCOPE.fullmatch(name):
        raise UnreadableValue(f"holds {text}, which names no scope", "Write it like orders.read=See your orders.")
    return name, words or name


def parse_country(text: str) -> str:
    """Return an ISO 3166 country with telephone numbers, or `*` for all."""
    if (code := text.upper()) not in SUPPORTED_REGIONS and code != "*":
        raise UnreadableValue(f"holds {text}, which is no country", "Use ISO codes, like DE,AT,CH.")
    return code


def parse_sender(text: str) -> str:
    """Return one e-mail address, with or without a display name, as it stands in a header (RFC 5322 3.4)."""
    try:
        header = headers.header_factory("From", text)
        [found] = header.addresses
        plain = found.username.isascii() and all(isinstance(each, ObsoleteHeaderDefect) for each in header.defects)
        domain = found.domain if found.domain.startswith("[") else hosts.normalize_host(found.domain)
    except (ValueError, IndexError, HeaderParseError):  # the parser's exceptions for truncated input
        plain = False
    if not plain:
        raise UnreadableValue(
            "is no sender: one address, and a name with signs in it in quotes",
            'Set it like `"Example, Inc." <no-reply@example.com>`.',
        )
    return format_mailbox(found.display_name, found.username, domain)


def parse_email_address(text: str) -> str:
    """Return one e-mail address without a display name."""
    found = headers.header_factory("From", parse_sender(text)).addresses[0]
    if found.display_name:
        raise UnreadableValue("has a name beside the address", "Set the address alone, like help@example.com.")
    return str(found.addr_spec)


def format_mailbox(name: str, user: str, domain: str) -> str:
    """Return a display name and an address for a header, with the quotes that the name needs."""
    return str(Address(name, user, domain))


def parse_rate(text: str) -> str:
    """Return rates in words, like `10/minute;100/hour`; `off` means none."""
    if text.lower() == "off":
        return ""
    try:
        parse_rates(text)
    except ValueError:
        raise UnreadableValue("is no rate", "Use rates like `10/minute;100/hour`, or `off`.") from None
    return text
