"""The web calls flows. From below them it takes types, and functions that read or parse: nothing that changes anything,
but at the edge, which counts and admits before there is a flow."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src/vestibule"
BELOW_FLOWS = {"sessions", "courier", "challenges", "captcha", "limits", "accounts", "audit", "addresses", "storage"}
# They parse what was typed, read rows, or make a signed text; none writes a row, a count or a message.
READERS = {
    "accounts.applicant": {"parse_applicant", "parse_chosen_username", "parse_single_field"},
    "accounts.directory": {"search_users"},
    "accounts.pictures": {"picture_url"},
    "addresses.parsing": {"parse_email", "parse_phone"},
    "audit.events": {"meaning_of"},
    "captcha.altcha": {"make_challenge"},
    "captcha.wait_ticket": {"issue_ticket"},
    "courier.rendering": {"render_mail", "render_sms"},
    "courier.transports.mailbox": {"find_message", "list_messages"},
    "sessions.access_tokens": {
        *("find_live_session", "find_session", "issue_token", "lifetime_seconds", "read_auth_time", "verify_token"),
    },
    "sessions.signing_keys": {"build_jwk_set"},
    "sessions.devices": {"clean_device_claims", "describe_user_agent"},
}
# Who is asking, how often, and when a page was last used: decided before any flow is called.
EDGE = {
    "web/edge.py": {
        *("audit.record.record_event", "captcha.verification.require_captcha"),
        *("limits.rate_counters.count_request", "limits.rate_counters.try_count_identifier"),
        *("limits.rate_counters.renew_refusal", "audit.record.count_event_again"),
        "limits.admission.admission",
    },
    "web/middleware.py": {"limits.admission.admission"},
    "web/page_session.py": {"sessions.registry.update_last_seen"},
}


def _functions(module: str) -> set[str]:
    """The names in a module that are no types: functions, and objects made once."""
    found: set[str] = set()
    for node in ast.parse((SOURCE / module.replace(".", "/")).with_suffix(".py").read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {each.id for each in targets if isinstance(each, ast.Name) and each.id.islower()}
    return found


def _is_module(dotted: str) -> bool:
    return (SOURCE / dotted.replace(".", "/")).with_suffix(".py").is_file()


def _taken(tree: ast.Module) -> Iterator[str]:
    """`package.module.function` of each function below flows that a module of the web uses."""
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vestibule.")):
            continue
        of = str(node.module).removeprefix("vestibule.")
        for name in node.names if of.split(".")[0] in BELOW_FLOWS else ():
            if _is_module(f"{of}.{name.name}"):
                modules[name.asname or name.name] = f"{of}.{name.name}"
            elif _is_module(of) and name.name in _functions(of):
                yield f"{of}.{name.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            module = modules[node.value.id]
            if node.attr in _functions(module):
                yield f"{module}.{node.attr}"


def test_the_web_changes_nothing_but_through_a_flow() -> None:
    readers = {f"{module}.{name}" for module, names in READERS.items() for name in names}
    used: set[str] = set()
    for path in sorted((SOURCE / "web").rglob("*.py")):
        place = str(path.relative_to(SOURCE))
        taken = set(_taken(ast.parse(path.read_text())))
        assert taken <= readers | EDGE.get(place, set()), place
        assert EDGE.get(place, set()) <= taken, place
        used |= taken
    assert readers <= used


def test_the_walk_sees_both_ways_of_using_a_function() -> None:
    by_name = "from vestibule.limits.rate_counters import count_request\n"
    by_module = "from vestibule.sessions import registry as kept\nkept.update_last_seen()\n"
    types = "from vestibule.accounts.models import User\nfrom vestibule.sessions.models import Session\n"
    assert set(_taken(ast.parse(by_name))) == {"limits.rate_counters.count_request"}
    assert set(_taken(ast.parse(by_module))) == {"sessions.registry.update_last_seen"}
    assert not set(_taken(ast.parse(types)))


# Who spends from counts, or takes a place among expensive work; the web and the service name rules and read counts.
SPENDERS = {
    *("accounts/passwords.py", "accounts/pictures.py", "challenges/configured_engine.py", "courier/allowances.py"),
    *("applications/client_authentication.py", "applications/device_codes.py"),
    *("captcha/attack_level.py", "captcha/replay.py", "captcha/verification.py", "captcha/wait_ticket.py"),
    *("flows/account/personal_data.py", "flows/account/phone_change.py", "flows/completion.py", "flows/flow.py"),
    "flows/applications/client_documents.py",
    *("flows/sign_in/social.py", "flows/social_events.py"),
    *("flows/sign_in/by_password.py", "flows/sign_up/pending.py", "flows/sign_up/steps.py", "flows/staff/audit_log.py"),
}


def test_who_reaches_the_limits_is_a_list() -> None:
    importers = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if "from vestibule.limits" in path.read_text()
        and path.relative_to(SOURCE).parts[0] not in ("limits", "web", "service")
    }
    assert importers == SPENDERS
