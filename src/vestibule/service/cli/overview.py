"""The output of `vestibule --version` and `vestibule --help`, without reading settings or importing commands."""

import ast
import re
from importlib.metadata import version
from pathlib import Path

from django.core import management

VERSION, HELP = ("--version", "version"), ("--help", "-h", "help")
_OUR_COMMANDS = Path(__file__).parent / "management"
_DJANGO_COMMANDS = Path(management.__file__).parent
_FIRST_SENTENCE = re.compile(r"`vestibule [^`]+`: (.+?)(?:\.(?=\s)|\.?$)", re.DOTALL)  # of the docstring of a command


def text_for_arguments(words: list[str]) -> str:
    """Return the text for these arguments, or "" if they name a command."""
    if words and words[0] in VERSION:
        return f"{version('vestibule')}\n"
    return help_text() if not words or (words[0] in HELP and not words[1:]) else ""


def help_text() -> str:
    """Return each of our commands with the first sentence of its module, and the names of Django's commands."""
    ours = {
        name.replace("_", "-"): _command_summary(name) for name in sorted(management.find_commands(str(_OUR_COMMANDS)))
    }
    width = max(map(len, ours))
    lines = [f"  {name:{width}}  {said}" for name, said in ours.items()]
    django = " ".join(
        sorted({*management.find_commands(str(_DJANGO_COMMANDS))} - {*management.find_commands(str(_OUR_COMMANDS))})
    )
    return "\n".join(
        [
            "usage: vestibule COMMAND [options]\n",
            *lines,
            "\n`vestibule COMMAND --help` tells the options of one, `vestibule --version` which release this is.",
            f"Django's own commands: {django}\n",
        ]
    )


def _command_summary(name: str) -> str:
    told = ast.get_docstring(ast.parse((_OUR_COMMANDS / f"commands/{name}.py").read_text())) or ""
    found = _FIRST_SENTENCE.match(told)
    return " ".join(found[1].split()) if found else ""
