"""UX-16: where the operating system forces its colours, what can be used still has an outline."""

from playwright.sync_api import Browser

from tests.service import Service

USED = "button, .button, input:not([type=hidden]):not([type=checkbox])"
BARE = """used => [...document.querySelectorAll(used)].filter(each => {
  const its = getComputedStyle(each), behind = getComputedStyle(each.parentElement).backgroundColor;
  return each.offsetParent && !each.classList.contains('link')
    && (parseFloat(its.borderTopWidth) < 1 || [behind, 'rgba(0, 0, 0, 0)'].includes(its.borderTopColor));
}).map(each => each.outerHTML)"""


def test_ux16_with_forced_colours_every_button_and_field_has_a_border(browser: Browser, service: Service) -> None:
    context = browser.new_context(forced_colors="active")
    page = context.new_page()
    for path in ("/register/", "/login/", "/password/reset/"):
        page.goto(f"{service.url}{path}")
        assert page.locator("button[type=submit]").count() >= 1
        assert page.evaluate(BARE, USED) == []
    context.close()
