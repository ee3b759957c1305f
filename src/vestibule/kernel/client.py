"""Who is asking, and from where."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The asking side of one request, read once at the edge and handed down.

    `at` is the one moment that the whole flow lives in; `address` is the canonical IP address, or None inside
    the house; `actor` is `anonymous`, `user`, or `system:<who>` for the command line and the worker; `session_id` and
    `user_id` are those of whoever is signed in.
    """

    at: datetime
    actor: str = "anonymous"
    address: str | None = None
    agent: str = ""
    request_id: str = ""
    session_id: UUID | None = None
    user_id: UUID | None = None

    @classmethod
    def system(cls, who: str, at: datetime) -> "Client":
        """The house itself: `who` is `worker`, `cli` or the like."""
        return cls(at=at, actor=f"system:{who}")
