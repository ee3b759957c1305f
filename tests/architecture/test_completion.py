"""One way into a session: every way of signing in ends in `flows.completion`, which alone lets anybody in."""

import ast

from tests.architecture.source import Call, calls, trees

COMPLETION = "vestibule.flows.completion"
GALLERY = "vestibule.web.pages.gallery."


def callers_of(name: str) -> set[str]:
    """The modules that call a function of this name, however they imported it; but for the gallery, which invents what
    its pages show."""
    called = {call.module for call in calls() if call.callee.rpartition(".")[2] == name}
    return {module for module in called if not module.startswith(GALLERY)}


def test_nobody_but_completion_begins_a_session() -> None:
    assert callers_of("create_session") == {COMPLETION}
    assert callers_of("issue_first_tokens") == {COMPLETION}
    named = {
        module
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute | ast.alias)
        and {"create_session", "issue_first_tokens"} & {getattr(node, field, "") for field in ("id", "attr", "name")}
    }
    assert named == {COMPLETION}  # nor hands it on under another name


def test_rows_of_sessions_and_refresh_tokens_are_made_by_their_own_modules() -> None:
    assert callers_of("Session") == {"vestibule.sessions.registry"}
    assert callers_of("RefreshToken") == {"vestibule.sessions.refresh_tokens"}
    made = ("Session.objects.create", "RefreshToken.objects.create", "sessions.create", "refresh_tokens.create")
    assert not [call for call in calls() if call.callee.endswith(made)]


def test_nobody_but_completion_says_that_an_account_is_not_entered() -> None:
    assert callers_of("AccountSuspended") == {COMPLETION}


def test_whoever_is_authenticated_is_handed_to_completion_at_once() -> None:
    made = [call for call in calls() if call.callee.rpartition(".")[2] == "Authenticated"]
    assert made
    for call in made:
        assert completes(call), f"{call.module}:{call.node.lineno}"


def completes(call: Call) -> bool:
    """Whether the function that a call stands in hands something to `complete`."""
    within = call.within
    return within is not None and any(
        isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "complete"
        for node in ast.walk(within)
    )
