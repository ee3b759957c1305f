"""The gallery shows every page in every state and every kind of message, and lies about none of them."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import get_template

from tests import gallery, pseudo_locale
from tests.configured import configured
from tests.world import Http
from vestibule.courier.messages import KINDS
from vestibule.web.pages.gallery.registry import GROUPS, list_states


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> gallery.Watched:
    """What the templates read and decided while everything was shown, and the account in another language."""
    http = Http()
    gallery.shown.cache_clear()
    with gallery.watching() as watched:
        for path in every_path():
            gallery.shown(path)
        http.get(f"{gallery.ROOT}sign-up/link-here/?token=shown-once")
        with pseudo_locale.installed(tmp_path_factory.mktemp("locale")):
            for path in (gallery.ROOT, f"{gallery.ROOT}account/profile/", f"{gallery.ROOT}account/language/"):
                http.get(f"{path}?language={pseudo_locale.LANGUAGE}")
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
    assert not watched.never_given


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
    for path in every_path():
        assert not re.search(r"\{\{|\{%|%\(\w+\)", gallery.shown(path)), path


def test_every_page_is_a_whole_document() -> None:
    """Its language and direction, a title, one heading of the first order and none that skips one, ids that are there
    once, and references that lead to one."""
    for path in [*gallery.page_paths(), *gallery.message_paths("mail")]:
        document = gallery.document(path)
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


# What is data rather than words: names and addresses of examples, and what stands for itself in every language.
DATA = re.compile(
    r"\S+@\S+|\S+\.example\S*|[\w.]+\.[a-z]+\S*|localhost\S*|vst_\S+|[A-Z0-9]{4,}(?:-[A-Z0-9]+)+"
    r"|Vestibule|Ada Lovelace|\bAL\b|\bada\b|The Shop|The Library|Google|GitHub|Apple|Acme Staff|Firefox on Linux"
    r"|Safari on iPhone|iCloud Keychain|Phone|Blue key|Backup of the photos|Backup|CI"
    r"|I write programs for a machine\.|12 St James Square|London|UTC|SMS|HTML|English|Pseudo"
    r"|Example Ltd|From|To\b|X-Long|x{50,}"
)
NO_WORDS = ("style", "script", "code", "pre", "time", "textarea", "translate=no")
SPOKEN_ATTRIBUTES = ("aria-label", "placeholder", "alt", "title")


def test_every_word_of_every_page_is_marked(tmp_path: Path) -> None:
    """In a language whose sentences stand in brackets, nothing is outside of them."""
    http = Http()
    with pseudo_locale.installed(tmp_path):
        found = {path: unmarked(http.get(f"{path}?language={pseudo_locale.LANGUAGE}")) for path in gallery.page_paths()}
    wrong = {path: words for path, words in found.items() if words}
    assert not wrong


def unmarked(answer: Any) -> list[str]:
    document = gallery.Document(answer.content.decode())
    text = " ".join(data for within, data in document.texts if not set(within) & set(NO_WORDS))
    while (inner := re.sub(r"\[[^][]*\]", " ", text)) != text:
        text = inner
    spoken = [re.sub(r"\[.*\]", "", each) for each in document.values(*SPOKEN_ATTRIBUTES)]
    return re.findall(r"[^\W\d_]{2,}[^·]*", DATA.sub(" ", " · ".join([text, *spoken])))


# What only the captcha of another vendor shows, and a password that is wrong without words.
SHOWN_ELSEWHERE = re.compile(r"captcha\.vendor|if wrong and not errors")


def test_every_branch_of_a_template_is_shown_by_a_state(watched: gallery.Watched) -> None:
    untaken = watched.never_taken(gallery.template_names(gallery.TEMPLATES))
    assert not [each for each in untaken if not SHOWN_ELSEWHERE.search(each)]
