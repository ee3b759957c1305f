"""The gallery shows every page in every state and every kind of message, and lies about none of them."""

import re
from itertools import pairwise

import pytest
from django.template.loader import get_template

from tests import gallery
from tests.configured import configured
from tests.world import Http
from vestibule.courier.messages import KINDS
from vestibule.web.pages.gallery.registry import GROUPS, list_states


@pytest.fixture(scope="module")
def watched() -> gallery.Watched:
    """What the templates read and decided while everything was shown."""
    http = Http()
    with gallery.watching() as watched:
        for path in every_path():
            http.get(path)
    return watched


def every_path() -> list[str]:
    return [*gallery.page_paths(), *(each for form in ("mail", "text", "sms") for each in gallery.message_paths(form))]


def test_every_page_and_every_message_is_in_it() -> None:
    shown = {each.path for group in GROUPS for each in list_states(group).values()} | {"vestibule/pages/gallery.html"}
    pages = [each for each in gallery.template_names(gallery.TEMPLATES) if is_page(each)]
    assert [each for each in pages if each not in shown] == []
    index = Http().get(gallery.ROOT).content.decode()
    assert [each for each in every_path() if f'href="{each}"' not in index and each != gallery.ROOT] == []
    assert {each.split("/")[-2] for each in gallery.message_paths("mail")} == set(KINDS)


def test_no_state_hides_another_of_its_name() -> None:
    for make_states in GROUPS.values():
        names = [each.name for each in make_states()]
        assert sorted({each for each in names if names.count(each) > 1}) == []


def is_page(name: str) -> bool:
    template = get_template(name).template  # type: ignore[attr-defined]  # Django's
    return "{% extends" in template.source and not name.endswith("account/layout.html")


def test_every_variable_of_a_template_is_given_by_a_state(watched: gallery.Watched) -> None:
    left_out = {("vestibule/pages/layout.html", "invalid"), ("vestibule/pages/social_refused.html", "wait")}
    assert not [each for each in watched.never_given if each not in left_out]


def test_it_answers_in_the_language_that_it_is_asked_for() -> None:
    assert '<html lang="en' in Http().get(f"{gallery.ROOT}sign-up/register/?language=nothing").content.decode()


@pytest.mark.parametrize("path", [gallery.ROOT, f"{gallery.ROOT}sign-up/register/", f"{gallery.ROOT}mail/digest/"])
def test_it_is_there_only_with_the_mailbox_and_for_this_machine(path: str) -> None:
    http = Http()
    assert http.get(path).status_code == 200
    assert http.get(path, REMOTE_ADDR="203.0.113.9").status_code == 404
    with configured(MAILBOX=False):
        assert http.get(path).status_code == 404


@pytest.mark.parametrize("path", ["nothing/register/", "sign-up/nothing/", "mail/nothing/", "text/nothing/", "sms/no/"])
def test_what_it_does_not_have_is_not_found(path: str) -> None:
    assert Http().get(f"{gallery.ROOT}{path}").status_code == 404


def test_nothing_stays_unfilled() -> None:
    http = Http()
    for path in every_path():
        text = http.get(path).content.decode()
        assert not re.search(r"\{\{|\{%|%\(\w+\)", text), path


def test_every_page_is_a_whole_document() -> None:
    """Its language and direction, a title, one heading of the first order and none that skips one, ids that are there
    once, and references that lead to one."""
    http = Http()
    for path in [*gallery.page_paths(), *gallery.message_paths("mail")]:
        document = gallery.Document(http.get(path).content.decode())
        [html] = [given for tag, given in document.elements if tag == "html"]
        assert (html["lang"], html["dir"]) == ("en", "ltr"), path
        assert [text.strip() for within, text in document.texts if within[-1] == "title"], path
        orders = [int(tag[1]) for tag, _ in document.elements if tag in ("h1", "h2", "h3", "h4")]
        assert orders.count(1) == 1, path
        assert orders[0] == 1, path
        assert all(after <= before + 1 for before, after in pairwise(orders)), (path, orders)
        ids = document.values("id")
        assert len(ids) == len(set(ids)), (path, [each for each in ids if ids.count(each) > 1])
        named = document.values(
            "for", "aria-labelledby", "aria-describedby", "aria-controls", "data-shows", "data-copies"
        )
        assert {each for names in named for each in names.split()} <= set(ids), path
