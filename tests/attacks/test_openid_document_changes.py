"""OID-09: applications that declare themselves: what a change of their document does, and how many a stranger makes."""

import json
from datetime import timedelta
from threading import Barrier
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone
from jwt.algorithms import ECAlgorithm
from time_machine import travel

from tests.attacks.openid_moves import create_person, signed_in
from tests.browsing import Browser
from tests.configured import rated
from tests.contracts.stores import at_once
from tests.oauth import RelyingParty, allow, brought_back, code_of, create_application, go_on, place
from tests.publisher import BACK, GOOD, KEY, SIGNER, Publisher, as_json, is_refused
from tests.world import Api, Inbox
from vestibule.applications import client_documents
from vestibule.applications.client_authentication import ASSERTION_TYPE
from vestibule.applications.models import Application, Consent
from vestibule.applications.registry import unused_applications
from vestibule.conf import conf
from vestibule.flows.applications.client_documents import FRESH_FOR, KEPT_FOR


@pytest.fixture
def browser(house: None, api: Api, inbox: Inbox) -> Browser:
    """Ada's, signed in."""
    create_person(api, inbox)
    return signed_in()


def test_oid_09_a_redirect_address_that_is_taken_back_is_refused_and_consent_is_asked_again(
    publisher: Publisher, browser: Browser
) -> None:
    code_of(allow(publisher.asks(browser)))
    assert "code" in brought_back(publisher.asks(browser))  # asked once
    publisher.declared = {"redirect_uris": ["https://app.example.org/cb"]}
    assert "code" in brought_back(publisher.asks(browser))  # it was read a moment ago
    with travel(timezone.now() + FRESH_FOR + timedelta(seconds=1)):
        assert is_refused(publisher.asks(signed_in()))
        assert not Consent.objects.exists()
        moved = go_on(signed_in().open(publisher.party("https://app.example.org/cb").authorize_url()))
        assert place(moved) == "/oauth/consent/"
    assert publisher.asked == 2


def test_oid_09_a_request_that_waits_is_over_with_the_address_that_it_names(
    publisher: Publisher, browser: Browser
) -> None:
    publisher.asks(browser)
    Application.objects.update(redirect_uris=["https://app.example.org/cb"])
    browser.submit("/oauth/consent/", answer="allow")
    assert browser.answer.status_code == 400
    assert not browser.went_to
    assert not Consent.objects.exists()


def test_oid_09_a_document_that_stays_the_same_keeps_its_consents(publisher: Publisher, browser: Browser) -> None:
    code_of(allow(publisher.asks(browser)))
    with travel(timezone.now() + FRESH_FOR + timedelta(seconds=1)):
        assert "code" in brought_back(publisher.asks(signed_in()))
    assert publisher.asked == 2


def test_oid_09_the_last_document_counts_for_a_day_while_its_host_is_away_and_not_where_it_is_gone(
    publisher: Publisher, browser: Browser
) -> None:
    code_of(allow(publisher.asks(browser)))
    publisher.says = lambda client: client.sendall(as_json({}, status="503 Service Unavailable"))
    with travel(timezone.now() + KEPT_FOR - timedelta(minutes=1)):
        assert "code" in brought_back(publisher.asks(signed_in()))
        publisher.says = lambda client: client.sendall(as_json({}, status="404 Not Found"))
        assert is_refused(publisher.asks(signed_in()))
    publisher.says = lambda client: client.sendall(as_json({}, status="503 Service Unavailable"))
    with travel(timezone.now() + KEPT_FOR + timedelta(minutes=1)):
        assert is_refused(publisher.asks(signed_in()))


def test_oid_09_first_visits_at_once_make_one_application(publisher: Publisher, browser: Browser) -> None:
    meeting = Barrier(2, timeout=20)
    document = as_json({"client_id": publisher.url, **GOOD})

    def fetch_together(url: str, **_: Any) -> Any:
        meeting.wait()  # both have found nothing
        return client_documents.parse_document(url, document.partition(b"\r\n\r\n")[2])

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("vestibule.flows.applications.client_documents.fetch_document", fetch_together)
        told = at_once(lambda _: Browser().open(publisher.party().authorize_url()).answer.status_code, 2)
    assert [*told] == [303, 303]
    assert Application.objects.count() == 1


@pytest.mark.parametrize(
    "rate",
    [{f"client_document{of}": "2/hour"} for of in ("", "_per_identifier", "_overall")],
)
def test_oid_09_strangers_do_not_flood_a_host_through_us(publisher: Publisher, rate: dict[str, str]) -> None:
    with rated(**rate):
        paths = [f"{publisher.url}/{number}" for number in range(5)]
        told = [Browser().open(RelyingParty(each, BACK).authorize_url()).answer.status_code for each in paths]
    assert told == [400, 400, 429, 429, 429]
    assert publisher.asked == 2


def test_oid_09_a_known_application_is_served_while_the_rate_is_used_up(publisher: Publisher, browser: Browser) -> None:
    publisher.asks(browser)
    with rated(client_document="1/hour"), travel(timezone.now() + FRESH_FOR * 2):
        Browser().open(RelyingParty(f"{publisher.url}/other", BACK).authorize_url())
        assert place(publisher.asks(signed_in())) == "/oauth/consent/"


def test_oid_09_a_document_s_url_that_the_staff_knows_is_not_read(publisher: Publisher, browser: Browser) -> None:
    create_application(publisher.url, redirect_uris=[BACK])
    publisher.asks(browser)
    assert publisher.asked == 0


def test_oid_09_an_application_of_a_document_pushes_its_request(publisher: Publisher) -> None:
    party = publisher.party()
    assert party.push({}).status_code == 201
    publisher.declared = {"client_id": "https://client.example.com/other.json"}
    Application.objects.all().delete()
    refused = party.push({})
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert party.push({}, client_id=quote(publisher.url)).status_code == 401


def test_oid_09_a_key_of_the_document_proves_its_application_until_another_takes_its_place(
    publisher: Publisher,
) -> None:
    publisher.declared = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [KEY]}}

    def push(signer: ec.EllipticCurvePrivateKey) -> int:
        now = int(timezone.now().timestamp())
        claims = {
            "iss": publisher.url,
            "sub": publisher.url,
            "aud": conf.base_url,
            "exp": now + 60,
            "jti": str(uuid4()),
        }
        proof = jwt.encode(claims, signer, "ES256", {"kid": "k"})
        sent = {"client_assertion": proof, "client_assertion_type": ASSERTION_TYPE}
        return int(publisher.party().push({}, **sent).status_code)

    other = ec.generate_private_key(ec.SECP256R1())
    assert [push(SIGNER), push(other), publisher.party().push({}).status_code] == [201, 401, 401]
    publisher.declared["jwks"] = {"keys": [{**json.loads(ECAlgorithm.to_jwk(other.public_key())), "kid": "k"}]}
    with travel(timezone.now() + FRESH_FOR + timedelta(seconds=1)):
        assert [push(SIGNER), push(other)] == [401, 201]


def test_oid_09_what_nobody_signed_in_to_is_swept(publisher: Publisher, browser: Browser) -> None:
    create_application()
    publisher.asks(browser)
    assert not unused_applications(timezone.now() - timedelta(days=7)).exists()
    later = timezone.now() + timedelta(seconds=1)
    assert [each.client_id for each in unused_applications(later)] == [publisher.url]
    code_of(allow(browser))
    assert not unused_applications(later).exists()
    Consent.objects.all().delete()
    assert [each.client_id for each in unused_applications(later)] == [publisher.url]
