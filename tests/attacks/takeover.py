"""Two people and one account: its owner, who holds the mailbox that it began with, and a thief, who sits in a session
of it, knows the password, and has mailboxes and a number of their own. Each move goes through the API."""

import re
from dataclasses import dataclass, field
from itertools import count

from time_machine import Traveller

from tests.letters import Post
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts.models import User

CHOSEN, THEIRS = "what the owner chose after it", "what the thief chose for it"
ENDINGS = {"email/undo": "email/change/undo", "not-me": "sessions/disown", "account/undo": "me/keep"}
LONG_CODE = re.compile(r"\b\d{8}\b")  # of a reset (challenges.policy)
_numbers = count(100)


@dataclass
class Takeover:
    """The account, what both hold, and their moves; a move that can't be made now changes nothing."""

    api: Api
    inbox: Inbox
    clock: Traveller
    home: str = "ada@example.com"  # the owner's mailbox
    b: str = "b@thief.example"
    c: str = "c@thief.example"
    number: str = "+14155550100"  # the thief's
    sessions: list[str] = field(default_factory=list)  # the thief's access tokens
    passwords: list[str] = field(default_factory=lambda: [PASSWORD])  # those that the thief knows
    letters: list[Post] = field(default_factory=list)
    pending: list[tuple[str, str]] = field(default_factory=list)  # codes that the thief has not typed yet

    @classmethod
    def begin(cls, api: Api, inbox: Inbox, clock: Traveller) -> "Takeover":
        """A new account, of addresses that no game had before."""
        n = next(_numbers)
        game = cls(api, inbox, clock, home=f"ada{n}@example.com", b=f"b{n}@thief.example", c=f"c{n}@thief.example")
        game.number = f"+141555501{n % 100:02}" if n < 200 else f"+1415556{n:04}"
        game.sessions.append(api.account(inbox, game.home))
        game.wait()
        return game

    @property
    def theirs(self) -> tuple[str, str, str]:
        """Where the thief reads."""
        return self.b, self.c, self.number

    def wait(self, seconds: int = 1) -> None:
        """Time passes."""
        self.clock.shift(seconds)

    # The thief's moves

    def call(self, method: str, path: str, body: dict[str, str | None]) -> Reply:
        """By the newest session that the thief has."""
        self.wait()
        return self.api.send(method, path, self.sessions[-1], body)

    def ask_email(self, to: str) -> None:
        """Ask for another address, and keep the code."""
        for password in self.passwords:
            if self.call("POST", "email/change", {"email": to, "password": password}).status == 202:
                self._keep_code("email/change/confirm", to)

    def ask_number(self) -> None:
        """Ask for the thief's number, and keep the code."""
        for password in self.passwords:
            if self.call("POST", "phone/change", {"phone_number": self.number, "password": password}).status == 202:
                self._keep_code("phone/change/confirm", self.number)

    def type_codes(self) -> list[Reply]:
        """Type what was kept."""
        pending, self.pending = self.pending, []
        return [self.call("POST", path, {"otp": code}) for path, code in pending]

    def move_to_b(self) -> None:
        """Another address, proved."""
        self.ask_email(self.b)
        self.type_codes()

    def move_to_c(self) -> None:
        """And another."""
        self.ask_email(self.c)
        self.type_codes()

    def prove_number(self) -> None:
        """A number, proved."""
        self.ask_number()
        self.type_codes()

    def remove_number(self) -> None:
        """The number away again."""
        self.call("PATCH", "me", {"phone_number": None})

    def change_password(self) -> None:
        """Another password."""
        for known in self.passwords:
            self.call("POST", "password/change", {"current_password": known, "password": THEIRS})
        self._learn(THEIRS)

    def close(self) -> None:
        """Close the account."""
        self.call("DELETE", "me", {})

    def sign_in(self) -> list[int]:
        """By every name and every password that the thief knows."""
        told = []
        for name in (self.home, *self.theirs):
            for password in self.passwords:
                self.wait()
                kind = "email" if "@" in name else "phone_number"
                reply = self.api.post("login", {kind: name, "password": password})
                told.append(reply.status)
                if reply.status == 200:
                    self.sessions.append(str(reply.body["access"]))
                    return told
        return told

    def ask_resets(self) -> None:
        """Ask for a reset wherever the thief reads."""
        self.wait(61)
        for address in self.theirs:
            self._ask_reset(address)

    def use_resets(self) -> list[Reply]:
        """Every reset that ever came, by link and by code."""
        replies = []
        for address in self.theirs:
            for post in self.posts(address, "password/reset/confirm"):
                replies.append(self._choose(THEIRS, token=post.token))
        for post in self.read(self.number):
            if LONG_CODE.search(post.text):
                replies.append(self._choose(THEIRS, phone_number=self.number, otp=post.code))
        self._learn(THEIRS)
        return replies

    def reset(self) -> None:
        """Both."""
        self.ask_resets()
        self.use_resets()

    def press_all(self) -> list[Reply]:
        """Every link that ever came to the thief."""
        return [
            self.api.post(path, {"token": post.token})
            for page, path in ENDINGS.items()
            for address in self.theirs
            for post in self.posts(address, page)
        ]

    # The owner's moves: with the mailbox alone

    def owner_presses(self, page: str) -> list[Reply]:
        """Every link of this kind that came home, the newest first."""
        self.wait()
        return [self.api.post(ENDINGS[page], {"token": post.token}) for post in self.posts(self.home, page)]

    def owner_resets(self) -> Reply:
        """Ask for a reset, and choose a password by the newest link that came home."""
        self.wait(61)
        self._ask_reset(self.home)
        found = self.posts(self.home, "password/reset/confirm")
        return self._choose(CHOSEN, token=found[0].token) if found else Reply(status=404)

    def owner_recovers(self) -> None:
        """What the mails say: take back what was changed, keep the account, and choose a new password."""
        for page in ("email/undo", "account/undo"):
            self.owner_presses(page)
        assert self.owner_resets().status == 204, "the owner could not choose a password"

    def owner_is_alone_inside(self) -> None:
        """Whatever the thief tries now, the owner's password opens the account, and nothing of the thief's does."""
        assert self.api.login(self.home, CHOSEN).status == 200
        before = self._state()
        told = [reply.status for reply in (*self.type_codes(), *self.press_all(), *self.use_resets())]
        self.ask_resets()
        told += [reply.status for reply in self.use_resets()]
        told += [self.api.send("GET", "me", access).status for access in self.sessions]
        told += self.sign_in()
        assert all(status >= 400 for status in told), told
        assert self._state() == before
        self.wait(7200)  # until no wrong password of the thief's slows anybody down
        assert self.api.login(self.home, CHOSEN).status == 200

    def read(self, to: str) -> list[Post]:
        """The messages that came there, newest first; each is fetched once."""
        self.letters[:0] = self.inbox.all()
        self.inbox.empty()
        return [post for post in self.letters if post.to == to]

    def posts(self, to: str, page: str) -> list[Post]:
        """Those with a link to that page."""
        return [post for post in self.read(to) if f"/{page}/?token=" in post.text]

    def _state(self) -> dict[str, object]:
        found = User.objects.filter(email=self.home).values("email", "phone_number", "status", "password", "closes_at")
        state = dict(found.get())
        assert state["phone_number"] is None
        return state

    def _keep_code(self, path: str, address: str) -> None:
        self.pending.append((path, self.read(address)[0].code))

    def _ask_reset(self, address: str) -> None:
        self.api.post("password/reset", {"email" if "@" in address else "phone_number": address})

    def _choose(self, password: str, **proof: str) -> Reply:
        return self.api.post("password/reset/confirm", {**proof, "password": password})

    def _learn(self, password: str) -> None:
        if password not in self.passwords:
            self.passwords.append(password)
