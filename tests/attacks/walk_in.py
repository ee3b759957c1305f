"""The part of the walk that leads in: both ways to sign up, and what a session and its devices are good for."""

from functools import partial

from tests.attacks.walking import ADA, BIO, BOB, DEVICE, EVE, HANDLE, NAME, WRONG, Walking, handle
from tests.pictures import picture, upload
from tests.world import PASSWORD, Reply


class WalkIn(Walking):
    """Signing up and being in."""

    def deferred(self) -> None:
        """A sign-up that makes nothing before the proof."""
        api, person = self.home, {"email": ADA, "password": PASSWORD, "full_name": NAME, "username": HANDLE}
        started = self.step("registration.start", "registration.started", act=lambda: api.start(**person))
        self.refused("registration.resend", act=lambda: api.resend(started.registration))
        self.step("registration.status", act=lambda: api.post("register/status", handle(started)))
        self.refused("registration.status", act=lambda: api.post("register/status", {"registration": "x.y"}))
        wrong = self.refused("registration.confirm", act=lambda: api.confirm(started.registration, "xxxxxx"))
        assert wrong.code == "otp_invalid"
        code = self.mail(ADA).code
        done = ("account.registered", "session.opened")
        self.step("registration.confirm", *done, act=lambda: api.confirm(started.registration, code))
        self.refused("registration.confirm", act=lambda: api.confirm(started.registration, code))
        self.step("registration.start", "registration.repeated", act=lambda: api.start(email=ADA, password=PASSWORD))
        self.refused("registration.start", act=lambda: api.start(email=BOB, username=HANDLE, password=PASSWORD))
        other = self.step(
            "registration.start",
            "registration.started",
            act=lambda: api.start(email="typo@example.com", password=PASSWORD),
        )
        self.later(61)
        self.step("registration.resend", "registration.resent", act=lambda: api.resend(other.registration))
        self.later(200)
        elsewhere = {"registration": other.registration, "email": "right@example.com"}
        self.step(
            "registration.redirect", "registration.redirected", act=lambda: api.post("register/redirect", elsewhere)
        )
        self.refused("registration.redirect", act=lambda: api.post("register/redirect", elsewhere))

    def pending(self) -> None:
        """Sign-ups whose person waits in a row."""
        api = self.home
        for address in (BOB, EVE):
            self.step(
                "pending_registration.register",
                "registration.started",
                act=partial(api.register, email=address, password=PASSWORD, device={"device_name": DEVICE}),
            )
        self.refused(
            "pending_registration.register", act=lambda: api.register(email=BOB, username=HANDLE, password=PASSWORD)
        )
        self.later(61)
        self.step(
            "pending_registration.resend",
            "registration.resent",
            act=lambda: api.post("verify-email/resend", {"email": BOB}),
        )
        token, code = self.mail(BOB).token, self.mail(BOB).code
        guess = {"email": BOB, "otp": "000000", "password": PASSWORD}
        self.refused("pending_registration.confirm", act=lambda: api.post("verify-email", guess))
        self.refused("pending_registration.open_link", act=lambda: api.post("verify-email", {"token": token}))
        self.step(
            "pending_registration.confirm",
            "account.registered",
            act=lambda: api.post("verify-email", {**guess, "otp": code}),
        )
        token = self.mail(EVE).token
        self.refused("pending_registration.reject", act=lambda: api.post("verify-email/reject", {"token": "x" * 43}))
        self.step(
            "pending_registration.reject",
            "registration.rejected",
            act=lambda: api.post("verify-email/reject", {"token": token}),
        )
        self.step(
            "pending_registration.register",
            "registration.started",
            act=lambda: api.register(email=EVE, username="taken", password=PASSWORD),
        )
        link = {"token": self.mail(EVE).token, "password": PASSWORD}
        self.step("pending_registration.open_link", "account.registered", act=lambda: api.post("verify-email", link))

    def in_session(self) -> None:
        """Signed in, once more, everywhere, and out."""
        api = self.home
        self.refused("sign_in.sign_in", act=lambda: api.login(ADA, WRONG))
        access = self.signed_in()
        self.refused(
            "sign_in.reauthenticate", act=lambda: api.send("POST", "reauthenticate", access, {"password": WRONG})
        )
        self.step(
            "sign_in.reauthenticate",
            "session.reauthenticated",
            act=lambda: api.send("POST", "reauthenticate", access, {"password": PASSWORD}),
        )
        first = self.step("sign_in.sign_in", "session.opened", act=lambda: api.login(ADA)).body["refresh"]
        second = self.refresh(first).body["refresh"]
        self.refresh(second)
        self.refused(
            "sessions.refresh", "session.refresh_reused", act=lambda: api.post("token/refresh", {"refresh": first})
        )
        self.step("profile.show", act=lambda: api.send("GET", "me", access))
        sessions = self.step("sessions.mine", act=lambda: api.send("GET", "sessions", access)).body
        other = next(each["id"] for each in sessions if not each["current"])
        self.step("sessions.end", "session.ended", act=lambda: api.send("DELETE", f"sessions/{other}", access))
        self.refused("sessions.end", act=lambda: api.send("DELETE", f"sessions/{other}", access))
        self.devices(access)
        self.step("account.activity", act=lambda: api.send("GET", "events", access))
        self.refused("sessions.sign_out", act=lambda: api.send("POST", "logout", "", {"refresh": "x" * 43}))
        self.step("sessions.sign_out", "session.ended", act=lambda: api.send("POST", "logout", access))
        access = self.signed_in()
        self.step("sessions.sign_out_everywhere", "session.ended", act=lambda: api.send("POST", "logout/all", access))

    def refresh(self, token: str) -> Reply:
        """The next pair."""
        return self.step(
            "sessions.refresh", "session.refreshed", act=lambda: self.home.post("token/refresh", {"refresh": token})
        )

    def devices(self, access: str) -> None:
        """A device, named and forgotten; the profile."""
        api, said = self.home, {"fingerprint_hash": "canary of a device", "device_name": DEVICE}
        self.step("sign_in.sign_in", "session.opened", act=lambda: api.login(ADA, device=said))
        kept = self.step("devices.mine", act=lambda: api.send("GET", "devices", access)).body
        path = f"devices/{next(each['id'] for each in kept if each['name'] == DEVICE)}"
        change = {"name": DEVICE + " 2", "is_trusted": True}
        self.step("devices.change", "device.changed", act=lambda: api.send("PATCH", path, access, change))
        self.step("devices.forget", "device.forgotten", act=lambda: api.send("DELETE", path, access))
        self.refused("devices.forget", act=lambda: api.send("DELETE", path, access))
        self.refused("devices.change", act=lambda: api.send("PATCH", path, access, change))
        about = {"full_name": NAME, "profile": {"bio": BIO}}
        self.step("profile.change", "profile.changed", act=lambda: api.send("PATCH", "me", access, about))
        self.refused("profile.change", act=lambda: api.send("PATCH", "me", access, {"username": "taken"}))
        self.step("profile.set_picture", "profile.changed", act=lambda: upload(api, access, picture()))
        self.refused("profile.set_picture", act=lambda: upload(api, access, b"no picture"))
        self.step("profile.remove_picture", "profile.changed", act=lambda: api.send("DELETE", "me/picture", access))
