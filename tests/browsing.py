"""A browser without JavaScript: it fills in the forms of a page as they stand there, and follows its links."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from tests.world import Http


def alert_words(html: str) -> str:
    """What the alert of a page says, without what is hidden."""
    found = re.search(r'<p class="alert" role="alert" data-code[^>]*>(.*?)</p>', html, re.DOTALL)
    shown = re.sub(r"<span[^>]* hidden>.*?</span>", "", found[1] if found else "")
    return " ".join(unescape(re.sub(r"<[^>]+>", "", shown)).split())


@dataclass
class Form:
    """A form of a page: where it leads, and what it holds already."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.told = ""
        self._href, self._text, self._inside, self._telling = "", "", False, False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep forms, their fields, and links."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("action") == "/language/":
            self._inside = False  # the picker at the foot of every page
        elif tag == "form":
            self.forms.append(Form(given.get("action", "")))
            self._inside = True
        elif tag == "input" and self._inside and given.get("type") != "checkbox" and given.get("value"):
            self.forms[-1].fields[given["name"]] = given["value"]
        elif tag == "a":
            self._href, self._text = given.get("href", ""), ""
        elif "data-destination" in given:
            self._telling = True

    def handle_endtag(self, tag: str) -> None:
        """A form or a link is over."""
        if tag == "form":
            self._inside = False
        elif tag == "a":
            self.links[" ".join(self._text.split())] = self._href
        elif tag == "p":
            self._telling = False

    def handle_data(self, data: str) -> None:
        """What a link says, and in whose name the page speaks."""
        self._text += data
        self.told += data if self._telling else ""


class Browser:
    """One browser and the page that it shows."""

    def __init__(self) -> None:
        self.http = Http(enforce_csrf_checks=True)
        self.answer: Any = None

    def open(self, url: str) -> "Browser":
        """Go to an address of ours."""
        return self._show(self.http.get(url))

    def submit(self, path: str, **typed: str) -> "Browser":
        """Fill in the first form that leads to this path, and send it."""
        [form, *_] = [each for each in self._page.forms if urlsplit(each.action).path == path]
        return self._show(self.http.post(form.action, {**form.fields, **typed}))

    def click(self, text: str) -> "Browser":
        """Follow the link with this text."""
        return self.open(self._page.links[text])

    def follow(self) -> "Browser":
        """Follow the redirect, which stays on our host."""
        assert self.went_to.startswith("/"), self.went_to
        return self.open(self.went_to)

    @property
    def went_to(self) -> str:
        """Where the answer leads; "" if it is a page."""
        return str(self.answer.headers.get("Location", ""))

    @property
    def links(self) -> dict[str, str]:
        """The links of the page, by what they say."""
        return self._page.links

    @property
    def forms(self) -> list[Form]:
        """The forms of the page."""
        return self._page.forms

    @property
    def told(self) -> str:
        """In whose name the page speaks: "to continue to …"."""
        return " ".join(self._page.told.split())

    @property
    def heading(self) -> str:
        """What the page is headed."""
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.text, re.DOTALL)
        return " ".join(found[1].split()) if found else ""

    @property
    def title(self) -> str:
        """The title of the page, without the brand."""
        found = re.search(r"<title>(.*?)</title>", self.text, re.DOTALL)
        return found[1].rpartition(" · ")[0] if found else ""

    @property
    def text(self) -> str:
        """The page."""
        return str(self.answer.content.decode())

    @property
    def is_inside(self) -> bool:
        """Whether this browser is signed in."""
        return self.http.get("/account/").status_code == 200

    @cached_property
    def _page(self) -> _Page:
        """What the page holds, for who reads more of it than its text."""
        return _Page(self.text if self.answer else "")

    def _show(self, answer: Any) -> "Browser":
        self.answer = answer
        vars(self).pop("_page", None)  # of the page before
        return self
