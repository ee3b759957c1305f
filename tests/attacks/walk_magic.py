"""The walk through the sign-in by mail, and of an account that gives its password up."""

from tests.attacks.walk_in import WalkIn
from tests.configured import configured
from tests.world import Reply

DOT = "dot@example.com"


class WalkMagic(WalkIn):
    """Somebody who goes without a password."""

    def magic(self) -> None:
        """In by the link of a mail, and the password removed."""
        api = self.home
        api.account(self.inbox, DOT)
        asked = self.step(
            "magic_link.start", "magic_link.asked", act=lambda: api.post("login/magic/start", {"email": DOT})
        )
        mail, magic = self.mail(DOT), asked.body["magic"]
        self.secrets |= {magic, mail.token, mail.code}
        read = "magic_link.read_link"
        self.step(read, act=lambda: Reply(status=self.show_page(mail.token)))
        self.refused(read, act=lambda: Reply(status=self.show_page("x" * 43)))
        link = {"token": mail.token, "magic": magic}
        self.refused("magic_link.confirm", act=lambda: api.post("login/magic/confirm", {"token": mail.token}))
        entered = self.step(
            "magic_link.confirm",
            "session.opened",
            "magic_link.used",
            act=lambda: api.post("login/magic/confirm", link),
        )
        access = entered.body["access"]
        remove = "password_change.remove"
        self.refused(remove, act=lambda: api.send("DELETE", "password", access))
        with configured(PASSWORDS="optional"):
            ended = ("session.ended", "password.removed")
            self.step(remove, *ended, act=lambda: api.send("DELETE", "password", access))

    def show_page(self, token: str) -> int:
        """Open the link in a browser that did not ask for it."""
        return self.home.http.get("/login/magic/", {"token": token}).status_code
