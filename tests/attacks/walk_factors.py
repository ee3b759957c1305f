"""The walk through the flows of second factors."""

from tests.attacks.walk_in import WalkIn
from tests.attacks.walking import CY
from tests.factors import Authenticator, enrol
from tests.world import Reply
from vestibule.accounts.models import User


class WalkFactors(WalkIn):
    """Somebody with an authenticator app and recovery codes."""

    def factors(self) -> None:
        """In by both factors, and once more inside."""
        api = self.home
        api.account(self.inbox, CY)
        app = enrol(User.objects.get(email=CY))
        self.secrets |= {app.seed, *app.recovery_codes}
        mfa = self.ticket(CY)
        self.refused("sign_in.second_factor", act=lambda: self.prove(mfa, "totp", "000000"))

        def switch() -> Reply:
            return Reply(status=api.http.post("/login/mfa/", {"mfa": mfa, "switch": "recovery_code"}).status_code)

        self.step("sign_in.second_factor_methods", act=switch)
        used = ("recovery_code.used", "session.opened", "second_factor.proved")
        self.step("sign_in.second_factor", *used, act=lambda: self.prove(mfa, "recovery_code", app.recovery_codes[0]))
        self.refused("sign_in.second_factor_methods", act=switch)
        access = self.signed_in_by_both(CY, app)
        again = {"method": "recovery_code", "code": app.recovery_codes[1]}
        self.step(
            "sign_in.reauthenticate",
            "recovery_code.used",
            "session.reauthenticated",
            act=lambda: api.send("POST", "reauthenticate", access, again),
        )
        self.refused("sign_in.reauthenticate", act=lambda: api.send("POST", "reauthenticate", access, again))

    def ticket(self, email: str) -> str:
        """The ticket of a right password."""
        asked = self.step("sign_in.sign_in", "second_factor.asked", act=lambda: self.home.login(email))
        self.secrets.add(asked.body["mfa"])
        return str(asked.body["mfa"])

    def prove(self, mfa: str, method: str, code: str) -> Reply:
        """Give a code to a ticket."""
        return self.home.post("login/mfa", {"mfa": mfa, "method": method, "code": code})

    def signed_in_by_both(self, email: str, app: Authenticator) -> str:
        """A fresh access token."""
        mfa, proved = self.ticket(email), ("session.opened", "second_factor.proved")
        entered = self.step("sign_in.second_factor", *proved, act=lambda: self.prove(mfa, "totp", app.code()))
        return str(entered.body["access"])
