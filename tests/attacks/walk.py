"""A walk through every flow of docs/flows.md: done once and, where it can be, refused once."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone

from tests.attacks.walk_applications import WalkApplications
from tests.attacks.walk_device import WalkDevice
from tests.attacks.walk_keys import WalkKeys
from tests.attacks.walk_passkeys import WalkPasskeys
from tests.attacks.walk_sign_out import WalkSignOut
from tests.attacks.walk_social import WalkSocial
from tests.attacks.walking import ADA, ADA_NEW, AGENT, BOB, BOSS, CY, NEXT, NUMBER, WHY, WRONG, command
from tests.desk import PageDesk
from tests.factors import enrol
from tests.world import PASSWORD, Http, Reply
from vestibule.accounts.models import User
from vestibule.identities.answers import ProviderAnswer
from vestibule.identities.links import link_identity


class Walk(WalkPasskeys, WalkSocial, WalkApplications, WalkKeys, WalkDevice, WalkSignOut):
    """The whole way."""

    def parts(self) -> tuple[Callable[[], None], ...]:
        """In, back in where one was shut out, about, and what the house does."""
        entered = (self.deferred, self.pending, self.in_session, self.recovery, self.changes)
        ways_in = (self.factors, self.passkeys, self.magic, self.social)
        return (
            *entered,
            self.by_staff,
            *ways_in,
            self.applications,
            self.keys,
            self.openid,
            self.device,
            self.sign_out,
        )

    def recovery(self) -> None:
        """A forgotten password, a sign-in that was a stranger's, a closing taken back."""
        api = self.home
        self.step(
            "password_reset.start", "password.reset_asked", act=lambda: api.post("password/reset", {"email": ADA})
        )
        mail = self.mail(ADA, "password reset code")
        wrong = {"email": ADA, "otp": "00000000", "password": NEXT}
        self.refused("password_reset.confirm", act=lambda: api.post("password/reset/confirm", wrong))
        self.step(
            "password_reset.confirm",
            "password.reset",
            act=lambda: api.post("password/reset/confirm", {"token": mail.token, "password": NEXT}),
        )
        self.signed_in(ADA, NEXT)
        self.step("sign_in.sign_in", "session.opened", act=lambda: self.away.login(ADA, NEXT))
        token = {"token": self.mail(ADA, "New sign-in").token}
        disowned = ("session.disowned", "session.ended", "password.reset_asked")
        self.step("sessions.disown", *disowned, act=lambda: api.post("sessions/disown", token))
        self.refused("sessions.disown", act=lambda: api.post("sessions/disown", token))
        proof = {"token": self.mail(ADA, "password reset code").token, "password": PASSWORD}
        self.step("password_reset.confirm", "password.reset", act=lambda: api.post("password/reset/confirm", proof))
        access = self.signed_in()
        signed_in = self.step("sign_in.sign_in", "session.opened", act=lambda: api.login(ADA))
        self.later(601)
        old = self.refresh(signed_in.body["refresh"]).body["access"]
        self.refused("account.export", act=lambda: api.send("GET", "me/export", old))
        self.refused("account.close", act=lambda: api.send("DELETE", "me", old))
        access = self.signed_in()
        self.step("account.export", "account.exported", act=lambda: api.send("GET", "me/export", access))
        self.step("account.close", "account.closing", "session.ended", act=lambda: api.send("DELETE", "me", access))
        kept = {"token": self.mail(ADA, "erased").token}
        self.step("account.keep", "account.kept", act=lambda: api.post("me/keep", kept))
        self.refused("account.keep", act=lambda: api.post("me/keep", kept))

    def changes(self) -> None:
        """Another password, address and number."""
        api, access = self.home, self.signed_in()

        def post(path: str, **body: str) -> Callable[[], Reply]:
            return lambda: api.send("POST", path, access, body)

        change = "password/change"
        self.refused("password_change.change", act=post(change, current_password=WRONG, password=NEXT))
        self.step(
            "password_change.change", "password.changed", act=post(change, current_password=PASSWORD, password=NEXT)
        )
        self.refused("email_change.start", act=post("email/change", email=ADA_NEW, password=WRONG))
        self.step("email_change.start", "email.change_asked", act=post("email/change", email=ADA_NEW, password=NEXT))
        self.refused("email_change.confirm", act=post("email/change/confirm", otp="00000000"))
        self.step(
            "email_change.confirm", "email.changed", act=post("email/change/confirm", otp=self.mail(ADA_NEW).code)
        )
        self.refused("phone_change.start", act=post("phone/change", phone_number=NUMBER, password=WRONG))
        self.step(
            "phone_change.start", "phone.change_asked", act=post("phone/change", phone_number=NUMBER, password=NEXT)
        )
        self.refused("phone_change.confirm", act=post("phone/change/confirm", otp="000000"))
        self.step("phone_change.confirm", "phone.changed", act=post("phone/change/confirm", otp=self.mail(NUMBER).code))
        self.by_page()
        undo = {"token": self.mail(ADA, "was changed").token}
        undone = ("email.change_undone", "session.ended", "password.reset_asked")
        self.step("email_change.undo", *undone, act=lambda: api.post("email/change/undo", undo))
        self.refused("email_change.undo", act=lambda: api.post("email/change/undo", undo))
        proof = {"token": self.mail(ADA, "password reset code").token, "password": PASSWORD}
        self.step("password_reset.confirm", "password.reset", act=lambda: api.post("password/reset/confirm", proof))

    def by_page(self) -> None:
        """What only the pages ask for."""
        pages = Http(HTTP_USER_AGENT=AGENT)

        def shown(path: str, **typed: str) -> Callable[[], Reply]:
            return lambda: Reply(
                status=(pages.post(path, typed) if typed else pages.get(path, follow=True)).status_code
            )

        sign_in = shown("/login/", name=ADA_NEW, password=NEXT)
        self.step("sign_in.sign_in", "session.opened", act=sign_in)
        self.refused("staff.enter", act=shown("/admin/"))
        self.step("profile.change_language", "profile.changed", act=shown("/account/language/", language="en"))
        self.refused("profile.change_language", act=shown("/account/language/", language="xx"))
        self.step("sign_in.reauthentication_ways", act=shown("/account/confirm/"))
        self.later(601)
        self.refused("phone_change.remove", act=shown("/account/security/", act="phone_remove"))
        self.step("sign_in.sign_in", "session.opened", act=sign_in)
        removed = ("phone.removed", "session.ended")
        self.step("phone_change.remove", *removed, act=shown("/account/security/", act="phone_remove"))
        self.step("phone_change.remove", act=shown("/account/security/", act="phone_remove"))
        self.refused("pending_registration.read_link", act=shown("/verify-email/?token=" + "x" * 43))
        self.refused("password_reset.read_link", act=shown("/password/reset/confirm/?token=" + "x" * 43))

    def by_staff(self) -> None:
        """What the staff and the command line do."""
        self.step("password_reset.invite", "admin.invited", act=lambda: command("create_admin", BOSS))
        proof = {"token": self.mail(BOSS).token, "password": PASSWORD}
        made = ("account.registered", "role.given")
        self.step("password_reset.confirm", *made, act=lambda: self.home.post("password/reset/confirm", proof))
        self.step("roles.give", "role.given", act=lambda: command("set_role", BOB, "manager"))
        self.step(
            "silence.lift_of",
            "message.silence_lifted",
            act=lambda: command("lift_silence", BOB, WHY),
        )
        self.refused("roles.give", act=lambda: command("set_role", "nobody@example.com", "admin"))
        self.refused("silence.lift_of", act=lambda: command("lift_silence", BOB, ""))
        self.step("keys.rotate", "keys.rotated", act=lambda: command("rotate_keys"))
        staff, nobody = self.signed_in(BOSS), self.signed_in(ADA)
        people = self.look("people.find", "users", staff, nobody)["results"]
        person = f"users/{next(each['id'] for each in people if each['email'] == ADA)}"
        self.look("people.show", person, staff, nobody)
        self.look("audit_log.show", "events", staff, nobody)
        pending = "pending_registration.register"
        self.step(pending, "registration.started", act=lambda: self.home.register(email=CY, password=PASSWORD))
        self.later(61)
        waits = next(
            each["id"]
            for each in self.home.send("GET", "/api/admin/users", staff).body["results"]
            if each["email"] == CY
        )
        resent = ("registration.resent_by_staff", "registration.resent")
        path, why = f"/api/admin/users/{waits}/resend-verification", {"reason": WHY}
        self.step("support.resend_verification", *resent, act=lambda: self.home.send("POST", path, staff, why))
        self.refused(
            "support.resend_verification",
            "registration.resend.refused",
            act=lambda: self.home.send("POST", path, staff, why),
        )
        desk = PageDesk()
        desk.http.defaults["HTTP_USER_AGENT"] = AGENT
        self.step("sign_in.sign_in", "session.opened", act=lambda: desk.sign_in(BOSS))
        self.step("audit_log.export", "audit.exported", act=lambda: desk.export(reason=WHY))
        self.refused("audit_log.export", act=lambda: desk.export(reason=""))
        acts = {
            "support.sign_out": ("sign-out", "session.ended_by_staff", "session.ended"),
            "support.start_reset": ("password-reset", "password.reset_by_staff", "password.reset_asked"),
            "silence.lift": ("lift-silence", "message.silence_lifted"),
            "support.unlink_identities": ("unlink-identities", "identity.unlinked"),
            "support.suspend": ("suspend", "account.suspended"),
            "support.reactivate": ("reactivate", "account.reactivated"),
            "roles.assign": ("role", "role.given"),
            "support.close": ("close", "account.closed_by_staff"),
        }
        self.reset_factors(f"/api/admin/{person}/reset-factors", staff)
        answer = ProviderAnswer(provider="acme", issuer="https://acme.example", subject="of the staff")
        link_identity(User.objects.get(email=ADA), answer, session_id=None, now=timezone.now())
        for flow, (name, *events) in acts.items():
            body = {"reason": WHY, "role": "manager"}
            path = f"/api/admin/{person}/{name}"
            self.step(flow, *events, act=partial(self.home.send, "POST", path, staff, body))
            path = f"/api/admin/users/{UUID(int=1)}/{name}"
            self.refused(flow, act=partial(self.home.send, "POST", path, staff, body))

    def reset_factors(self, path: str, staff: str) -> None:
        """The removal of second factors, which the owner stops."""
        enrol(User.objects.get(email=ADA))
        order = partial(self.home.send, "POST", path, staff, {"reason": WHY})
        self.step("support.reset_factors", "factors.reset_ordered", act=order)
        self.refused("support.reset_factors", act=order)
        keep = partial(self.home.post, "mfa/keep", {"token": self.mail(ADA, "second factors").token})
        self.step("second_factors.keep", "factors.reset_stopped", act=keep)
        self.refused("second_factors.keep", act=keep)

    def look(self, flow: str, path: str, staff: str, nobody: str) -> Any:
        """What the staff see there, and nobody else."""
        self.refused(flow, act=lambda: self.home.send("GET", f"/api/admin/{path}", nobody))
        return self.step(flow, act=lambda: self.home.send("GET", f"/api/admin/{path}", staff)).body
