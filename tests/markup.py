"""What holds of the markup of every page: what points somewhere points at something of the page."""

from html.parser import HTMLParser

# Attributes that name elements by their ids (HTML, 4.10.4; WAI-ARIA 1.2, 6.6; house.js: `data-shows`).
POINTERS = (
    *("for", "form", "list", "headers", "popovertarget", "data-shows"),
    *("aria-labelledby", "aria-describedby", "aria-controls", "aria-errormessage", "aria-owns", "aria-details"),
)


class _Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.named: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element's id, and what it points at."""
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        self.named += [(name, id) for name in POINTERS if name in given for id in given[name].split() or [""]]


def find_dangling(html: str) -> list[str]:
    """The attributes that name an element which the page does not have."""
    page = _Elements(html)
    return [f'{name}="{id}"' for name, id in page.named if id not in page.ids]


def find_repeated_ids(html: str) -> list[str]:
    """The ids that more than one element has."""
    ids = _Elements(html).ids
    return sorted({id for id in ids if ids.count(id) > 1})
