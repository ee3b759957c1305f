"""The walk through the sign-in on a device that shows a code."""

from tests.attacks.walk_openid import WalkOpenId
from tests.attacks.walking import AGENT
from tests.browsing import Browser
from tests.devices import DEVICE_CODE, create_device_application
from tests.oauth import SECRET
from tests.world import Http, Reply


class WalkDevice(WalkOpenId):
    """Somebody with a television set."""

    def device(self) -> None:
        """It asks, its code is typed and let in, or not, and it gets its tokens."""
        party = create_device_application()
        party.http = Http(raise_request_exception=False, HTTP_USER_AGENT=AGENT)
        self.secrets.add(f"{SECRET}tv")
        browser = self.signed_in_browser()
        start = self.answered(party.post, "/oauth/device", scope="openid")
        self.refused("applications.start_device", act=self.answered(party.post, "/oauth/device", scope="unknown"))
        for answer, told in (("cancel", "application.denied"), ("allow", "application.allowed")):
            asked = self.step("applications.start_device", act=start).body
            self.secrets |= {asked["device_code"], asked["user_code"]}
            sent = {"grant_type": DEVICE_CODE, "device_code": asked["device_code"]}
            poll = self.answered(party.post, "/oauth/token", **sent)
            self.refused("applications.exchange_device_code", act=poll)
            self.types(browser, asked["user_code"], answer, told)
            self.later(6)
        got = self.step("applications.exchange_device_code", "application.signed_in", act=poll).body
        self.secrets |= {got["access_token"], got["id_token"]}
        self.refused("applications.exchange_device_code", "application.code_replayed", act=poll)

    def types(self, browser: Browser, code: str, answer: str, told: str) -> None:
        """The code, after a wrong one and before one that was not shown."""

        def send(**typed: str) -> Reply:
            browser.open("/device/").submit("/device/", **typed)
            return Reply(status=browser.answer.status_code)

        self.refused("applications.claim_device", act=lambda: send(user_code="BBBB-BBBB"))
        self.refused("applications.answer_device", act=lambda: send(user_code=code, answer=answer))
        self.step("applications.claim_device", act=lambda: send(user_code=code))
        self.step("applications.answer_device", told, act=lambda: send(user_code=code, answer=answer))
