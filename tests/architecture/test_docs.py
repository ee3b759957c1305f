"""The tables of the docs say what the code says."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from django.conf import settings

import vestibule.flows
from tests.architecture.source import trees
from vestibule.applications import errors as oauth_errors
from vestibule.audit import events
from vestibule.audit.events import Event
from vestibule.flows import flow
from vestibule.identities import answers
from vestibule.kernel import errors
from vestibule.limits import rules
from vestibule.service.doctor.table import CHECKS
from vestibule.web.problems import PROBLEMS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
WORDS: dict[type, str] = {str: "text", int: "number"}  # what docs call the types of details


def first_column(name: str) -> set[str]:
    """What stands in back quotes in the first column of the table."""
    return set(re.findall(r"^\| `([^`]+)` \|", (DOCS / name).read_text(), re.MULTILINE))


def test_every_setting_is_documented() -> None:
    known = settings.ENVIRONMENT.known.values()
    wide = ("_PER_IDENTIFIER", "_OVERALL")  # told once for all rules, where a rule has none
    told = {each.name for each in known if each.kind != "rate" or each.default or not each.name.endswith(wide)}
    assert first_column("settings.md") == told


def test_every_finding_of_the_settings_has_an_id_of_its_kind() -> None:
    """The table of ids in docs/settings.md names each that a setting can be refused with."""
    ids = {each.id for each in settings.ENVIRONMENT.known.values()}
    assert ids <= set(re.findall(r"\b[EW]\d{3}\b", (DOCS / "settings.md").read_text()))


def test_the_rates_that_are_documented_are_the_defaults() -> None:
    table = (DOCS / "settings.md").read_text()
    for rule in rules.RULES:
        assert f"| `RATE_{rule.name.upper()}` | `{rule.per_network}` |" in table
    for cap in rules.CAPS:
        assert f"| `RATE_{cap.name.upper()}` | `{cap.per_identifier}` |" in table


def test_every_error_is_documented() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| ([^|]+) \|", (DOCS / "errors.md").read_text(), re.MULTILINE)
    assert {(code, int(status), title) for code, status, title in rows} == {
        (code, problem.status, str(problem.title)) for code, problem in PROBLEMS.items()
    }


def test_every_refusal_has_its_problem() -> None:
    kinds = [kind for kind in refusals(errors.Refusal) if not issubclass(kind, oauth_errors.OAuthError)]
    assert {kind.code for kind in kinds} <= PROBLEMS.keys()
    ours = {kind.code for kind in kinds if kind.__module__ == errors.__name__}
    assert all(f"  {code}\n" in (errors.__doc__ or "") for code in ours)


def test_every_error_of_oauth_is_documented() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", (DOCS / "openid.md").read_text(), re.MULTILINE)
    assert {(code, int(status)) for code, status in rows} == {(kind.code, kind.status) for kind in oauth_kinds()}


def oauth_kinds() -> list[type[oauth_errors.OAuthError]]:
    """Every error of OAuth 2.0."""
    found = refusals(oauth_errors.OAuthError)
    return [oauth_errors.OAuthError, *(kind for kind in found if issubclass(kind, oauth_errors.OAuthError))]


def refusals(kind: type[errors.Refusal]) -> Iterator[type[errors.Refusal]]:
    """Every kind of refusal below this one, in whatever module."""
    for each in kind.__subclasses__():
        yield from (each, *refusals(each))


def test_every_event_is_documented() -> None:
    row = re.compile(r"^\| `([\w.]+)` \| ([^|]+) \| (yes|no) \|([^|]*)\|$", re.MULTILINE)
    rows = [(*row[:3], row[3].strip()) for row in row.findall((DOCS / "events.md").read_text())]
    assert rows == [
        (event.name, event.meaning, "yes" if event.in_audit_log else "no", details_of(event))
        for event in events.ALL_EVENTS
    ]


def details_of(event: Event) -> str:
    """What the line of an event carries, as the table says it."""
    return ", ".join(f"`{name}` ({WORDS[kind]})" for name, kind in event.details.items())


def test_every_flow_is_documented() -> None:
    assert first_column("flows.md") == flow_names()


def flow_names() -> set[str]:
    """Of every flow that there is, whether or not something imports its module."""
    for each in walk_packages(vestibule.flows.__path__, "vestibule.flows."):
        import_module(each.name)
    return flow.FLOW_NAMES


def test_the_docstring_of_a_flow_lists_the_refusals_that_the_table_does() -> None:
    known = {**vars(errors), **vars(answers), **vars(oauth_errors)}
    of_oauth = {kind.__name__ for kind in oauth_kinds()}
    codes = {name: kind.code for name, kind in known.items() if isinstance(getattr(kind, "code", None), str)}
    for name, listed in flow_refusals():
        listed = [each for each in listed if each not in of_oauth]  # they are the same for all: docs/openid.md
        assert {codes[each] for each in listed} == refusals_of(name) & {*codes.values()}, name


def flow_refusals() -> Iterator[tuple[str, list[str]]]:
    """The public name of each flow, and the errors that its docstring lists."""
    for function in (node for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for mark in function.decorator_list:
            match mark:
                case ast.Call(func=ast.Name(id="flow"), args=[ast.Constant(value=str(name))]):
                    yield name, re.findall(r"^ {4}(\w+): ", ast.get_docstring(function) or "", re.MULTILINE)


def refusals_of(name: str) -> set[str]:
    """The codes in the row of a flow; those of another row where it is said to be as that one."""
    row = re.search(rf"^\| `{re.escape(name)}` \|[^|]*\|([^|]*)\|", (DOCS / "flows.md").read_text(), re.MULTILINE)
    assert row, name
    alike = re.findall(r"`(\w+\.\w+)`", row[1])
    return set(re.findall(r"`(\w+)`", row[1])).union(*map(refusals_of, alike))


def test_no_two_flows_have_one_name() -> None:
    assert "registration.confirm" in flow_names()
    with pytest.raises(ValueError, match=r"registration\.confirm"):
        flow.flow("registration.confirm")


def test_every_decision_is_short() -> None:
    for path in (DOCS / "decisions").glob("*.md"):
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)
        assert len(path.read_text().split()) <= 250, path.name


def test_every_check_of_the_doctor_is_documented() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \| (.+) \|$", (DOCS / "doctor.md").read_text(), re.MULTILINE)
    assert rows == [(check.id, check.looks_at, check.remedy) for check in CHECKS]


def test_the_tests_that_a_document_names_are_there() -> None:
    named = {
        each for path in DOCS.glob("*.md") for each in re.findall(r"`(\w+/test_\w+\.py)::(test_\w+)`", path.read_text())
    }
    assert named
    missing = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / "tests" / file).read_text()]
    assert not missing


def test_every_module_of_the_conformance_suite_has_its_outcome() -> None:
    text = (DOCS / "openid-conformance.md").read_text()
    rows = re.findall(r"^\| `(oidcc-[\w-]+)` \| ([\w ]+) \| (.+) \|$", text, re.MULTILINE)
    assert len(rows) == len(dict.fromkeys(module for module, *_ in rows)) == text.count("\n| `")
    for module, outcome, shown in rows:
        tests = re.findall(r"`\w+/test_\w+\.py::test_\w+`", shown)
        said = re.sub(r"`\w+/test_\w+\.py::test_\w+`|<br>", "", shown).strip()
        assert (bool(tests), bool(said)) in {
            "covered": {(True, False)},
            "falls short": {(True, True)},
            "does not apply": {(True, True), (False, True)},
        }[outcome], module
