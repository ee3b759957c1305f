"""Signing in by mail, as a client does it: a start, the mail of it, and the confirmation."""

from dataclasses import dataclass

from tests.letters import Post
from tests.world import Api, Inbox, Reply


@dataclass(frozen=True, slots=True)
class Asked:
    """A start by an API client: its handle, and the mail if one came."""

    api: Api
    magic: str
    post: Post

    def by_link(self, **more: object) -> Reply:
        """Press the button, in the client that asked."""
        return self.api.post("login/magic/confirm", {"token": self.post.token, "magic": self.magic, **more})

    def by_code(self, **more: object) -> Reply:
        """Type the code, in the client that asked."""
        return self.api.post("login/magic/confirm", {"otp": self.post.code, "magic": self.magic, **more})


def ask(api: Api, inbox: Inbox, email: str) -> Asked:
    """Ask for a link, and read the mail."""
    answer = api.post("login/magic/start", {"email": email})
    assert answer.status == 202
    return Asked(api, answer.body["magic"], inbox.newest(email))
