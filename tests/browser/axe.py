"""What axe-core finds in the page that a browser shows (deque.com/axe)."""

from pathlib import Path
from typing import Any

import axe_playwright_python  # type: ignore[import-untyped]  # only its axe-core is used
from playwright.sync_api import BrowserContext, Page

_SOURCE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
_ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async ({chosen, off}) => {
  await new Promise(requestAnimationFrame);  // another colour scheme has begun its transitions
  await Promise.all(document.getAnimations().map(each => each.finished));
  const rules = Object.fromEntries(off.map(name => [name, {enabled: false}]));
  const found = await axe.run(document, {runOnly: chosen, rules, resultTypes: ["violations"]});
  return found.violations.flatMap(each => each.nodes.map(
    node => `${each.id}: ${node.html.slice(0, 200)} ${node.any[0]?.message ?? ""}`));
}"""


def bring_along(context: BrowserContext) -> None:
    """Have axe-core in every page of this context."""
    context.add_init_script(_SOURCE)


def find_violations(page: Page, *, off: tuple[str, ...] = ()) -> list[str]:
    """Every violation of WCAG 2.2 AA and of best practice, but for the rules that are off."""
    return _run(page, _ALL, off)


def find_faint_text(page: Page) -> list[str]:
    """Only text with too little contrast: what another colour scheme changes."""
    return _run(page, {"type": "rule", "values": ["color-contrast"]})


def _run(page: Page, chosen: Any, off: tuple[str, ...] = ()) -> list[str]:
    found: list[str] = page.evaluate(_RUN, {"chosen": chosen, "off": off})
    return found
