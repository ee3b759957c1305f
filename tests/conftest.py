"""Fixtures for every test: the doors, the inbox, a clean house; and the service as a process of its own."""

import logging
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from io import StringIO

import django
import hypothesis
import pytest

from tests import environment  # first: Django reads the environment once
from vestibule.conf import conf

django.setup()

from django.conf import settings
from django.contrib.contenttypes.management import create_contenttypes
from django.db.models.signals import post_migrate
from playwright.sync_api import Browser, sync_playwright
from redis import Redis

from tests import emptying, forks, hashes
from tests.service import Service
from tests.world import Api, Door, Inbox, Pages, Smtp, serve_smtp
from vestibule.audit import daily_counts
from vestibule.kernel import cached
from vestibule.limits import rate_counters
from vestibule.limits.admission import admission
from vestibule.service.boot import collect_rarely, freeze_garbage_collector
from vestibule.service.celery import app as celery

__all__ = ["celery", "environment"]

collect_rarely()  # as each of our commands: a tenth of the CPU of a run

# The workers of pytest-xdist inherit the environment, and pytest-django would read the settings before they have
# their own folder and Redis.
os.environ.pop("DJANGO_SETTINGS_MODULE", None)

# What starts the service as processes of its own runs once, in the run of its shape. So does what asks neither database
# nor Redis, or asks both alike: words, codes, forms, headers, claims, roles, lines, and the games of the thief, whose
# moves are tried on both elsewhere (attacks/test_holes_*); and the fuzzer, where it finds more: PostgreSQL refuses what
# SQLite takes.
ONCE = [
    f"contracts/test_{vendor}.py"
    for vendor in ("breaches", "captcha_vendors", "mime", "pictures_in_a_bucket", "pkce", "providers", "twilio")
]
ONCE += [
    "architecture/*",
    "properties/test_[op]*.py",
    "properties/test_colours.py",
    "faults_of_use/test_settings_*.py",
    "stories/test_permissions.py",
    "stories/test_mailbox.py",
    "stories/test_brand.py",
    "stories/test_static_files.py",
]
ONCE += [
    f"domain/test_{unit}.py"
    for unit in ("sealing", "identifiers", "replies", "framing", "fields", "payloads", "provider_settings")
]
ONCE += [f"faults_of_use/test_{use}.py" for use in ("bodies", "codes", "hosts", "languages", "names", "other_origins")]
ONCE += [f"faults_of_use/test_{use}.py" for use in ("pictures", "tabs", "command_line", "developers", "forks")]
ONCE += ["attacks/test_authorisation*.py", "attacks/test_passwords*.py", "attacks/test_web_[!s]*.py"]
ONCE += [f"attacks/test_{what}.py" for what in ("holes_operators", "holes_settings", "logging_flows", "tokens_claims")]
ONCE += ["attacks/test_web_surfaces.py", "foreign/*", "attacks/test_federation_discovery.py"]
ONCE += ["contracts/test_openid_conformance.py"]
ONCE += ["attacks/test_federation_id_tokens.py", "attacks/test_federation_events.py"]
ONCE += [f"attacks/test_openid_{what}.py" for what in ("check", "documents", "inputs", "logout")]
ONCE += [f"attacks/test_{what}.py" for what in ("second_factors_policy", "passkeys_registration", "holes_text")]
ONCE += [f"faults_of_use/test_ux_{use}.py" for use in ("account", "activity", "durations", "sign_in", "sign_up_forms")]
ONCE += ["faults_of_use/test_ux_08_who_is_signed_in.py", "faults_of_use/test_language_choice.py"]
ONCE += [f"stories/test_{what}.py" for what in ("admin_applications", "application_pages", "every_language")]
ONCE += ["stories/test_staff_see_identities.py", "contracts/test_mail_colours.py", "contracts/test_mails.py"]
EMBEDDED = ["browser/*", "faults/test_embedded*"]
PRODUCTION = ["faults/test_[!e]*", "stories/test_contract.py", "attacks/test_input*.py", "faults_of_use/test_nulls.py"]
STARTING = ["browser/test_*", "foreign/test_*", "faults/test_embedded*"]
_STORES = {"db", "transactional_db", "deployment"}
collect_ignore_glob = [*EMBEDDED, *ONCE] if environment.PRODUCTION else PRODUCTION
pytest_plugins = ["schemathesis.pytest.plugin"] if environment.PRODUCTION else []  # of stories/test_contract.py alone


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test that asks for no database is the same in both shapes (pytest-django lets it reach none): it runs once, in
    the embedded one, unless the mark `stores` says that it reaches a store of its shape by itself. And what starts
    processes of its own stands at the head of what each of the first two workers of pytest-xdist begins with, from
    where no other takes tests, so that no deployment, service or browser starts twice."""
    if environment.PRODUCTION:
        left_out = {each for each in items if not (_STORES & _fixtures(each) or _reaches_stores(each))}
        items[:] = [each for each in items if each not in left_out]
        config.hook.pytest_deselected(items=list(left_out))
    starting: dict[str, list[pytest.Item]] = defaultdict(list)
    others: list[pytest.Item] = []
    for item in items:
        started = _started(item)
        (starting[started] if started else others).append(item)
    first, second = ([item for each in sorted(starting)[turn::2] for item in starting[each]] for turn in (0, 1))
    share = max(0, len(items) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "2")) - len(first))
    items[:] = [*first, *others[:share], *second, *others[share:]]


def _started(item: pytest.Item) -> str:
    """What starts for this test and those beside it: a deployment, or what its file starts; "" if nothing does."""
    if "deployment" in _fixtures(item):
        return str(item.callspec.params["deployment"])  # type: ignore[attr-defined]
    return item.path.name if any(item.path.match(pattern) for pattern in STARTING) else ""


def _fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


def _reaches_stores(item: pytest.Item) -> bool:
    marked = item.get_closest_marker("stores") or item.get_closest_marker("django_db")
    return bool(marked) or any(item.path.match(pattern) for pattern in PRODUCTION)


def pytest_collection_finish() -> None:
    """All is loaded, the tests too."""
    freeze_garbage_collector()


# Nobody here reads Django's permissions and content types.
post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
post_migrate.disconnect(create_contenttypes)

# A gate that asks the same questions each time; without CI, hypothesis goes looking for new ones.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI") == "true":
    hypothesis.settings.load_profile("ci")

logging.getLogger("mail.log").setLevel("WARNING")  # the SMTP server of the tests, which shares our process

hashes.cheapen()
Service.begin = forks.Command
emptying.empty_instead_of_flushing()

EMAIL_BACKEND = settings.EMAIL_BACKEND


@pytest.fixture(scope="session")
def real_mail(django_test_environment: None) -> None:
    """Mail as it is configured: Django's test environment would keep it in memory."""
    settings.EMAIL_BACKEND = EMAIL_BACKEND


@pytest.fixture(scope="session")
def smtp() -> Iterator[Smtp | None]:
    """The SMTP server of the production shape; None where the mailbox stands in."""
    if not environment.PRODUCTION:
        yield None
        return
    yield from serve_smtp(Smtp(), settings.EMAIL_PORT)


@pytest.fixture
def inbox(real_mail: None, smtp: Smtp | None) -> Iterator[Inbox]:
    """Everybody's mailbox, empty."""
    inbox = Inbox(smtp)
    inbox.empty()
    yield inbox
    if smtp:
        smtp.refuse = None


@pytest.fixture
def house(transactional_db: None, inbox: Inbox) -> None:
    """A real database without a surrounding transaction; nothing counted, nothing in Redis."""
    rate_counters.reset_rate_counters()
    admission.forget_networks()
    cached.reset_all()
    daily_counts.daily_counter.reset()
    if conf.redis_url:
        redis_at(conf.redis_url).flushdb()


@cache
def redis_at(url: str) -> Redis:
    """One client for all tests: a connection each costs more than what is emptied through it."""
    return Redis.from_url(url)


@pytest.fixture
def api(house: None) -> Api:
    """A person at the JSON API."""
    return Api()


@pytest.fixture
def ada(api: Api, inbox: Inbox) -> str:
    """The account of ada@example.com; the access token of its session."""
    return api.account(inbox, "ada@example.com")


@pytest.fixture(params=["api", "pages"])
def door(request: pytest.FixtureRequest, house: None) -> Door:
    """A person at the API, and once more at the pages."""
    return Api() if request.param == "api" else Pages()


@pytest.fixture
def product_hashes() -> Iterator[None]:
    """A hash costs what it costs people: for the tests of that cost."""
    with hashes.as_in_the_product():
        yield


@pytest.fixture
def printed() -> Iterator[StringIO]:
    """What the logs print meanwhile."""
    [handler] = [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]
    output = StringIO()
    before = handler.setStream(output)
    yield output
    handler.setStream(before)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`vestibule serve` as a process of its own, embedded, with the mailbox."""
    with Service(tmp_path_factory.mktemp("service"), host="localhost") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without one the browser tests are skipped, loudly (see the Makefile)."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if not path:
        pytest.skip("no Chromium: the browser tests did not run")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync", "--renderer-process-limit=1"]
    # Playwright's loop stays with this thread until the session ends, and Django takes us for a coroutine: later tests
    # of this process would have no database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    settings.SILENCED_SYSTEM_CHECKS.append("async.E001")  # which says that this is not for deployments
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()
