"""The output of `vestibule --version` and `vestibule --help`, without reading settings or importing Django."""

import ast
import difflib
import re
from importlib.metadata import version
from pathlib import Path

VERSION, HELP = ("--version", "version"), ("--help", "-h", "help")
# What is typed most stands first; what is not named here follows in the order of the alphabet.
_FIRST = ("serve", "demo", "doctor", "create_admin", "migrate", "worker", "beat")
_OUR_COMMANDS = Path(__file__).parent / "management/commands"
_SUMMARY = re.compile(r"`vestibule [^`]+`: (.+?)(?:\.(?=\s)|\.?$)", re.DOTALL)  # of the docstring of a command
# Commands of Django that need its own way of signing in, which this service has not.
REPLACED = {
    "createsuperuser": "`vestibule create-admin ADDRESS` makes the first admin, and any other.",
    "changepassword": "A person sets a new password by the reset on the sign-in page.",
}


def text_for_arguments(words: list[str]) -> str:
    """Return the text for these arguments, or "" if they name a command."""
    if words and words[0] in VERSION:
        return f"{version('vestibule')}\n"
    return help_text() if not words or (words[0] in HELP and not words[1:]) else ""


def our_commands() -> list[str]:
    """Return the names of our commands as modules, in the order of the help."""
    found = sorted(file.stem for file in _OUR_COMMANDS.glob("[!_]*.py"))
    return sorted(found, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))


def help_text() -> str:
    """Return each of our commands with the first sentence of its module."""
    ours = {name.replace("_", "-"): _command_summary(name) for name in our_commands()}
    width = max(map(len, ours))
    return "\n".join(
        [
            "usage: vestibule COMMAND [options]\n",
            *(f"  {name:{width}}  {summary}" for name, summary in ours.items()),
            "\n`vestibule COMMAND --help` shows the options of one, `vestibule --version` the release.",
            "Settings are environment variables: `vestibule doctor --settings` shows each with its value.",
            "Django's own commands: `vestibule django`.\n",
        ]
    )


def unknown_command_text(name: str) -> str:
    """Return what to say to a name that is no command here: what to use instead, or what may have been meant."""
    if name in REPLACED:
        return REPLACED[name]
    near = difflib.get_close_matches(name.replace("_", "-"), [each.replace("_", "-") for each in our_commands()], 1)
    meant = f" Did you mean `{near[0]}`?" if near else ""
    return f"vestibule has no command `{name}`.{meant} `vestibule --help` lists all."


def _command_summary(name: str) -> str:
    told = ast.get_docstring(ast.parse((_OUR_COMMANDS / f"{name}.py").read_text())) or ""
    found = _SUMMARY.match(told)
    return " ".join(found[1].split()) if found else ""
