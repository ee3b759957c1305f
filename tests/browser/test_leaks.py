"""What a browser keeps and passes on: WEB-09 (referrers), WEB-10 (our JSON abroad), WEB-17 (the way back)."""

from playwright.sync_api import Browser, Request, expect

from tests.browser.people import account
from tests.browser.test_account_pages import letter
from tests.letters import LINK
from tests.service import Service


def test_web_09_no_token_leaves_with_a_referrer(browser: Browser, service: Service, person: str) -> None:
    """OTP-13, WEB-09: the pages that links open, and everything that they load and that is clicked on them."""
    page = browser.new_page()
    sent: list[str] = []

    def on_request(request: Request) -> None:
        sent.append(request.headers.get("referer", ""))

    page.goto(f"{service.url}/register/")
    account(page, service, person)
    page.context.clear_cookies()
    page.goto(f"{service.url}/password/reset/")
    page.get_by_label("Email").fill(person)
    page.get_by_role("button", name="Send").click()
    token = LINK.search(letter(service, person, "password reset code"))
    assert token
    page.on("request", on_request)
    for path in ("/password/reset/confirm/", "/verify-email/", "/not-me/"):
        page.goto(f"{service.url}{path}?token={token[1]}")
        page.locator("header a").click()
        expect(page.get_by_role("heading").first).to_be_visible()
    assert set(sent) <= {"", f"{service.url}/"}
    assert f"{service.url}/" in sent
    page.close()


def test_web_10_a_foreign_page_gets_nothing_of_the_api(browser: Browser, service: Service) -> None:
    """WEB-10: as a script, a picture, a stylesheet, a frame; and opened as a document it runs nothing."""
    page = browser.new_page()
    page.route("https://evil.example/**", lambda route: route.fulfill(content_type="text/html", body="<body></body>"))
    page.goto("https://evil.example/")
    load = """([tag, attribute, url]) => new Promise(done => {
        const element = document.createElement(tag);
        if (tag === 'link') element.rel = 'stylesheet';
        element[attribute] = url; element.onload = () => done('loaded'); element.onerror = () => done('refused');
        document.body.append(element) })"""
    for tag, attribute in (("script", "src"), ("img", "src"), ("link", "href")):
        assert page.evaluate(load, [tag, attribute, f"{service.url}/api/auth/config"]) == "refused", tag
    answer = page.goto(f"{service.url}/api/auth/config")
    assert answer
    assert answer.headers["content-security-policy"].endswith("sandbox")
    page.close()


def test_web_17_the_way_back_shows_nobody(browser: Browser, service: Service, person: str) -> None:
    """WEB-17: after signing out."""
    page = browser.new_page()
    page.goto(f"{service.url}/register/")
    account(page, service, person)
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    for _ in range(3):
        page.go_back()
        assert person not in page.content()
        assert page.get_by_role("heading", name="Profile").count() == 0
    page.close()
