"""What the gallery shows, for the tests and scripts that walk it; and what its templates read and decide meanwhile."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.template.base import Node, Variable, VariableDoesNotExist
from django.template.defaulttags import IfNode
from django.template.loader import get_template

from tests.world import Http
from vestibule.courier.messages import KINDS
from vestibule.web.pages.gallery.registry import GROUPS, list_states

ROOT = "/dev/gallery/"
TEMPLATES = Path("src/vestibule/web/pages/templates")
LETTERS = Path("src/vestibule/courier/templates")


def page_paths() -> list[str]:
    """The path of every state of every page, and of the index."""
    return [ROOT, *(f"{ROOT}{group}/{name}/" for group in GROUPS for name in list_states(group))]


def message_paths(form: str) -> list[str]:
    """The path of every kind of message: as `mail` (HTML), `text` or `sms`."""
    return [f"{ROOT}{form}/{kind}/" for kind in KINDS]


@cache
def shown(path: str) -> str:
    """What stands at this path, in English: made once for all who only read it."""
    return str(Http().get(path).content.decode())


@cache
def document(path: str) -> "Document":
    """The same as it is read."""
    return Document(shown(path))


def template_names(folder: Path) -> list[str]:
    """The templates below this folder, as Django's loader names them."""
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.suffix in (".html", ".txt"))


@dataclass
class Watched:
    """What was read and decided while pages were rendered, by the template that it stands in."""

    found: set[tuple[str, str]] = field(default_factory=set)
    missing: set[tuple[str, str]] = field(default_factory=set)
    branches: dict[tuple[str, int, str], set[int]] = field(default_factory=lambda: defaultdict(set))

    @property
    def never_given(self) -> list[tuple[str, str]]:
        """The variables that a template asked for and that no state has."""
        return sorted(self.missing - self.found)

    def never_taken(self, names: list[str]) -> list[str]:
        """The branches of these templates that no state has shown."""
        untaken = []
        for name in names:
            template: Any = get_template(name)
            for node in template.template.nodelist.get_nodes_by_type(IfNode):
                if node.origin.template_name == name:
                    missed = set(range(_branch_count(node))) - self.branches[_key(node)]
                    untaken += [f"{name}:{node.token.lineno} {node.token.contents} ({each})" for each in sorted(missed)]
        return sorted(set(untaken))


@contextmanager
def watching() -> Iterator[Watched]:
    """Watch what templates read and decide."""
    watched = Watched()
    inside: list[str] = []
    render, decide = Node.render_annotated, IfNode.render
    resolve = Variable._resolve_lookup  # type: ignore[attr-defined]  # private in the stubs, too

    def render_inside(node: Any, context: Any) -> Any:
        inside.append(node.origin.template_name)
        try:
            return render(node, context)
        finally:
            inside.pop()

    def resolve_watched(variable: Any, context: Any) -> Any:
        try:
            value = resolve(variable, context)
        except VariableDoesNotExist:
            watched.missing.add((inside[-1] if inside else "", str(variable.var)))
            raise
        watched.found.add((inside[-1] if inside else "", str(variable.var)))
        return value

    def decide_watched(node: Any, context: Any) -> Any:
        watched.branches[_key(node)].add(_branch(node, context))
        return decide(node, context)

    with (
        patch.object(Node, "render_annotated", render_inside),
        patch.object(Variable, "_resolve_lookup", resolve_watched),
        patch.object(IfNode, "render", decide_watched),
    ):
        yield watched


def _key(node: Any) -> tuple[str, int, str]:
    return node.origin.template_name, node.token.lineno, node.token.contents


def _branch(node: Any, context: Any) -> int:
    """The number of the branch that is taken; one more than there are, if none is."""
    for number, (condition, _) in enumerate(node.conditions_nodelists):
        try:
            if condition is None or condition.eval(context):
                return number
        except VariableDoesNotExist:
            continue
    return len(node.conditions_nodelists)


def _branch_count(node: Any) -> int:
    has_else = node.conditions_nodelists[-1][0] is None
    return len(node.conditions_nodelists) + (not has_else)


def distinct_paths() -> list[str]:
    """The paths of pages and mails that together have every element in every place that any of them has it in."""
    return _spanning({path: document(path).shapes for path in [*page_paths(), *message_paths("mail")]})


def distinct_pages(pages: dict[str, str]) -> list[str]:
    """Of these documents by path, those that together have every element and every word in every place that any of them
    has it in."""
    read = {path: Document(html) for path, html in pages.items()}
    return _spanning({path: each.shapes | each.words for path, each in read.items()})


def _spanning(parts: dict[str, set[Any]]) -> list[str]:
    """One is left out if all that it has was seen on those before it."""
    seen: set[Any] = set()
    chosen = []
    for path, found in parts.items():
        if not found <= seen:
            chosen.append(path)
            seen |= found
    return chosen


class Document(HTMLParser):
    """A page as it is read: its elements, its words, and what refers to what."""

    _KEPT = ("class", "role", "type", "aria-invalid", "aria-current", "hidden")
    _VOID = frozenset({"meta", "link", "input", "img", "br", "hr", "source", "path", "circle"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.shapes: set[Any] = set()
        self.words: set[Any] = set()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self._within: list[tuple[str, Any, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element. Its shape is what a stylesheet, a script or a screen reader tells apart."""
        given = {name: value or "" for name, value in attrs}
        own = (tag, *sorted((name, value) for name, value in given.items() if name in self._KEPT))
        self.shapes.add((self._within[-1][1] if self._within else None, own))
        self.elements.append((tag, given))
        if tag not in self._VOID:
            self._within.append((tag, own, given.get("translate") == "no"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of SVG that closes itself."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """An element is over, and those in it that need no end."""
        while self._within and self._within.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Note the words, and what they stand in."""
        if data.strip():
            self.words.add((self._within[-1][1] if self._within else None, " ".join(data.split())))
            within = tuple("translate=no" if untold else tag for tag, _, untold in self._within)
            self.texts.append((within, data))

    def values(self, *names: str) -> list[str]:
        """The values of these attributes, in the order of the page."""
        return [given[name] for _, given in self.elements for name in names if given.get(name)]
