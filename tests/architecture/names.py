"""Every name that others rely on once there is a release: who reads logs, metrics and rows, who configures, who waits
with a code, a link or a cookie while we are upgraded."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from typing import get_type_hints

from django.apps import apps
from django.conf import settings
from django.core.management import get_commands

from tests.architecture.source import Call, calls, trees
from tests.architecture.test_docs import flow_names
from vestibule.audit import events
from vestibule.challenges.policy import Purpose
from vestibule.conf import NAMES, Settings, conf
from vestibule.courier.messages import KINDS
from vestibule.kernel.sealing import KeyRing
from vestibule.limits import rules
from vestibule.limits.sms_costs import SmsCap
from vestibule.service.celery import app
from vestibule.service.doctor.table import CHECKS
from vestibule.service.worker.schedule import list_sweeps
from vestibule.web.problems import PROBLEMS

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
METRICS = {"Counter", "Gauge", "Histogram", "GaugeMetricFamily"}
COUNTED = {
    "Count",
    "spend",
    "give_back",
    "seconds_until_free",
    "count_recent",
    "current_streak",
}  # of the ledger: their first argument is a scope
DJANGOS = ("password_too_short",)  # codes of fields, of the validators of Django's that we use
# Of the key ring: the argument that says what the key is for.
KEYED = {**dict.fromkeys(("digest", "all_digests", "sign", "unsign", "seal", "unseal"), 0), "matches_digest": 1}
REDIS_KEY = re.compile(r"(vestibule|\{\}):[a-z]")


def collected() -> list[str]:
    """A line each: what kind of name, the name, and what goes with it."""
    found = [*_tables(), *_stored(), *_settings(), *_tasks(), *_redis_keys()]
    for call in calls():
        found += [*_logged(call), *_measured(call), *_keyed(call), *_counted(call), *_refused(call), *_recorded(call)]
    return sorted(set(found))


def _tables() -> Iterator[str]:
    for event in events.ALL_EVENTS:
        marks = [
            mark
            for mark, said in (
                ("kept", event.in_audit_log),
                ("tallied", event.counted_daily),
                ("alarm", event.logged_as_error),
            )
            if said
        ]
        yield _line("event", event.name, *marks, *(f"{name}={of.__name__}" for name, of in event.details.items()))
    yield from (_line("event code", cap) for cap in SmsCap)
    yield from (_line("flow", flow) for flow in flow_names())
    yield from (_line("problem", key, str(of.status), of.code) for key, of in PROBLEMS.items())
    yield from (_line("message", kind.name, kind.cause) for kind in KINDS.values())
    yield from (_line("challenge", purpose) for purpose in Purpose)
    yield from (_line("field code", code) for code in DJANGOS)
    yield from (_line("rate", rule.name) for rule in rules.RULES)
    yield from (_line("sweep", sweep.kind) for sweep in list_sweeps())
    yield from (_line("doctor's check", check.id) for check in CHECKS)


def _stored() -> Iterator[str]:
    """The words of columns that hold one of a few; and a digest, which shows that keys are derived as they were."""
    for model in apps.get_models():
        for field in model._meta.fields if model.__module__.startswith("vestibule.") else ():
            yield from (_line("stored", f"{field.name} {value}") for value, _ in field.choices or ())
    yield _line("digest", "of nothing under no key", KeyRing([""]).digest("", b"").hex())


def _settings() -> Iterator[str]:
    for setting in settings.ENVIRONMENT.known.values():
        yield _line("setting", setting.name, setting.kind)
    for name, hint in get_type_hints(Settings).items():
        if name.upper() in NAMES:
            yield _line("library's setting", name.upper(), getattr(hint, "__name__", str(hint)))
    cookies = [name for name in dir(Settings) if name.endswith("_cookie_name") and not name.startswith("_")]
    for cookie in (
        settings.CSRF_COOKIE_NAME,
        settings.LANGUAGE_COOKIE_NAME,
        *(getattr(conf, name) for name in cookies),
    ):
        yield _line("cookie", cookie.removeprefix("__Host-"))


def task_names() -> set[str]:
    """Of every task that a worker of ours knows."""
    for module in app.conf.imports:
        import_module(module)
    return {task for task in app.tasks if not task.startswith("celery.")}


def _tasks() -> Iterator[str]:
    for task in task_names():
        yield _line("task", task)
    for command, package in get_commands().items():
        if package.startswith("vestibule"):
            yield _line("command", command)


def _redis_keys() -> Iterator[str]:
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                for text in Call(ast.Call(node, [], []), None, module).texts(node):
                    if REDIS_KEY.match(text):
                        yield _line("redis key", text)


def _logged(call: Call) -> Iterator[str]:
    """`log.info("broker.unreachable", …)`, with the name of the logger."""
    of, _, level = call.callee.rpartition(".")
    if of == "log" and level in LEVELS:
        fields = [word.arg or "*" for word in call.node.keywords if word.arg != "exc_info"]
        for name in call.texts(call.argument(0)):
            yield _line("log", name, "error" if level == "exception" else level, *fields)
    if level == "get_logger":
        [name] = call.texts(call.argument(0))
        yield _line("logger", name)


def _measured(call: Call) -> Iterator[str]:
    if call.callee in METRICS and isinstance(call.argument(0), ast.Constant):
        labels = call.argument(2) or call.keyword("labels")
        for name in call.texts(call.argument(0)):
            kind = call.callee.removesuffix("MetricFamily").lower()
            yield _line("metric", name, kind, *(ast.literal_eval(labels) if isinstance(labels, ast.List) else ()))


def _keyed(call: Call) -> Iterator[str]:
    """What keys are derived for: nothing that was digested, signed or sealed for another use is read."""
    of, _, verb = call.callee.rpartition(".")
    if of.lower().endswith("keys") and verb in KEYED:
        for use in call.texts(call.argument(KEYED[verb])):
            yield _line("key for", use)


def _counted(call: Call) -> Iterator[str]:
    """The scopes of exact counts, and the keys of rates."""
    of, _, verb = call.callee.rpartition(".")
    if verb in COUNTED and (of == "ledger" or call.callee == "Count" or (not of and call.module.endswith(".ledger"))):
        for scope in call.texts(call.argument(0)) if not _is_query(call) else ():
            yield _line("count of", scope)
    if call.callee.startswith("Tally.objects"):
        for scope in call.texts(call.keyword("scope")):
            yield _line("count of", scope)
    if call.callee == "_count_against_rates" and call.module.endswith(".rate_counters"):
        for key in call.texts(call.argument(2)):
            yield _line("rate of", key)


def _is_query(call: Call) -> bool:
    """Django has a Count of its own."""
    return call.callee == "Count" and len(call.node.args) < 3


def _refused(call: Call) -> Iterator[str]:
    """What is wrong with a field; what Django's validators say is theirs, and stands in DJANGOS."""
    places = {"FieldError": 0, "ValidationError": 1}
    name = call.callee.rpartition(".")[2]
    code = call.argument(places[name]) or call.keyword("code") if name in places else None
    for text in call.texts(code) if not isinstance(code, ast.Call) else ():
        yield _line("field code", text)


def _recorded(call: Call) -> Iterator[str]:
    """What else rows and metrics say in words of ours: who acted, the code of an event, what is counted by day."""
    if call.callee == "Client.for_system":
        for who in call.texts(call.argument(0)):
            yield _line("actor", f"system:{who}")
    if call.callee in ("Client", "replace"):
        for who in call.texts(call.keyword("actor")):
            yield _line("actor", who)
    code = call.keyword("code") if call.callee == "record_event" else None
    for text in call.texts(code) if isinstance(code, ast.Constant | ast.IfExp) else ():
        if text:
            yield _line("event code", text)
    name = call.keyword("name") if call.callee.startswith("DayTally") else None
    for text in call.texts(name) if not (isinstance(name, ast.Name) and name.id.islower()) else ():
        yield _line("count by day", text)


def _line(kind: str, name: str, *more: str) -> str:
    return " | ".join(filter(None, (f"{kind} {name}", " ".join(filter(None, more)))))
