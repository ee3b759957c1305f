"""Words are chosen where somebody reads them: below web there are codes and parameters, and what the courier says."""

import ast
import re
from collections.abc import Iterator

import pytest
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy, override

from tests.architecture.source import Call, calls, trees
from vestibule.accounts import passwords
from vestibule.accounts.models import User
from vestibule.web.field_messages import FIELD_MESSAGES, field_message

COURIER = ("message", "application_messages", "factor_messages", "staff_messages", "rendering")
RENDERS = ("vestibule.web", *(f"vestibule.courier.{name}" for name in COURIER))
# Who makes a FieldError, and where its code, its reason and its parameters stand.
MAKERS = {"FieldError": (0, 1, 2), "status_refusal": (None, 0, None)}


def test_only_the_edge_and_the_courier_know_words() -> None:
    imported = {
        module
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.utils.translation"))
        or (isinstance(node, ast.ImportFrom) and any(each.name == "translation" for each in node.names))
        or (isinstance(node, ast.Import) and any("translation" in each.name for each in node.names))
    }
    assert imported
    assert not {module for module in imported if not module.startswith(RENDERS)}


SPOKEN = ("flows", "sessions", "accounts", "challenges", "captcha", "addresses")
SENTENCE = re.compile(r"[A-Z].* .*[.!?]")


def test_no_flow_and_nothing_below_holds_a_sentence() -> None:
    """Marked for translation or not: a sentence that is made there is in one language for everybody."""
    found = [
        (module, node.value)
        for module, tree in trees().items()
        if module.split(".")[1:2] and module.split(".")[1] in SPOKEN
        for node in _texts_that_are_used(tree)
        if SENTENCE.fullmatch(str(node.value))
    ]
    assert not found


def test_no_moment_is_written_out_in_the_words_of_one_language() -> None:
    """Names of days and months, and a country's order of them (strftime: a, A, b, B, c, p, x, X)."""
    formats = [
        (module, part.value)
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr)
        for part in node.format_spec.values
        if isinstance(part, ast.Constant)
    ]
    formats += [(call.module, text) for call in calls() if ".strftime" in call.callee for text in _constants(call.node)]
    assert formats
    assert not [each for each in formats if re.search(r"%-?[aAbBcpxX]", str(each[1]))]


def test_every_refusal_of_a_field_has_words_and_their_parameters() -> None:
    asked = dict(_asked())
    assert not {key: where for key, where in asked.items() if key not in FIELD_MESSAGES}
    assert set(asked) | _validator_keys() == set(FIELD_MESSAGES)


def test_a_sentence_gets_what_it_holds() -> None:
    given = {key: names for key, (_, names) in _asked()}
    for key, words in FIELD_MESSAGES.items():
        asked = _NamesRead()
        assert words % asked, key
        assert asked.names == given.get(key, asked.names), key


class _NamesRead(dict[str, int]):
    """The parameters of a sentence, and which of them were read."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> int:
        self.names.add(name)
        return 2


class ForeignValidator:
    """As somebody's project may have one."""

    def validate(self, password: str, user: object = None) -> None:
        """Raises ValidationError."""
        raise ValidationError(gettext_lazy("Enter a valid %(what)s."), code="pwned", params={"what": "value"})


def test_a_validator_of_somebody_elses_project_brings_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """And they are read at the edge, in the language of whoever reads them."""
    monkeypatch.setattr(password_validation, "get_default_password_validators", lambda: [ForeignValidator()])
    [error] = passwords.find_policy_violations("whatever it is", User())
    assert error.code == "pwned"
    with override("en"):
        assert field_message(error) == "Enter a valid value."


def _asked() -> Iterator[tuple[str, tuple[str, set[str]]]]:
    """The keys of all sentences that the source asks for: where, and with which parameters."""
    for call in calls():
        places = MAKERS.get(call.callee.rpartition(".")[2])
        if places and call.node.args:
            code, reason, params = (None if place is None else call.argument(place) for place in places)
            if isinstance(code, ast.Call):  # what a validator of passwords says
                continue
            for key in call.texts(code if reason is None else reason):
                yield key, (call.module, _keys(call, params or call.keyword("params")))


def _keys(call: Call, params: ast.expr | None) -> set[str]:
    if isinstance(params, ast.Name) and call.within:
        [params] = [
            node.value
            for node in ast.walk(call.within)
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == params.id
        ]
    return {ast.literal_eval(key) for key in params.keys if key} if isinstance(params, ast.Dict) else set()


def _validator_keys() -> set[str]:
    """What the validators of passwords say: each is asked what it has against a password that it refuses."""
    tried = ("a", "password1234", "adalovelace1", "lovelace12345678")
    own = User(email="ada.lovelace@navy.example", username="adalovelace")
    return {error.message_key for password in tried for error in passwords.find_policy_violations(password, own)}


def _texts_that_are_used(tree: ast.Module) -> Iterator[ast.Constant]:
    """Every text but the docstrings."""
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node


def _constants(call: ast.Call) -> list[str]:
    return [str(node.value) for node in call.args if isinstance(node, ast.Constant)]
