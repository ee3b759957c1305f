"""One state of a page: its template and what the template reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vestibule.kernel.errors import Refusal, Throttled, Unavailable
from vestibule.web.problems import problem_key

BUSY: tuple[Refusal, ...] = (Throttled(retry_after=1854), Unavailable())  # what any page may be refused with


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A page as a person sees it. `template` is its name without folder and suffix; `refusal` is what the page says
    no with."""

    name: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None

    @property
    def path(self) -> str:
        """The name for Django's loader."""
        return f"vestibule/pages/{self.template}.html"


def refused(
    page: str, template: str, context: Mapping[str, Any], refusals: Iterable[Refusal], **more: object
) -> list[State]:
    """Return a state of the page for each refusal, named after it."""
    return [
        State(name=f"{page}-{problem_key(each)}", template=template, context={**context, **more}, refusal=each)
        for each in refusals
    ]
