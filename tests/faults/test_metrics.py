"""Two web processes and a worker: `/metrics` is one sum, whichever of them is asked."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from prometheus_client import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from tests.faults.conftest import Deployment
from tests.servers import until

COUNT = "vestibule_request_duration_seconds_count"
CONFIG = {"route": "api/auth/config", "method": "GET", "status": "2xx"}


def scraped(deployment: Deployment) -> list[Metric]:
    """The metrics, from whichever process answers."""
    with urlopen(Request(f"{deployment.service.url}/metrics", headers={"Connection": "close"})) as answer:
        return list(text_string_to_metric_families(answer.read().decode()))


def total(families: list[Metric], name: str, **labels: str) -> float:
    """The sum of a sample's values."""
    samples = (sample for family in families for sample in family.samples)
    return sum(each.value for each in samples if each.name == name and labels.items() <= each.labels.items())


def by_process(folder: Path) -> list[float]:
    """What each process has counted of the requests for CONFIG."""
    files = (folder / "metrics").glob("histogram_*.db")
    return [total(list(MultiProcessCollector.merge([str(file)])), COUNT, **CONFIG) for file in files]  # type: ignore[no-untyped-call]  # theirs


def test_two_processes_and_a_worker_add_up(deployment: Deployment) -> None:
    before = scraped(deployment)
    answers: list[tuple[int, Any]] = []

    def both_answered() -> bool:
        answers.extend(people.map(deployment.service.get, ["/api/auth/config"] * 20))
        return sum(count > 0 for count in by_process(deployment.service.folder)) == 2

    with ThreadPoolExecutor(4) as people:
        until(both_answered, "an answer of each process")
    assert all(status == 200 for status, _ in answers)
    deployment.start("counted@example.com")
    deployment.sink.mail("counted@example.com")
    was, sent = total(before, COUNT, **CONFIG), total(before, "vestibule_sign_ups_total", step="sent")
    until(lambda: total(scraped(deployment), COUNT, **CONFIG) == was + len(answers), "the sum of both processes")
    until(lambda: total(scraped(deployment), "vestibule_sign_ups_total", step="sent") == sent + 1, "the worker's")
    read = [family for family in scraped(deployment) if family.name == "vestibule_outbox_oldest_seconds"]
    assert [len(family.samples) for family in read] == [1]  # by whoever is asked, never multiplied


def test_what_a_worker_counted_outlives_it(deployment: Deployment) -> None:
    """A sum that falls looks like a restart, after which everything that is left would be counted again."""
    deployment.start("outlived@example.com")
    deployment.sink.mail("outlived@example.com")
    sent = total(scraped(deployment), "vestibule_sign_ups_total", step="sent")
    deployment.service.ask_to_stop("worker").wait(30)
    try:
        assert total(scraped(deployment), "vestibule_sign_ups_total", step="sent") >= max(sent, 1)
    finally:
        deployment.service.start("worker", "--concurrency=1")
