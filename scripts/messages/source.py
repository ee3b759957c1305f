"""The sentences that the source marks: in Python by its calls of gettext, in templates as Django itself looks them up.

Read from what Django compiles, and not by xgettext: what is extracted is what is asked for, on any machine.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.template import Context, Template
from django.template.base import Lexer, Node, NodeList, TokenType
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

import vestibule
from scripts.messages.borrowed import find_borrowed

SOURCE = Path(vestibule.__file__).parent
ADMIN = SOURCE / "web" / "admin"
# Each function that marks a sentence, and how many of its first arguments are the context, and the sentence in each
# of its forms.
MARKERS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), (0, 1)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (0, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), (1, 1)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), (1, 2)),
}
# Sentences below the web, which knows no gettext there: by what is called, and the argument that is one.
ARGUMENTS = {"PersonalField": "label"}

_ARGUMENT = re.compile(r"""_\(("[^"]*"|'[^']*')\)""")  # of a tag or filter: `{% firstof name _("A device") %}`


@dataclass(frozen=True, slots=True, order=True)
class Sentence:
    """One entry of a catalogue: the sentence, its plural, if it counts something, and its context."""

    text: str
    plural: str = ""
    context: str = ""


def find_sentences() -> dict[Sentence, set[str]]:
    """Return every sentence of ours, and the files that say it. The admin is in English (docs/decisions/0173)."""
    found: dict[Sentence, set[str]] = defaultdict(set)
    for path in python_paths():
        for sentence in _in_python(path):
            found[sentence].add(str(path.relative_to(SOURCE)))
    for path in template_paths():
        for sentence in _in_template(path):
            found[sentence].add(str(path.relative_to(SOURCE)))
    for text, kinds in find_borrowed().items():
        found[Sentence(text)] |= kinds
    return dict(found)


def python_paths() -> list[Path]:
    """Return every module of ours that may speak to people."""
    return sorted(path for path in SOURCE.rglob("*.py") if ADMIN not in path.parents and "migrations" not in path.parts)


def template_paths() -> list[Path]:
    """Return every template of our pages and messages."""
    found = (path for path in SOURCE.rglob("templates/**/*") if path.suffix in (".html", ".txt"))
    return sorted(path for path in found if ADMIN not in path.parents)


def compile_template(path: Path) -> Template:
    """Return the template as Django compiles it, with the tags and filters of this project."""
    return Template(path.read_text())


def _in_python(path: Path) -> Iterator[Sentence]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKERS:
            contexts, forms = MARKERS[node.func.id]
            if isinstance(node.args[contexts], ast.Name | ast.Attribute):
                continue  # a variable, whose sentence is marked where it is written
            texts = [ast.literal_eval(each) for each in node.args[: contexts + forms]]
            text, plural = [*texts[contexts:], ""][:2]
            yield Sentence(text, plural, texts[0] if contexts else "")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ARGUMENTS:
            yield from (Sentence(ast.literal_eval(e.value)) for e in node.keywords if e.arg == ARGUMENTS[node.func.id])


def _in_template(path: Path) -> Iterator[Sentence]:
    for token in Lexer(path.read_text()).tokenize():
        if token.token_type in (TokenType.BLOCK, TokenType.VAR):
            yield from (Sentence(text[1:-1]) for text in _ARGUMENT.findall(token.contents))
    for node in _nodes(compile_template(path).nodelist):
        if isinstance(node, TranslateNode):
            literal = getattr(node.filter_expression.var, "literal", None)
            if literal is not None:  # else a variable, whose sentence is marked where it is written
                context = node.message_context.resolve(Context()) if node.message_context else ""
                yield Sentence(str(literal).replace("%", "%%"), context=context)
        elif isinstance(node, BlockTranslateNode):
            context = node.message_context.resolve(Context()) if node.message_context else ""
            plural = node.render_token_list(node.plural)[0] if node.plural else ""
            yield Sentence(node.render_token_list(node.singular)[0], plural, context)


def _nodes(nodelist: NodeList) -> Iterator[Node]:
    return iter(nodelist.get_nodes_by_type(Node))
