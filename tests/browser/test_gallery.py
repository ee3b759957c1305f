"""Every state of every page in Chromium, once: axe-core finds nothing in light and dark, forced colours leave every
control an outline, and nothing is wider than a small phone, in any language."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, Route

from tests import gallery, pseudo_locale
from tests.browser import axe
from tests.service import Service
from tests.world import Http

PHONE = {"width": 320, "height": 640}  # WCAG 2.2, 1.4.10
BARE_CONTROLS = """() => [...document.querySelectorAll("button, a.button, input, select, textarea")].filter(each => {
  const {borderTopStyle, borderTopWidth, textDecorationLine} = getComputedStyle(each);
  const drawnByBrowser = ["checkbox", "radio", "file", "hidden"].includes(each.type) || !each.checkVisibility();
  if (each.disabled || each.ariaDisabled) return false;
  const outlined = borderTopStyle !== "none" && parseFloat(borderTopWidth) >= 1;
  return !drawnByBrowser && !outlined && !textDecorationLine.includes("underline");
}).map(each => each.outerHTML.slice(0, 120))"""
# Of these pages, by path, what is too wide, with everything shown that a script may show.
TOO_WIDE = """pages => {
  const wide = {};
  for (const [path, html] of Object.entries(pages)) {
    const other = new DOMParser().parseFromString(html, "text/html");
    document.documentElement.lang = other.documentElement.lang;
    document.documentElement.dir = other.documentElement.dir;
    document.body.replaceWith(other.body);
    document.querySelectorAll("[hidden]").forEach(each => { each.hidden = false; });
    document.querySelectorAll("details").forEach(each => { each.open = true; });
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) continue;
    const outside = [...document.body.querySelectorAll("*")].filter(each => {
      const {left, right} = each.getBoundingClientRect();
      const scrolls = each.parentElement.closest("pre, .scroll");
      return !scrolls && each.checkVisibility() && (right > width + 1 || left < -1);
    });
    if (outside.length) wide[path] = outside.map(each => each.outerHTML.slice(0, 120));
  }
  return wide;
}"""


@dataclass
class Findings:
    """What a walk through the gallery found, by path."""

    light: dict[str, list[str]] = field(default_factory=dict)
    dark: dict[str, list[str]] = field(default_factory=dict)
    forced: dict[str, list[str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """A page that leaves this service for nowhere, and moves nothing."""
    # A mail is shown in a sandbox, where nothing runs, nor axe-core.
    context = browser.new_context(reduced_motion="reduce", bypass_csp=True)
    axe.bring_along(context)
    page = context.new_page()

    def stay(route: Route) -> None:
        route.fulfill(status=204)

    page.route(lambda url: not url.startswith(service.url) or url.endswith("/form_post.js"), stay)
    yield page
    context.close()


@pytest.fixture(scope="module")
def findings(page: Page, service: Service) -> Findings:
    """One walk through pages and mails that differ in more than words."""
    found = Findings()
    for path in gallery.distinct_paths():
        page.goto(service.url + path, wait_until="load")
        # A mail is a document inside of a mail program, which has the landmarks.
        off = ("region", "landmark-one-main") if "/mail/" in path else ()
        found.light[path] = axe.find_violations(page, off=off)
        page.emulate_media(color_scheme="dark")
        found.dark[path] = axe.find_faint_text(page)
        page.emulate_media(color_scheme="light", forced_colors="active")
        found.forced[path] = [] if "/mail/" in path else page.evaluate(BARE_CONTROLS)
        page.emulate_media(forced_colors="none")
    return found


def test_axe_finds_nothing_in_the_light(findings: Findings) -> None:
    assert not {path: each for path, each in findings.light.items() if each}


def test_axe_finds_nothing_in_the_dark(findings: Findings) -> None:
    assert not {path: each for path, each in findings.dark.items() if each}


def test_forced_colours_leave_every_control_an_outline(findings: Findings) -> None:
    assert not {path: each for path, each in findings.forced.items() if each}


@pytest.mark.parametrize("language", [*sorted({"ar", "de"} & dict(settings.LANGUAGES).keys()), pseudo_locale.LANGUAGE])
def test_nothing_is_wider_than_a_small_phone(
    page: Page, service: Service, language: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page.goto(f"{service.url}{gallery.ROOT}sign-up/register-with-captcha/")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict
    http: Any = Http()
    with pseudo_locale.installed(tmp_path_factory.mktemp("locale"), *settings.LANGUAGES, spelled=twice):
        pages = {path: http.get(f"{path}?language={language}").content.decode() for path in gallery.page_paths()}
    assert not page.evaluate(TOO_WIDE, {path: pages[path] for path in gallery.distinct_pages(pages)})


def twice(sentence: str) -> str:
    """The sentence as a language has it whose words are twice as long."""
    return f"{sentence} {sentence}"
