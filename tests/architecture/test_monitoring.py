"""Dashboard and alert rules are about metrics, labels and events that exist."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.architecture.test_docs import flow_names
from tests.configured import rated
from tests.world import PASSWORD, Api, Inbox
from vestibule.audit import events
from vestibule.service.ops.exposition import render_metrics
from vestibule.service.worker import schedule

DOCS = Path(__file__).parents[2] / "docs"
NAME = re.compile(r"\bvestibule_\w+")
SELECTOR = re.compile(r"\b(vestibule_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\b(?:by|without) \(([^)]*)\)")
OF_PROMETHEUS = {"instance", "job"}  # what it adds to every sample

RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((DOCS / "monitoring/alerts.yaml").read_text())["groups"] for rule in group["rules"]
]
DASHBOARD = json.loads((DOCS / "monitoring/grafana.json").read_text())
PANELS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
EXPRESSIONS = [rule["expr"] for rule in RULES] + PANELS


@pytest.fixture
def samples(api: Api, inbox: Inbox) -> dict[str, set[str]]:
    """Every sample of `/metrics`, and its labels, after something of everything happened."""
    registration = api.start(email="ada@example.com", password=PASSWORD).registration
    api.confirm(registration, "xxxxxx")
    with rated(login="1/hour"):
        api.login("ada@example.com")
        api.login("ada@example.com")
    schedule.run_due_sweeps()
    families = text_string_to_metric_families(render_metrics().decode())
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


def test_every_metric_and_label_that_is_named_exists(samples: dict[str, set[str]]) -> None:
    for expression in EXPRESSIONS:
        named = NAME.findall(expression)
        assert named or expression.startswith("up{"), expression
        assert set(named) <= samples.keys(), expression
        for name, selector in SELECTOR.findall(expression):
            labels = set(re.findall(r"(\w+)\s*[=!]~?", selector))
            assert labels <= samples[name] | OF_PROMETHEUS, expression
        grouped = {label.strip() for labels in GROUPED.findall(expression) for label in labels.split(",")}
        assert grouped <= set().union(*(samples[name] for name in named)) | OF_PROMETHEUS, expression


def test_every_event_that_is_named_exists() -> None:
    known = {event.name for event in events.ALL_EVENTS} | {f"{flow}.refused" for flow in flow_names()}
    for expression in EXPRESSIONS:
        for matcher, event in re.findall(r'event(=~?)"([^"]+)"', expression):
            assert (event in known) if matcher == "=" else any(re.fullmatch(event, name) for name in known), event


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    monitoring = (DOCS / "monitoring.md").read_text()
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["annotations"]["summary"], rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["runbook"] == f"docs/monitoring.md#{rule['alert'].lower()}"
        assert f"\n### {rule['alert']}\n" in monitoring


def test_the_table_of_metrics_is_the_exposition(samples: dict[str, set[str]]) -> None:
    rows = re.findall(r"^\| `(vestibule_\w+)` \|([^|]*)\|", (DOCS / "monitoring.md").read_text(), re.MULTILINE)
    documented = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    ours = {
        re.sub(r"(?<=duration_seconds)_(bucket|count|sum)$", "", name): labels - {"le"}
        for name, labels in samples.items()
        if name.startswith("vestibule_") and not name.endswith("_created")
    }
    assert documented == ours


def test_the_dashboard_can_be_imported() -> None:
    assert DASHBOARD["uid"] == DASHBOARD["title"] == "vestibule"
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert panel["type"] == "row" or panel["targets"]
