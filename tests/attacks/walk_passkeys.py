"""The walk through the flows of passkeys."""

from collections.abc import Callable
from functools import partial
from uuid import uuid4

from tests.attacks.walk_factors import WalkFactors
from tests.passkeys import SoftAuthenticator, request_options
from tests.world import Reply
from vestibule.factors.models import Passkey

DEE = "dee@example.com"


class WalkPasskeys(WalkFactors):
    """Somebody with a passkey."""

    def passkeys(self) -> None:
        """One is made, used at each door, renamed and removed."""
        api, device = self.home, SoftAuthenticator()
        access = api.account(self.inbox, DEE)

        def ask(method: str, path: str, **body: object) -> Callable[[], Reply]:
            return lambda: api.send(method, path, access, body)

        self.secrets.add(access)
        options = self.step("passkeys.start", act=ask("POST", "passkeys/options")).body
        self.refused("passkeys.add", act=ask("POST", "passkeys", credential={"id": "x"}))
        made = self.step(
            "passkeys.add", "passkey.added", act=ask("POST", "passkeys", credential=device.create(options))
        )
        self.secrets |= {*made.body["recovery_codes"]}
        path = f"passkeys/{Passkey.objects.get().pk}"
        self.step("passkeys.list", act=ask("GET", "passkeys"))
        self.step("passkeys.rename", "passkey.renamed", act=ask("PATCH", path, name="Blue key"))
        self.refused("passkeys.rename", act=ask("PATCH", f"passkeys/{uuid4()}", name="Blue key"))
        self.sign_ins(device)
        asked = self.step("sign_in.start_passkey", act=lambda: api.post("login/passkey/options", {}))
        again = {"method": "passkey", "credential": device.get(asked.body)}
        reauthenticated = ("passkey.used", "session.reauthenticated")
        act = partial(api.send, "POST", "reauthenticate", access, again)
        self.step("sign_in.reauthenticate", *reauthenticated, act=act)
        self.step("passkeys.remove", "passkey.removed", "session.ended", act=ask("DELETE", path))
        self.refused("passkeys.remove", act=ask("DELETE", path))
        self.later(601)
        self.refused("passkeys.start", act=ask("POST", "passkeys/options"))

    def sign_ins(self, device: SoftAuthenticator) -> None:
        """By the passkey alone, and after the password; and one that counts backwards."""
        api, device.counts = self.home, True
        flow, opened = "sign_in.by_passkey", ("passkey.used", "session.opened")

        def enter() -> Callable[[], Reply]:
            credential = device.get(request_options(api))
            return lambda: api.post("login/passkey/verify", {"credential": credential})

        proved = enter()
        self.step(flow, *opened, act=proved)
        self.refused(flow, act=proved)
        device.counter = 0
        self.refused(flow, "passkey.counter_behind", act=enter())
        mfa = self.ticket(DEE)
        self.refused("sign_in.start_passkey_factor", act=lambda: api.post("login/mfa/passkey", {"mfa": "x.y"}))
        asked = self.step("sign_in.start_passkey_factor", act=lambda: api.post("login/mfa/passkey", {"mfa": mfa}))
        body = {"mfa": mfa, "method": "passkey", "credential": device.get(asked.body)}
        self.step("sign_in.second_factor", *opened, "second_factor.proved", act=lambda: api.post("login/mfa", body))
