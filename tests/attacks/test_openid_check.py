"""OID-11: `/auth/check`. Smuggled headers, tricks of paths, other methods, answers that are kept, tokens of others."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import jwt
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.configured import configured
from tests.desk import given
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import Status, User
from vestibule.applications.models import ApiKey
from vestibule.kernel.access_rules import AccessRule
from vestibule.sessions import signing_keys
from vestibule.sessions.models import Session

ADA, PROXY, APP = "ada@example.com", "127.0.0.1", "https://app.example.com"
RULES = (
    AccessRule(path="/admin", roles=("admin",)),
    AccessRule(path="/reports", scopes=("reports.read",)),
    AccessRule(path="/closed", roles=()),
    AccessRule(path="/", host="app.example.com"),
)
NAMES = ("X-Auth-User", "X-Auth-Email", "X-Auth-Role", "X-Auth-Assertion")


@pytest.fixture(autouse=True)
def proxied(house: None) -> Iterator[None]:
    """A proxy at this address, and a site behind it."""
    with configured(TRUSTED_PROXIES=(ip_network(f"{PROXY}/32"),), RETURN_URLS=(APP,), MFA_REQUIRED_ROLES=()):
        yield


@pytest.fixture
def ruled() -> Iterator[None]:
    """The rules of a file."""
    with configured(AUTH_CHECK_RULES=RULES, OAUTH_SCOPES={"reports.read": "See your reports"}):
        yield


@pytest.fixture
def pages(ada: str) -> Http:
    """Ada's browser."""
    http = Http(raise_request_exception=False)
    assert http.post("/login/", {"name": ADA, "password": PASSWORD}).status_code == 303
    return http


def check(http: Http | None = None, uri: str = "/", /, *, token: str = "", method: str = "GET", **headers: str) -> Any:
    """What a proxy is answered."""
    sent = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "app.example.com", "X-Forwarded-Uri": uri, **headers}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    asking = http or Http(raise_request_exception=False)
    return asking.generic(method, "/auth/check", headers={name: value for name, value in sent.items() if value})


def claims_of(answer: Any, audience: str = APP) -> dict[str, Any]:
    """The assertion, verified as a site does."""
    token = answer["X-Auth-Assertion"]
    header = jwt.get_unverified_header(token)
    assert header["typ"] == "auth-check+jwt"
    key = signing_keys.find_public_key(header["kid"])
    return dict(jwt.decode(token, key, algorithms=["ES256"], audience=audience, issuer="http://testserver"))


def test_oid_11_who_passes_is_named_by_every_credential(api: Api, ada: str, pages: Http) -> None:
    key = api.send("POST", "keys", ada, {"name": "Script", "scopes": ["profile"]}).body["key"]
    user = User.objects.get()
    for answer in (check(pages), check(token=ada), check(token=key), check(pages, method="HEAD")):
        assert answer.status_code == 200
        assert [answer[name] for name in NAMES[:3]] == [str(user.pk), ADA, "user"]
        assert (answer["Cache-Control"], answer.content) == ("no-store", b"")
        assert {"Authorization", "Cookie", "Accept"} <= {each.strip() for each in answer["Vary"].split(",")}
    assert ApiKey.objects.get().last_used_at


def test_oid_11_the_assertion_is_for_the_site_for_a_minute_and_opens_nothing_here(api: Api, ada: str) -> None:
    answer = check(token=ada)
    claims = claims_of(answer)
    assert (claims["sub"], claims["email"], claims["role"]) == (str(User.objects.get().pk), ADA, "user")
    assert (claims["exp"] - claims["iat"], claims["amr"]) == (60, ["pwd", "otp"])
    with pytest.raises(jwt.InvalidAudienceError):
        claims_of(answer, "https://other.example.com")
    assertion = answer["X-Auth-Assertion"]
    untold = check(token=ada, **{"X-Forwarded-Host": ""})["X-Auth-Assertion"]  # its audience is ours
    for token in (assertion, untold):
        assert api.send("GET", "me", token).status == 401
        assert api.post("token/verify", {"token": token}).status == 401
        assert check(token=token).status_code == 401
    key = api.send("POST", "keys", ada, {"name": "Script", "scopes": ["profile", "email"]}).body["key"]
    of_key = claims_of(check(token=key))
    assert (of_key["scope"], "amr" in of_key) == ("profile email", False)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_oid_11_no_other_method_is_answered_also_by_override(pages: Http, method: str) -> None:
    assert check(pages, method=method).status_code == 405
    override = {"X-HTTP-Method-Override": "POST", "X-Forwarded-Method": "DELETE", "X-Method-Override": method}
    assert check(pages, **override).status_code == 200
    assert check(pages, method=method, **{"X-HTTP-Method-Override": "GET"}).status_code == 405


def test_oid_11_what_a_client_says_of_itself_is_not_read(ada: str) -> None:
    lies = {"X-Auth-User": "1", "X-Auth-Email": "eve@example.com", "X-Auth-Role": "admin", "X-Auth-Assertion": "x.y.z"}
    assert check(**lies).status_code == 401
    told = check(token=ada, **lies)
    assert (told["X-Auth-Email"], told["X-Auth-Role"]) == (ADA, "user")
    assert not [name for name in check(**lies).headers if name.startswith("X-Auth-")]


def test_oid_11_a_person_without_an_address_has_an_empty_one(ada: str) -> None:
    now = timezone.now()
    User.objects.update(email=None, email_verified_at=None, phone_number="+14155550100", phone_verified_at=now)
    answer = check(token=ada)
    assert (answer.status_code, answer["X-Auth-Email"]) == (200, "")
    assert claims_of(answer)["email"] is None


def test_oid_11_a_browser_goes_to_the_sign_in_and_comes_back(house: None) -> None:
    html = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = check(None, "/a%20b?x=1&y=2", **html)
    assert answer.status_code == 302
    back = "https%3A%2F%2Fapp.example.com%2Fa%2520b%3Fx%3D1%26y%3D2"
    assert answer["Location"] == f"http://testserver/login/?return_to={back}"
    plain: dict[str, str] = {}
    for headers in (plain, {"Accept": "*/*"}, {"Accept": "application/json"}, {"Accept": "text/html;q=0"}):
        refused = check(**headers)
        assert (refused.status_code, refused["Content-Type"]) == (401, "application/problem+json")
        assert refused["WWW-Authenticate"] == "Bearer"
    for authorization in ("Bearer x.y.z", "Basic YTpi", "Bearer", "Bearer vst_x"):
        assert check(**html, Authorization=authorization).status_code == 401


@pytest.mark.parametrize(
    "lie",
    [
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Host": "app.example.com.evil.example"},
        {"X-Forwarded-Host": "app.example.com@evil.example"},
        {"X-Forwarded-Host": "evil.example, app.example.com"},
        {"X-Forwarded-Host": "app.example.com:8443"},
        {"X-Forwarded-Host": ""},
        {"X-Forwarded-Proto": "http"},
        {"X-Forwarded-Proto": "javascript"},
        {"X-Forwarded-Proto": "https,http"},
        {"X-Forwarded-Proto": ""},
        {"X-Forwarded-Uri": "//evil.example/"},
        {"X-Forwarded-Uri": "/\\evil.example"},
        {"X-Forwarded-Uri": "https://evil.example/"},
        {"X-Forwarded-Uri": "@evil.example/"},
        {"X-Forwarded-Uri": ".evil.example/"},
        {"X-Forwarded-Uri": ":1@evil.example/"},
        {"X-Forwarded-Uri": "/#x"},
        {"X-Forwarded-Uri": "/a\tb"},
        {"X-Forwarded-Uri": ""},
        {"REMOTE_ADDR": "203.0.113.9"},
    ],
)
def test_oid_11_no_way_back_leads_elsewhere(house: None, lie: dict[str, str]) -> None:
    peer = lie.pop("REMOTE_ADDR", PROXY)
    http = Http(raise_request_exception=False, REMOTE_ADDR=peer)
    answer = check(http, **{"Accept": "text/html", **lie})
    assert answer.status_code == 302
    if lie != {"X-Forwarded-Uri": ""}:
        assert answer["Location"] == "http://testserver/login/"
    assert "evil" not in answer["Location"]


def test_oid_11_what_has_ended_passes_no_more(api: Api, ada: str, pages: Http) -> None:
    key = api.send("POST", "keys", ada, {"name": "Script"}).body["key"]

    def passes() -> list[int]:
        return [each.status_code for each in (check(pages), check(token=ada), check(token=key))]

    assert passes() == [200, 200, 200]
    User.objects.update(status=Status.SUSPENDED)
    assert passes() == [401, 401, 401]
    User.objects.update(status=Status.ACTIVE)
    Session.objects.update(revoked_at=timezone.now())
    assert passes() == [401, 401, 200]
    ApiKey.objects.all().delete()
    assert passes() == [401, 401, 401]


def test_oid_11_what_is_nobody_s_costs_no_query_and_a_guessed_key_is_counted(api: Api, ada: str) -> None:
    check(token=ada)
    plain: dict[str, str] = {}
    for headers in (plain, {"Authorization": "Bearer x.y.z"}, {"Cookie": "session=x.y"}, {"Authorization": "Basic x"}):
        with CaptureQueriesContext(connection) as statements:
            assert check(**headers).status_code == 401
        assert not len(statements), headers
    with configured(RATES={"auth_check": "2/minute"}):
        answers = [check(token="vst_" + "0" * 36) for _ in range(3)]
    assert [each.status_code for each in answers] == [401, 401, 429]


def test_oid_11_a_token_stands_in_the_header_alone(api: Api, ada: str) -> None:
    key = api.send("POST", "keys", ada, {"name": "Script"}).body["key"]
    for token in (key, ada):
        for query in (f"access_token={token}", f"key={token}", f"token={token}"):
            assert Http().get(f"/auth/check?{query}").status_code == 401
        assert check(**{"X-Api-Key": token, "Cookie": f"access={token}; session={token}"}).status_code == 401
        for header in (f"Bearer {token} {token}", f"Bearer {token},{token}", f"Basic {token}", token):
            assert check(Authorization=header).status_code == 401
        assert check(Authorization=f"bearer {token}").status_code == 200


def test_oid_11_a_wrong_bearer_is_not_made_good_by_a_cookie(pages: Http) -> None:
    assert check(pages, token="x.y.z").status_code == 401
    assert check(pages, Authorization="Basic YTpi").status_code == 200  # the site's own


def test_oid_11_who_owes_a_second_factor_passes_nowhere(api: Api, ada: str, pages: Http) -> None:
    key = api.send("POST", "keys", ada, {"name": "Script"}).body["key"]
    given(ADA, "manager")
    with configured(MFA_REQUIRED_ROLES=("manager",)):
        for answer in (check(pages), check(token=ada), check(token=key)):
            assert (answer.status_code, answer.json()["code"]) == (403, "mfa_enrolment_required")


PASSES = {
    "/": 200,
    "/x": 200,
    "/administrator": 200,
    "/admin": 403,
    "/admin/": 403,
    "/admin/x?y": 403,
    "/closed/x": 403,
}
TRICKS = (
    *("//admin", "/./admin", "/x/../admin", "/x/..", "/%61dmin", "/adm%69n", "/x%2f..%2fadmin", "/%2e%2e/admin"),
    *("/admin;x", "/x;/../admin", "/x%3b", "/x\\admin", "/x%5cadmin", "/ADMIN", "/Admin/x", "/admin.", "/admin%20"),
    *("/admin%00", "/x%0a", "/%EF%BC%8Fadmin", "/adm%C2%ADin", "/%ef%bd%81dmin", "/x,/admin", "/x, /admin", "/%"),
    *("/50%25", "/%ff", "/...", "http://app.example.com/", "*", "x", "/x#/../admin", "/\u00e4", "/a b", "/.%20/admin"),
)


def test_oid_11_the_first_rule_counts(pages: Http, api: Api, ada: str, ruled: None) -> None:
    assert {uri: check(pages, uri).status_code for uri in PASSES} == PASSES
    given(ADA, "admin")
    assert check(pages, "/admin/x").status_code == 200
    assert check(pages, "/closed").status_code == 403
    assert check(pages, "/closed")["Content-Type"] == "application/problem+json"


def test_oid_11_no_spelling_of_a_path_passes_a_stricter_rule(
    pages: Http, ruled: None, subtests: pytest.Subtests
) -> None:
    for uri in TRICKS:
        with subtests.test(uri=uri):
            assert check(pages, uri).status_code == 403
            assert check(None, uri).status_code == 401  # whoever it is


@pytest.mark.parametrize("host", ["other.example.com", "app.example.com, other.example.com", "", "app.example.com@x"])
def test_oid_11_a_host_without_a_rule_lets_nobody_pass(pages: Http, ruled: None, host: str) -> None:
    assert check(pages, **{"X-Forwarded-Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["APP.example.com", "app.example.com.", "app.example.com:443", "app.example.com:9"])
def test_oid_11_a_host_is_known_in_every_spelling(pages: Http, ruled: None, host: str) -> None:
    assert check(pages, **{"X-Forwarded-Host": host}).status_code == 200
    assert check(pages, "/admin", **{"X-Forwarded-Host": host}).status_code == 403


def test_oid_11_rules_hold_for_what_a_trusted_proxy_says_alone(ada: str, ruled: None) -> None:
    away = Http(raise_request_exception=False, REMOTE_ADDR="203.0.113.9")
    assert check(away, token=ada).status_code == 403
    assert check(token=ada).status_code == 200


def test_oid_12_a_key_passes_by_its_scopes_and_a_person_by_themselves(api: Api, ada: str, ruled: None) -> None:
    keys = {
        scopes: api.send("POST", "keys", ada, {"name": "Script", "scopes": [*scopes]}).body["key"]
        for scopes in ((), ("profile",), ("reports.read",))
    }
    assert {scopes: check(None, "/reports/x", token=key).status_code for scopes, key in keys.items()} == {
        (): 403,
        ("profile",): 403,
        ("reports.read",): 200,
    }
    assert check(None, "/reports/x", token=ada).status_code == 200
    assert check(None, "/admin", token=keys["reports.read",]).status_code == 403
    given(ADA, "admin")
    assert check(None, "/admin", token=keys["reports.read",]).status_code == 200


def test_oid_11_it_is_asked_by_whatever_host_and_says_nothing_of_it(ada: str, house: None) -> None:
    http = Http(raise_request_exception=False, HTTP_HOST="evil.example")
    assert check(http, token=ada).status_code == 200
    answer = check(http, Accept="text/html")
    assert answer["Location"].startswith("http://testserver/login/")
    assert "evil" not in str(answer.headers) + check(http).content.decode()


def test_oid_11_answers_of_all_kinds_are_kept_by_nobody(api: Api, inbox: Inbox, pages: Http, ruled: None) -> None:
    for answer in (check(), check(Accept="text/html"), check(pages), check(pages, "/closed"), check(method="POST")):
        assert answer["Cache-Control"] == "no-store", answer.status_code
