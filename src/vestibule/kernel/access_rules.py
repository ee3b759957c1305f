"""Who may reach which path of a site behind a proxy that asks us (docs/proxy.md): rules of a TOML file, the first of
which counts.

A path is compared as every server may read it. What two of them could read as different paths (encoded slashes, dot
segments, backslashes, another case) is ambiguous where it could lead past a stricter rule (CWE-180, CWE-289, CWE-41).
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from vestibule.kernel import hosts

# RFC 3986, 3.3, without the semicolon, before which Java servers end a segment. A comma before a slash is what is left
# of two headers that were joined.
_ENCODED_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+=:@/-]|,(?![/ ])|%[0-9A-Fa-f]{2})*")
# An encoded character that is none of these is one that nobody has to encode, or one that ends a segment.
_MAY_BE_ENCODED = frozenset(b" \"!$&'()*+,:<=>@[]^`{|}") | frozenset(range(0x80, 0x100))
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
_FIELDS = {"host", "path", "roles", "scopes"}


class UnreadableRules(ValueError):
    """The text holds no rules; the message says why."""


class Ambiguous(ValueError):
    """Two servers could read this address as different ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """One rule. `host` is empty for every host. `path` is where the paths begin, in whole segments. `roles` may pass;
    None stands for every signed-in person. A key has to have all of `scopes`."""

    path: str
    host: str = ""
    roles: tuple[str, ...] | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is asked for: host in ASCII without port, and the decoded path."""

    host: str
    path: str


def parse_rules(text: str, *, roles: Collection[str], scopes: Collection[str]) -> tuple[AccessRule, ...]:
    """Return the rules of a file. `roles` and `scopes` are those that there are.

    Raises:
        UnreadableRules: it is no TOML, or holds no rule, an unknown field, role or scope, or an address that no
            request could have.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableRules(f"is no TOML: {error}") from error
    found = document.pop("rule", None)
    if document:
        raise UnreadableRules(f"holds {next(iter(document))!r}, which is no rule")
    if not (isinstance(found, list) and found and all(isinstance(each, dict) for each in found)):
        raise UnreadableRules("holds no [[rule]]")
    return tuple(_parse_rule(number, each, roles, scopes) for number, each in enumerate(found, 1))


def parse_target(host: str, uri: str) -> Target:
    """Return what a request is for, of the host and the path with query that a proxy was asked for.

    Raises:
        Ambiguous: two servers could read it as different addresses.
    """
    found = _HOST.fullmatch(host)
    if found is None:
        raise Ambiguous(host)
    try:
        name = hosts.normalize_host(found[1]).removesuffix(".")
    except ValueError as error:
        raise Ambiguous(host) from error
    return Target(host=name, path=_decode_path(uri.partition("?")[0]))


def find_rule(rules: Sequence[AccessRule], target: Target) -> AccessRule | None:
    """Return the first rule for the target; None if there is none.

    Raises:
        Ambiguous: a server that reads names of files loosely (case, compatible letters, dots at the end) has another
            rule for it.
    """
    exact = next(_rules_for(rules, target.host, target.path, fold=str), None)
    loose = next(_rules_for(rules, target.host, target.path, fold=_fold), None)
    if exact is not loose:
        raise Ambiguous(target.path)
    return exact


def _rules_for(
    rules: Sequence[AccessRule], host: str, path: str, *, fold: Callable[[str], str]
) -> Iterator[AccessRule]:
    asked = f"{fold(path)}/"
    for rule in rules:
        if rule.host in ("", host) and asked.startswith(f"{fold(rule.path).rstrip('/')}/"):
            yield rule


def _fold(path: str) -> str:
    """Return the path as the loosest file system knows it: without case, dots and blanks at the end of a name."""
    return "/".join(segment.rstrip(". ") for segment in _shown(path).casefold().split("/"))


def _shown(path: str) -> str:
    """Return the path with compatible letters made one, and without those that are not seen (CVE-2014-9390)."""
    return "".join(each for each in unicodedata.normalize("NFKC", path) if unicodedata.category(each) != "Cf")


def _decode_path(encoded: str) -> str:
    escapes = (int(each, 16) for each in re.findall(r"%(..)", encoded))
    if not _ENCODED_PATH.fullmatch(encoded) or not all(each in _MAY_BE_ENCODED for each in escapes):
        raise Ambiguous(encoded)
    try:
        path = unquote_to_bytes(encoded).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Ambiguous(encoded) from error
    shown = _shown(path)
    if shown.count("/") != path.count("/") or set(shown) & set("\\;%?#") or not all(map(_is_segment, _split(shown))):
        raise Ambiguous(encoded)
    return path


def _split(path: str) -> list[str]:
    """Return the segments of a path; the last one may be empty."""
    return path.removesuffix("/").split("/")[1:]


def _is_segment(text: str) -> bool:
    """Return whether it names something: it is neither empty nor of dots and blanks alone."""
    return bool(text.strip(". "))


def _parse_rule(number: int, given: dict[str, Any], roles: Collection[str], scopes: Collection[str]) -> AccessRule:
    def refuse(what: str) -> UnreadableRules:
        return UnreadableRules(f"has a mistake in rule {number}: {what}")

    def read_words(field: str, known: Collection[str]) -> tuple[str, ...]:
        words = given[field]
        if not isinstance(words, list) or not all(isinstance(each, str) and each in known for each in words):
            raise refuse(f"{field} is a list of {', '.join(known)}")
        return tuple(words)

    if unknown := given.keys() - _FIELDS:
        raise refuse(f"{min(unknown)} is none of {', '.join(sorted(_FIELDS))}")
    path, host = given.get("path"), given.get("host", "")
    if not (isinstance(path, str) and isinstance(host, str)):
        raise refuse("path, which it needs, and host are texts")
    try:
        plain = parse_target(host or "localhost", quote(path))
    except Ambiguous as error:
        raise refuse(f"no request has the path {path!r} of {host!r}") from error
    if plain.path != path or (host and plain.host != host):
        raise refuse("write path and host plainly: decoded, without port, and the host in lower case")
    return AccessRule(
        path=path,
        host=host,
        roles=read_words("roles", roles) if "roles" in given else None,
        scopes=read_words("scopes", scopes) if "scopes" in given else (),
    )
