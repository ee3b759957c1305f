"""What an address is, it says itself: no other module looks for an @ in a text, or asks for its channel or kind."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture import source

# Where an address is taken apart, and where a URL is read, not an address.
EXEMPT = {"vestibule.addresses.address", "vestibule.addresses.parsing"} | {
    "vestibule.service.settings.addresses",
    "vestibule.storage.redis_client",
}
KINDS = {"email", "phone", "phone_number", "sms"}
CHANNELS = {"Channel.EMAIL", "Channel.SMS", "Email.channel", "Phone.channel", "Email.kind", "Phone.kind"}
CUTS = {"partition", "rpartition", "split", "rsplit", "find", "rfind", "index", "rindex", "count"}
NAMES = {"by_sms", "by_mail", "by_email", "is_sms", "is_email"}


def forbidden(tree: ast.AST) -> Iterator[ast.AST]:
    """Every place that asks a text, a channel or a kind what an address is."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, ops=ops, comparators=others):
                if any(holds_at(each) for each in (left, *others)) and isinstance(ops[0], ast.In | ast.NotIn):
                    yield node
                if any(names_kind(each) for each in (left, *others)) and not isinstance(ops[0], ast.In | ast.NotIn):
                    yield node
            case ast.Call(func=ast.Attribute(attr=cut), args=[first, *_]) if cut in CUTS and holds_at(first):
                yield node
            case ast.MatchValue(value=value) if names_kind(value):
                yield node
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name) | ast.keyword(arg=name):
                if name in NAMES:
                    yield node


def holds_at(node: ast.expr) -> bool:
    """Whether it is the text of an @, of either width."""
    return isinstance(node, ast.Constant) and node.value in ("@", "\uff20")


def names_kind(node: ast.expr) -> bool:
    """Whether it is the name of a kind or channel."""
    return (isinstance(node, ast.Constant) and node.value in KINDS) or ast.unparse(node) in CHANNELS


def test_no_module_asks_what_kind_of_address_a_text_is() -> None:
    found = {
        module: [f"{getattr(node, 'lineno', 0)}: {ast.unparse(node)}" for node in nodes]
        for module, tree in source.trees().items()
        if (nodes := list(forbidden(tree)))
    }
    assert found.keys() == EXEMPT, {module: lines for module, lines in found.items() if module not in EXEMPT}


@pytest.mark.parametrize(
    "code",
    [
        '"@" in address',
        '"\\uff20" not in typed',
        'address.partition("@")',
        'address.rpartition("@")[2]',
        'len(address.split("@")) > 1',
        'channel == "sms"',
        'payload["channel"] != "email"',
        '"phone" == address.kind',
        "channel is Channel.SMS",
        "address.channel == Phone.channel",
        "by_sms = True",
        "def send(by_sms): pass",
        'match channel:\n  case "sms": pass',
    ],
)
def test_the_walk_sees_each_form(code: str) -> None:
    assert list(forbidden(ast.parse(code)))


@pytest.mark.parametrize("code", ["isinstance(address, Phone)", "address.channel in conf.channels", 'print("@")'])
def test_the_walk_lets_types_decide(code: str) -> None:
    assert not list(forbidden(ast.parse(code)))
