"""The walk through the sign-out that an application asks for."""

from urllib.parse import urlencode

from tests.attacks.walking import AGENT, BOB, Walking
from tests.browsing import Browser
from tests.oauth import RelyingParty, create_application
from tests.world import PASSWORD


class WalkSignOut(Walking):
    """An application signs its person out."""

    def sign_out(self) -> None:
        """In the browser, by its ID token; refused to an application that is unknown."""
        application = create_application("walked", name="Canary of an application")
        browser = Browser()
        browser.http.defaults["HTTP_USER_AGENT"] = AGENT
        browser.open("/login/").submit("/login/", name=BOB, password=PASSWORD)
        hint = RelyingParty("walked").sign_in(browser)["id_token"]
        self.secrets.add(hint)

        def leave(**sent: str) -> None:
            browser.open(f"/oauth/logout?{urlencode(sent)}")

        self.refused("applications.sign_out", act=lambda: leave(client_id="unknown"))
        ended = ("application.signed_out", "session.ended")
        self.step("applications.sign_out", *ended, act=lambda: leave(id_token_hint=hint))
        application.delete()
