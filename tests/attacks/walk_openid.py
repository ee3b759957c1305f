"""The walk through the sign-in at an application."""

from typing import Any

from tests.attacks.walking import AGENT, BOB, Walking
from tests.browsing import Browser
from tests.configured import configured
from tests.oauth import SECRET, VERIFIER, RelyingParty, brought_back, create_application, go_on
from tests.world import PASSWORD, Http, Reply

OFFLINE = "openid email offline_access"


class WalkOpenId(Walking):
    """Somebody who signs in at a shop."""

    def openid(self) -> None:
        """The browser's way, the tokens, and the end."""
        create_application()
        create_application("robot", grant_types=["client_credentials"], scope="")
        self.secrets |= {f"{SECRET}shop", f"{SECRET}robot", VERIFIER}
        shop = RelyingParty(http=Http(raise_request_exception=False, HTTP_USER_AGENT=AGENT))
        browser = self.signed_in_browser()
        first = self.tokens(shop, self.code(shop, browser))
        self.refreshes(shop, first)
        self.own(shop)
        self.register(shop.http)
        self.withdraw()

    def signed_in_browser(self) -> Browser:
        """Bob's."""
        browser = Browser()
        browser.http.defaults["HTTP_USER_AGENT"] = AGENT

        def log_in() -> Reply:
            browser.open("/login/").submit("/login/", name=BOB, password=PASSWORD)
            return Reply(status=browser.answer.status_code)

        self.step("sign_in.sign_in", "session.opened", act=log_in)
        return browser

    def code(self, shop: RelyingParty, browser: Browser) -> str:
        """Asked for, refused, let have."""

        def see(url: str) -> Reply:
            browser.open(url)
            return Reply(status=browser.answer.status_code)

        def press(answer: str) -> Reply:
            browser.submit("/oauth/consent/", answer=answer)
            return Reply(status=browser.answer.status_code)

        self.refused("applications.authorize", act=lambda: see(shop.authorize_url(client_id="nobody")))
        self.step("applications.authorize", act=lambda: see(shop.authorize_url(scope=OFFLINE)))
        self.step("applications.read_request", act=lambda: see(browser.went_to))
        self.refused("applications.consent", act=lambda: press("cancel"))
        self.refused("applications.read_request", act=lambda: see("/oauth/consent/?client_id=shop&request_uri=x"))
        go_on(browser.open(shop.authorize_url(scope=OFFLINE)))
        self.step("applications.consent", "application.allowed", act=lambda: press("allow"))
        code = brought_back(browser)["code"]
        self.secrets.add(code)
        return code

    def tokens(self, shop: RelyingParty, code: str) -> dict[str, Any]:
        """Of that code; and what they stand for."""
        exchanged = self.answered(shop.exchange, code)
        got = self.step("applications.exchange_code", "application.signed_in", act=exchanged).body
        self.secrets |= {got["access_token"], got["refresh_token"], got["id_token"]}
        self.refused("applications.exchange_code", act=self.answered(shop.exchange, "nothing"))
        self.step("applications.userinfo", act=self.answered(shop.userinfo, got["access_token"]))
        self.refused("applications.userinfo", act=self.answered(shop.userinfo, "nothing"))
        introspect = self.answered(shop.post, "/oauth/introspect", token=got["access_token"])
        self.step("applications.introspect", act=introspect)
        stranger = self.answered(shop.post, "/oauth/introspect", {}, client_id="shop", token="x")
        self.refused("applications.introspect", act=stranger)
        self.step("applications.push_request", act=self.answered(shop.push))
        self.refused("applications.push_request", act=self.answered(shop.push, scope="unknown"))
        return dict(got)

    def refreshes(self, shop: RelyingParty, first: dict[str, Any]) -> None:
        """Once, and once too often."""
        second = self.step(
            "applications.refresh", "application.refreshed", act=self.answered(shop.refresh, first["refresh_token"])
        ).body
        self.secrets |= {second["access_token"], second["refresh_token"], second["id_token"]}
        self.later(11)
        stolen = self.answered(shop.refresh, first["refresh_token"])
        self.refused("applications.refresh", "application.refresh_reused", act=stolen)
        self.read()

    def own(self, shop: RelyingParty) -> None:
        """For itself; and given back."""
        robot = RelyingParty("robot", http=shop.http)
        grant = {"grant_type": "client_credentials"}
        got = self.step(
            "applications.client_credentials",
            "application.authenticated",
            act=self.answered(robot.post, "/oauth/token", **grant),
        ).body
        self.secrets.add(got["access_token"])
        self.refused("applications.client_credentials", act=self.answered(shop.post, "/oauth/token", **grant))
        browser = self.signed_in_browser()
        code = brought_back(browser.open(shop.authorize_url(scope=OFFLINE)))["code"]
        tokens = shop.exchange(code).json()
        self.secrets |= {code, tokens["access_token"], tokens["refresh_token"], tokens["id_token"]}
        revoke = self.answered(shop.post, "/oauth/revoke", token=tokens["refresh_token"])
        self.step("applications.revoke_token", "application.signed_out", act=revoke)
        stranger = self.answered(shop.post, "/oauth/revoke", {}, client_id="shop", token="x")
        self.refused("applications.revoke_token", act=stranger)

    def register(self, http: Http) -> None:
        """By itself, where it may."""
        asked = {"client_name": "Canary of a robot", "redirect_uris": ["https://robot.example/back"]}

        def register(declared: dict[str, Any]) -> Any:
            return self.answered(http.post, "/oauth/register", declared, content_type="application/json")

        with configured(OAUTH_REGISTRATION="open"):
            made = self.step("applications.register", "application.registered", act=register(asked))
            self.refused("applications.register", act=register({**asked, "redirect_uris": []}))
        self.secrets.add(made.body["client_secret"])

    def withdraw(self) -> None:
        """Looked at, and taken back."""
        api, access = self.home, self.signed_in(BOB)
        self.step("applications.mine", act=lambda: api.send("GET", "applications", access))
        gone = "applications/shop"
        withdrawn = "application.withdrawn"
        self.step("applications.withdraw", withdrawn, act=lambda: api.send("DELETE", gone, access))
        self.refused("applications.withdraw", act=lambda: api.send("DELETE", gone, access))

    def answered(self, act: Any, *args: Any, **more: Any) -> Any:
        """What does it, and returns the answer."""

        def do() -> Reply:
            answer = act(*args, **more)
            body = answer.json() if answer.content else {}
            return Reply(status=answer.status_code, body=body, text=answer.content.decode())

        return do
