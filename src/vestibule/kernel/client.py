"""The client of a request: who is asking, and from where."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from vestibule.kernel import networks


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The asking side of one request, read once at the edge and passed down.

    `at` is the time of the request, which the whole flow uses. `actor` is `anonymous`, `user`, or `system:<component>`
    for the command line and the worker. `ip_address` is canonical, or None for a system client. `language` is used for
    messages to an account without a language of its own; "" means the default. `captcha_solved` says that the client
    solved a captcha. `messages_withheld` says that too many requests named the same identifier: this one gets the usual
    answer, but messages that strangers can cause are not sent. `session_id`, `user_id`, `auth_time` (the last proof
    of identity) and `amr` (how it was made, RFC 8176) are those of a signed-in person, and `account` is that account as
    read at the edge. `owes_enrolment` says that the account's role needs a second factor and it has none.
    `is_developer` says that the development mailbox is on and the client is on this machine: rates that nobody set are
    relaxed for it.
    """

    at: datetime
    actor: str = "anonymous"
    ip_address: str | None = None
    user_agent: str = ""
    language: str = ""
    request_id: str = ""
    captcha_solved: bool = False
    messages_withheld: bool = False
    session_id: UUID | None = None
    auth_time: datetime | None = None
    amr: tuple[str, ...] = ()
    user_id: UUID | None = None
    account: object | None = field(default=None, repr=False)
    owes_enrolment: bool = False
    is_developer: bool = False
    network: str = field(init=False)  # that one host can move in: an IPv4 address, an IPv6 /64; "" for a system client

    def __post_init__(self) -> None:
        """Work out the network once: every count of a request asks for it."""
        network = networks.host_network(self.ip_address) if self.ip_address else ""
        object.__setattr__(self, "network", network)

    @property
    def customer_network(self) -> str:
        """The network of one customer of a provider: the /48 of an IPv6 address (RFC 6177), the /24 of an IPv4 address;
        "" for a system client."""
        return str(networks.customer_network(self.ip_address)) if self.ip_address else ""

    @property
    def is_internal(self) -> bool:
        """Whether the service itself asks, or the staff for a person."""
        return self.actor.startswith("system:")

    @classmethod
    def for_system(cls, component: str, at: datetime) -> "Client":
        """Return the client of the service itself; `component` is `worker`, `cli` or the like."""
        return cls(at=at, actor=f"system:{component}")
