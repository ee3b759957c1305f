"""Every word that a person reads is marked, so that it can be read in their language."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType

from scripts.messages.source import ARGUMENTS, MARKERS, SOURCE, template_paths
from tests.architecture.source import trees

# What is said alike in every language, or is for developers alone.
NO_WORDS = {"UTC", "HTML", "API", "SMS", "vst_…"}
FOR_DEVELOPERS = {"docs", "gallery", "letter", "mailbox"}
# Attributes that are shown or read out.
VISIBLE = {"title", "label", "placeholder", "alt", "summary", "aria-label", "aria-description", "aria-valuetext"}
CLASSES = [("block", "width"), ("block", "header_class")]  # blocks that name a class
WITHOUT_WORDS = ("script", "style")
LETTER = re.compile(r"[^\W\d_]")
TEMPLATES = [path for path in template_paths() if path.stem not in FOR_DEVELOPERS]


class Words(HTMLParser):
    """The words of a document, as a person meets them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inside = tag if tag in WITHOUT_WORDS else self.inside
        is_button = tag == "input" and given.get("type") in ("submit", "button", "reset")
        for name, value in attrs:
            is_script_s = name.startswith("data-") and " " in (value or "").strip()
            if name in VISIBLE or is_script_s or (is_button and name == "value"):
                self.handle_data(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.inside = "" if tag == self.inside else self.inside

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.found += [each for each in re.split(r"[\s·():,.]+", data) if LETTER.search(each)]


def unmarked(path: Path) -> str:
    """What stands in a template outside of what is translated. Of a block that names a class it is none."""
    kept, inside = [], ""
    for token in Lexer(path.read_text()).tokenize():
        if token.token_type == TokenType.BLOCK:
            word, *rest = token.contents.split()
            if word in ("blocktranslate", "comment") or (word, *rest) in CLASSES:
                inside = word
            elif word == f"end{inside}":
                inside = ""
        elif token.token_type == TokenType.TEXT and not inside:
            kept.append(token.contents)
    return "".join(kept)


def words_in(path: Path) -> list[str]:
    """The words of a template that nobody can translate."""
    read = Words()
    if path.suffix == ".html":
        read.feed(unmarked(path))
        read.close()
    else:
        read.handle_data(unmarked(path))
    return [each for each in read.found if each not in NO_WORDS]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_template_holds_no_word_that_is_not_marked(path: Path) -> None:
    assert not words_in(path)


def test_what_is_not_marked_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '{% load i18n %}{% block width %}wide{% endblock %}<p title="a">b {{ c }} {% translate "d" %} &amp; </p>'
        "{% blocktranslate with x=y %}e {{ x }}{% plural %}f{% endblocktranslate %}"
        '<input placeholder="{{ g }}h" name="i">'
        '<script>var j = 1</script><input type="submit" value="k"><b data-a="l m" data-n="o">{# p #}{% comment %}q'
        "{% endcomment %}</b>"
    )
    assert words_in(page) == ["a", "b", "h", "k", "l", "m"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_count_has_plural_forms_and_no_ending_that_english_alone_has(path: Path) -> None:
    assert "|pluralize" not in path.read_text()


# Modules of the web and the courier that say nothing to a person who signs in: developers, operators and machines read
# them, in English.
SAY_NOTHING = (
    *("vestibule.web.admin", "vestibule.web.oauth", "vestibule.web.pages.gallery", "vestibule.web.request_metrics"),
    *("vestibule.web.edge", "vestibule.courier.delivery", "vestibule.courier.replies", "vestibule.courier.transports"),
    *("vestibule.courier.leases", "vestibule.courier.wake", "vestibule.web.pages.mail_sites"),
)
NO_SENTENCES = {
    *("Accept", "Allow", "Authorization", "Bearer", "Cookie", "Host", "Lax", "Origin", "Proto", "RateLimit", "Uri"),
    "Vary",
    *("auth check", "page session", "page device", "link token", "this browser", "Bearer "),  # purposes, and a device
    *(" MB", " KiB", " UTC", "d F Y, H:i", "public, max-age=300", "public, max-age=31536000, immutable"),
    *('attachment; filename="account.json"', "profile.changed picture", "profile.changed language"),
    *("session.ended cut_off", "session.ended crowded_out"),
    *("own notices ", "tried all the same", "mails from", "mails of", "way back"),  # of allowances, for operators
}
SAID = re.compile(r"[A-Z“][^\W\d_]+|[^\W\d_]\S* [^\W\d_].*", re.DOTALL)
HEADER = re.compile(r"[A-Z][a-z]*(-[A-Z][a-z]*)+|[a-z-]+=.*|[A-Z]+|ETag")


def test_a_sentence_in_python_is_marked() -> None:
    """Of the API, which also holds what its documentation says, the responses alone are looked at."""
    found = [
        (module, text)
        for module, tree in trees().items()
        if module.startswith(("vestibule.web.", "vestibule.courier.")) and not module.startswith(SAY_NOTHING)
        for text in (_in_responses(tree) if module.startswith("vestibule.web.api.") else _said(tree))
        if text not in NO_SENTENCES and not HEADER.fullmatch(text)
    ]
    assert not found


def test_what_says_sentences_below_the_web_is_known() -> None:
    """The labels of the fields are marked by where they stand."""
    assert ARGUMENTS == {"PersonalField": "label"}
    assert '"Full name"' in (SOURCE / "accounts/fields.py").read_text()


def _said(tree: ast.AST) -> Iterator[str]:
    passed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name_of(node) in (*MARKERS, "info", "warning", "error", "compile"):
            passed |= {id(each) for each in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed:
            yield from [node.value] if SAID.fullmatch(node.value.strip()) else []


def _in_responses(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name_of(node) in ("Response", "JsonResponse", "problem_response"):
            yield from _said(node)


def _name_of(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]
