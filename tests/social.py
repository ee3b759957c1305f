"""A small app that signs people in through another provider by the API, and a browser that does so by the pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.configured import configured
from tests.providers import OpenIdFake, providing
from tests.world import Api, Http, Reply

APP = "https://app.example.com"


@contextmanager
def coming_from(*fakes: OpenIdFake, **more: Any) -> Iterator[None]:
    """These providers, served and configured."""
    if not fakes:
        yield
        return
    with providing(fakes[0]), coming_from(*fakes[1:]):
        social = {each.ID: each.settings() for each in fakes if each.url}
        with configured(SOCIAL=social, RETURN_URLS=(APP,), **more):
            yield


def begin(api: Api, provider: str = "acme", intent: str = "sign_in", access: str = "") -> Reply:
    """POST social/{provider}/start."""
    return api.send("POST", f"social/{provider}/start", access, {"intent": intent, "return_to": f"{APP}/back"})


def come_back(http: Http, fake: OpenIdFake, authorize_url: str, **more: str) -> Any:
    """The person agrees at the provider, and the browser is back at the callback."""
    where, given = fake.authorize(authorize_url)
    return http.get(f"{urlsplit(where).path}?{urlencode({**given, **more})}")


def code_in(answer: Any) -> dict[str, str]:
    """What the browser brings to the app: a code, or an error."""
    assert answer.status_code == 303, answer.content
    assert answer["Location"].startswith(f"{APP}/back?"), answer["Location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


def enter(api: Api, fake: OpenIdFake, intent: str = "sign_in", access: str = "") -> dict[str, str]:
    """To the provider and back: what the app confirms with."""
    begun = begin(api, fake.ID, intent, access).body
    return {"social": begun["social"], **code_in(come_back(api.http, fake, begun["authorize_url"]))}


def sign_in(api: Api, fake: OpenIdFake) -> Reply:
    """The whole way."""
    return api.post("social/confirm", enter(api, fake))


def press(http: Http, fake: OpenIdFake, **form: str) -> str:
    """The button of a page: where it leads."""
    answer = http.post(f"/social/{fake.ID}/", form)
    assert answer.status_code == 303, answer.content
    return str(answer["Location"])
