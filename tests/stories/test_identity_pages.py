"""Identities at other providers on the pages: their marks, whom the sign-in is for, and what guards their removal."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.staticfiles import finders
from django.utils import timezone
from time_machine import travel

from tests.configured import configured
from tests.providers import OpenIdFake, Person
from tests.social import come_back, coming_from, press
from tests.world import Http
from vestibule.accounts.models import User
from vestibule.identities.models import Identity
from vestibule.identities.providers import FACTS
from vestibule.web.pages.provider_buttons import ProviderButton

ADA = "ada@example.com"
SECURITY = "/account/security/"


@pytest.fixture
def fake() -> Iterator[OpenIdFake]:
    """An OpenID provider that is configured by its issuer."""
    made = OpenIdFake()
    with coming_from(made, MAGIC_LINK=False):
        yield made


@pytest.fixture
def pages(house: None, fake: OpenIdFake) -> Http:
    """Ada, who signed up through it, at her pages."""
    http = Http()
    assert come_back(http, fake, press(http, fake))["Location"] == "/welcome/"
    return http


@pytest.mark.parametrize("id", [*FACTS, "acme"])
def test_every_provider_has_a_mark(id: str) -> None:
    mark = ProviderButton(id=id, name="").mark
    assert finders.find(mark)
    assert ("other.svg" in mark) == (id not in FACTS)


def test_the_last_one_is_removed_by_page_only_beside_another_way_in(pages: Http, fake: OpenIdFake) -> None:
    shown = pages.get(SECURITY)
    assert fake.url in shown["Content-Security-Policy"]
    assert b"Connect Acme" not in shown.content
    form = {"act": "identity_remove", "id": str(Identity.objects.get().pk)}
    refused = pages.post(SECURITY, form)
    assert (refused.status_code, b'data-code="last_way_in"' in refused.content) == (409, True)
    user = User.objects.get()
    user.set_password("correct horse battery staple")
    user.save()
    assert pages.post(SECURITY, form)["Location"] == f"{SECURITY}?done=identity_remove"
    assert not Identity.objects.exists()


def test_connecting_and_removing_want_a_recent_sign_in(pages: Http) -> None:
    form = {"act": "identity_remove", "id": str(Identity.objects.get().pk)}
    with travel(timezone.now() + timedelta(minutes=11)):
        assert "Confirm that it is you" in pages.post(SECURITY, form).content.decode()
        assert pages.post("/social/acme/", {"intent": "link"})["Location"] == "/account/confirm/"
    assert Identity.objects.exists()


@pytest.mark.parametrize("id", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_an_identity_that_is_not_mine_is_not_found(pages: Http, id: str) -> None:
    assert pages.post(SECURITY, {"act": "identity_remove", "id": id}).status_code == 404
    assert pages.get(f"{SECURITY}identities/{id}/").status_code == 404


def test_an_identity_of_a_provider_that_is_offered_no_more_is_shown_and_cannot_be_connected(pages: Http) -> None:
    with configured(SOCIAL={}):
        shown = pages.get(SECURITY).content.decode()
    assert "Manage Acme" in shown
    assert "Connect" not in shown


def test_an_account_that_has_another_identity_alone_is_signed_in_to_with_that(pages: Http, fake: OpenIdFake) -> None:
    fake.person = Person(sub="another")
    told = come_back(elsewhere := Http(), fake, press(elsewhere, fake))
    said = told.content.decode()
    assert told.status_code == 409
    assert "Sign in to it, then link Acme. Ways to sign in to it: through the provider that it is linked with." in said
    assert f'value="{ADA}"' in said
    assert "Continue with Acme" in said  # as the other


def test_what_a_provider_has_taken_back_says_so_until_it_is_used_again(pages: Http, fake: OpenIdFake) -> None:
    page = f"{SECURITY}identities/{Identity.objects.get().pk}/"
    assert b"has taken back" not in pages.get(page).content
    Identity.objects.update(revoked_at=timezone.now())
    assert b"Acme has taken back what it said about you" in pages.get(page).content
    Identity.objects.update(last_used_at=timezone.now())
    assert b"has taken back" not in pages.get(page).content
