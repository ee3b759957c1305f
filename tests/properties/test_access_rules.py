"""Rules for sites behind a proxy: however a server reads a path, nobody gets there by a looser rule than its own."""

import posixpath
import re
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vestibule.accounts.models import Role
from vestibule.kernel.access_rules import AccessRule, Ambiguous, find_rule, parse_rules, parse_target
from vestibule.service.settings import value_types
from vestibule.service.settings.reader import SettingsReader
from vestibule.service.settings.rules_file import parse_rules_file

RULES = (
    AccessRule(path="/admin", roles=("admin",)),
    AccessRule(path="/public/images"),
    AccessRule(path="/public", roles=("user",)),
    AccessRule(path="/"),
)
WORDS = ("admin", "ADMIN", "public", "images", "x", "administrator", "\uff41dmin", "adm\u00adin", "\u017fx", "a,b")
TRICKS = ("/", "//", ".", "..", ";", "\\", "%2f", "%2F", "%5c", "%2e", "%61", "%3b", "%00", "%25", "%20", " ", ",", "#")
PATHS = st.lists(st.sampled_from((*WORDS, *TRICKS, "/", "/", "/")) | st.characters(), max_size=8).map("".join)

INVISIBLE = re.compile("[\u00ad\u200b-\u200d\ufeff]")
NO_RULES: tuple[AccessRule, ...] = ()


def collapsed(path: str) -> str:
    """Of nginx: slashes merged, dot segments resolved."""
    return posixpath.normpath(re.sub("/+", "/", path)) if path.startswith("/") else path


READERS: dict[str, Callable[[str], str]] = {
    "as it is": lambda path: path,
    "decoded": unquote,
    "decoded twice": lambda path: unquote(unquote(path)),
    "nginx": lambda path: collapsed(unquote(path)),
    "nginx, of a path that it does not decode": collapsed,
    "Tomcat": lambda path: collapsed(re.sub(";[^/]*", "", unquote(path))),
    "IIS": lambda path: collapsed(unquote(path).replace("\\", "/")).lower(),
    "NTFS": lambda path: "/".join(each.rstrip(". ") for each in collapsed(unquote(path)).casefold().split("/")),
    "HFS+": lambda path: re.sub(
        "[\u00ad\u200b-\u200d\ufeff]", "", unicodedata.normalize("NFD", unquote(path))
    ).casefold(),
    "compatible": lambda path: collapsed(unicodedata.normalize("NFKC", unquote(path))),
    "cut off": lambda path: unquote(path).partition("\0")[0].partition("#")[0],
}


def rule_of(path: str) -> AccessRule | None:
    """The rule of a path that a server has read so."""
    return next((rule for rule in RULES if f"{path}/".startswith(f"{rule.path.rstrip('/')}/")), None)


def quoted(path: str) -> str:
    """As browsers send it: what is not ASCII is encoded."""
    return "".join(each if each.isascii() else "".join(f"%{byte:02X}" for byte in each.encode()) for each in path)


@given(PATHS)
@example("/public/images/../../admin")
@example("/public/images/..%2f..%2fadmin")
@example("/x/%EF%BC%8E%EF%BC%8E/admin")
@example("/ADMIN")
@example("/admin%20/x")
def test_every_server_that_reads_the_path_comes_to_the_same_rule(path: str) -> None:
    uri = quoted(f"/{path}".encode("utf-8", "replace").decode())
    try:
        target = parse_target("app.example.com", uri)
        found = find_rule(RULES, target)
    except Ambiguous:
        return
    for name, read in READERS.items():
        assert rule_of(read(uri.partition("?")[0])) == found or name.startswith(("as it is", "nginx, of")), (name, uri)
    assert rule_of(target.path) == found


@given(st.text(st.sampled_from("abcdefgh-_~."), min_size=1, max_size=8).filter(lambda text: text.strip(".")))
def test_a_plain_path_is_never_ambiguous(name: str) -> None:
    for uri in (f"/{name}x", f"/{name}x/", f"/{name}x/index.html?a=//..;%2f"):
        assert find_rule(RULES, parse_target("app.example.com", uri)) in RULES


MISTAKES = (
    *("", "x", "rule = 1", "[[rule]]", "[rule]\npath = '/'", "[[rules]]\npath = '/'", "a = 1\n[[rule]]\npath = '/'"),
    *("[[rule]]\npath = 1", "[[rule]]\npath = 'a'", "[[rule]]\npath = ''", "[[rule]]\npath = '/a;b'"),
    *("[[rule]]\npath = '/a%20b'", "[[rule]]\npath = '/../a'", "[[rule]]\npath = '//a'", "[[rule]]\npath = '/a?b'"),
    *("[[rule]]\npath = '/'\nrole = ['admin']", "[[rule]]\npath = '/'\nroles = 'admin'"),
    *("[[rule]]\npath = '/'\nroles = ['boss']", "[[rule]]\npath = '/'\nroles = [1]", "[[rule]]\npath = '/'\nhost = 1"),
    *("[[rule]]\npath = '/'\nscopes = ['nobody']", "[[rule]]\npath = '/'\nhost = 'A.example'"),
    *("[[rule]]\npath = '/'\nhost = 'a.example:80'", "[[rule]]\npath = '/'\nhost = 'a b'", "[[rule]]\npath = '/'\n}"),
)
parse = partial(parse_rules_file, scopes=("reports.read",))


@pytest.mark.parametrize("text", MISTAKES)
def test_a_file_with_a_mistake_stops_the_start(text: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    reader = SettingsReader({"AUTH_CHECK_FILE": str(file)})
    reader.read_parsed("AUTH_CHECK_FILE", "file", parse, default=NO_RULES, id="E043")
    assert [each.id for each in reader.findings] == ["E043"]


def test_a_file_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "latin1").write_bytes(b"[[rule]]\npath = '/\xe4'")
    for name in ("nowhere", "latin1", "."):
        with pytest.raises(value_types.UnreadableValue):
            parse(str(tmp_path / name))


def test_a_file_says_who_passes(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        "[[rule]]\nhost = 'app.example.com'\npath = '/ber\u00e4t'\nroles = []\n"
        "[[rule]]\npath = '/'\nroles = ['user', 'admin']\nscopes = ['reports.read', 'profile']\n",
        "utf-8",
    )
    assert parse(str(file)) == (
        AccessRule(host="app.example.com", path="/ber\u00e4t", roles=()),
        AccessRule(path="/", roles=("user", "admin"), scopes=("reports.read", "profile")),
    )
    assert parse_rules("[[rule]]\npath='/'", roles=(), scopes=()) == (AccessRule(path="/"),)


def test_the_roles_of_the_file_are_those_that_there_are() -> None:
    assert set(value_types.ROLES) == set(Role.values)
