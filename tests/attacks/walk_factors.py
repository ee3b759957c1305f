"""The walk through the flows of second factors."""

from collections.abc import Callable

from django.utils import timezone

from tests.attacks.walk_in import WalkIn
from tests.attacks.walking import CY
from tests.configured import configured
from tests.factors import Authenticator, enrol
from tests.world import Reply
from vestibule.accounts.models import User
from vestibule.factors import remembered_devices
from vestibule.factors.models import RememberedDevice
from vestibule.kernel.client import Client

TEXTED = "+14155550142"


class WalkFactors(WalkIn):
    """Somebody with an authenticator app and recovery codes."""

    def factors(self) -> None:
        """In by both factors, and once more inside."""
        api = self.home
        before = api.account(self.inbox, CY)
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
        self.refused("second_factors.start_totp", act=lambda: api.send("POST", "mfa/totp", before))
        self.refused("second_factors.remove_totp", act=lambda: api.send("DELETE", "mfa/totp", before))
        self.text(CY)
        self.enrolment(access)

    def text(self, email: str) -> None:
        """A code by SMS, for an account with a proved number."""
        person = User.objects.filter(email=email)
        person.update(phone_number=TEXTED, phone_verified_at=timezone.now())
        mfa = self.ticket(email)

        def ask() -> Reply:
            return self.home.post("login/mfa/sms", {"mfa": mfa})

        with configured(MFA_SMS=True):
            self.step("sign_in.text_second_factor", "second_factor.texted", act=ask)
            self.refused("sign_in.text_second_factor", act=ask)
            self.secrets.add(self.mail(TEXTED).code)
        person.update(phone_number=None, phone_verified_at=None)

    def enrolment(self, access: str) -> None:
        """Another app in place of the first, other codes, and then nothing of it any more."""

        def ask(method: str, path: str, **body: str) -> Callable[[], Reply]:
            return lambda: self.home.send(method, path, access, body)

        self.step("second_factors.show", act=ask("GET", "mfa"))
        flow, replaced = "second_factors.replace_recovery_codes", "recovery_codes.replaced"
        self.secrets |= {*self.step(flow, replaced, act=ask("POST", "mfa/recovery-codes")).body["recovery_codes"]}
        app = Authenticator(self.step("second_factors.start_totp", act=ask("POST", "mfa/totp")).body["secret"], [])
        self.secrets.add(app.seed)
        confirm, path = "second_factors.confirm_totp", "mfa/totp/confirm"
        self.refused(confirm, act=ask("POST", path, code="000000"))
        self.step(confirm, "totp.added", "session.ended", act=ask("POST", path, code=app.code()))
        self.step("second_factors.remembered_devices", act=ask("GET", "mfa/remembered-devices"))
        remembered_devices.remember_device(Client(at=timezone.now()), User.objects.get(email=CY), b"")
        forget = ask("DELETE", f"mfa/remembered-devices/{RememberedDevice.objects.get().pk}")
        self.step("second_factors.forget_device", "devices.unremembered", act=forget)
        self.refused("second_factors.forget_device", act=forget)
        self.step("second_factors.forget_devices", "devices.unremembered", act=ask("DELETE", "mfa/remembered-devices"))
        self.step("second_factors.remove_totp", "totp.removed", act=ask("DELETE", "mfa/totp"))
        self.refused(flow, act=ask("POST", "mfa/recovery-codes"))

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
