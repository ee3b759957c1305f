"""WAY-02, WAY-03, WAY-05, WAY-07: a ticket belongs to one account and one attempt, and is good for nothing else."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import URLPattern
from django.utils import timezone
from time_machine import travel

from tests.attacks.factor_moves import ADA, BOB, person, prove, sign_in, ticket
from tests.factors import Authenticator
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.factors.models import Passkey, RecoveryCode, RememberedDevice, Totp
from vestibule.flows.account import second_factors
from vestibule.kernel.client import Client
from vestibule.limits.models import Tally
from vestibule.sessions.models import Session
from vestibule.web.api.urls import urlpatterns

CY = "cy@example.com"
NAMES = ("token", "refresh", "registration", "magic", "social", "link", "access")
OF_FORM = re.compile(r'name="mfa" value="([^"]+)"')
MADE_UP = "made-up"


@pytest.fixture
def app(api: Api, inbox: Inbox) -> Authenticator:
    """Ada's."""
    return person(api, inbox)


def stopped_at_factor(http: Http, email: str) -> str:
    """Somebody types the password, sees the question for the second factor, and goes away; their ticket."""
    asked = http.post("/login/", {"name": email, "password": PASSWORD}).content.decode()
    found = OF_FORM.search(asked)
    assert found
    return found[1]


def test_way_02_who_comes_next_in_the_same_browser_is_nobody_else(api: Api, app: Authenticator, inbox: Inbox) -> None:
    """Somebody without a factor is asked for none, and is not Ada; Ada's ticket does not make them Ada."""
    api.account(inbox, CY)
    http = Http()
    left = stopped_at_factor(http, ADA)
    entered = http.post("/login/", {"name": CY, "password": PASSWORD})
    assert (entered.status_code, entered["Location"]) == (303, "/account/")
    shown = http.get("/account/security/").content.decode()
    assert CY in shown
    assert ADA not in shown
    assert http.post("/login/mfa/", {"mfa": left, "method": "totp", "code": "000000"}).status_code == 401
    assert CY in http.get("/account/security/").content.decode()


def test_way_02_each_ticket_wants_the_factor_of_its_own_account(api: Api, app: Authenticator, inbox: Inbox) -> None:
    other = person(api, inbox, BOB)
    http = Http()
    of_ada, of_bob = stopped_at_factor(http, ADA), stopped_at_factor(http, BOB)
    for mfa, code in ((of_ada, other.code()), (of_bob, app.code())):
        assert http.post("/login/mfa/", {"mfa": mfa, "method": "totp", "code": code}).status_code == 401
    assert not Session.objects.exists()
    assert http.post("/login/mfa/", {"mfa": of_bob, "method": "totp", "code": other.code()}).status_code == 303
    assert BOB in http.get("/account/security/").content.decode()


def test_way_03_another_account_s_codes_open_nothing(api: Api, app: Authenticator, inbox: Inbox) -> None:
    other = person(api, inbox, BOB)
    assert prove(api, ticket(api, BOB), app.code()).code == "mfa_invalid"
    assert prove(api, ticket(api), other.code()).code == "mfa_invalid"
    assert prove(api, ticket(api), other.recovery_codes[0], "recovery_code").code == "mfa_invalid"
    assert not Session.objects.exists()


def endpoints() -> Iterator[str]:
    """Each path of the API but those that take a ticket, and those that take nothing."""
    for each in urlpatterns:
        assert isinstance(each, URLPattern)
        path = re.sub(r"<[^>]+>", "00000000-0000-4000-8000-000000000000", str(each.pattern))
        if not path.startswith("auth/login/mfa") and path not in ("schema", "docs"):
            yield f"/api/{path}"


def test_way_03_auz_10_tok_05_a_ticket_is_worth_a_made_up_word_everywhere_else(api: Api, app: Authenticator) -> None:
    """WAY-03, AUZ-10, TOK-05, WAY-07: as bearer, as any token of a body, as a cookie."""
    mfa = ticket(api)

    def told(method: str, path: str, word: str, *, bearer: bool) -> tuple[int, str]:
        body = {} if bearer else dict.fromkeys(NAMES, word)
        reply = api.send(method, path, word if bearer else "", body)
        return reply.status, reply.code

    for path in endpoints():
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            for bearer in (True, False):
                of_ticket = told(method, path, mfa, bearer=bearer)
                assert of_ticket == told(method, path, MADE_UP, bearer=bearer), (method, path, bearer)
                assert not bearer or of_ticket[0] != 204, (method, path)
    assert not Session.objects.exists()
    for name in (conf.session_cookie_name, conf.device_cookie_name):
        http = Http()
        http.cookies[name] = mfa
        assert http.get("/account/")["Location"].startswith("/login/")
    assert prove(api, mfa, app.code()).status == 200  # and nothing used it up


def test_tok_11_a_ticket_signs_nobody_out(api: Api, app: Authenticator) -> None:
    inside = sign_in(api, app.code()).body["access"]
    mfa = ticket(api)
    for reply in (api.post("logout", {"refresh": mfa}), api.send("POST", "logout", mfa)):
        assert reply.status == 401
    assert api.send("POST", "logout/all", mfa).status == 401
    assert api.send("GET", "me", inside).status == 200


def test_tok_12_the_session_of_a_second_factor_is_a_new_one(api: Api, app: Authenticator, inbox: Inbox) -> None:
    """Whatever cookie was planted before; and one that sets up a factor goes on under another id."""
    api.account(inbox, CY)
    http, planted = Http(), Http()
    planted.post("/login/", {"name": CY, "password": PASSWORD})
    http.cookies[conf.session_cookie_name] = planted.cookies[conf.session_cookie_name].value
    mfa = stopped_at_factor(http, ADA)
    assert http.post("/login/mfa/", {"mfa": mfa, "method": "totp", "code": app.code()}).status_code == 303
    assert http.cookies[conf.session_cookie_name].value != planted.cookies[conf.session_cookie_name].value
    assert CY in planted.get("/account/security/").content.decode()
    assert CY not in http.get("/account/security/").content.decode()
    before = Session.objects.get(user__email=CY, is_page=True)
    now = timezone.now()
    client = Client(
        at=now, user_id=before.user_id, session_id=before.pk, auth_time=now, amr=("pwd",), account=before.user
    )
    new = Authenticator(second_factors.start_totp(client=client).secret, [])
    added = second_factors.confirm_totp(client=client, code=new.code())
    assert added.session.pk != before.pk
    assert added.session.amr == ["pwd", "otp", "mfa"]
    assert planted.get("/account/")["Location"].startswith("/login/")


def test_way_05_strangers_spend_no_tries(api: Api, app: Authenticator, inbox: Inbox) -> None:
    """A hundred attempts at Ada without her password, with tickets that are none, old ones, and their own."""
    person(api, inbox, BOB)
    attempts: list[Callable[[int], Any]] = [
        lambda n: prove(api, f"{ADA}:{n}", "000000"),
        lambda n: prove(api, ticket(api, BOB), "000000", user_id=str(User.objects.get(email=ADA).pk), email=ADA),
        lambda n: api.login(ADA, f"wrong {n}", mfa="000000"),
        lambda n: api.post("login/mfa", {"mfa": "", "method": "passkey", "credential": {"id": ADA}}),
        lambda n: api.post("reauthenticate", {"method": "totp", "code": "000000"}),
    ]
    for n in range(100):
        assert attempts[n % len(attempts)](n).status >= 400
    subject = Tally.objects.filter(scope="second factors")
    assert subject.count() == 1  # Bob's own
    with travel(timezone.now() + timedelta(hours=2)):  # wrong passwords have a wait of their own
        assert sign_in(api, app.code()).status == 200


@pytest.mark.parametrize("door", ["api", "page"])
def test_way_07_half_a_sign_in_enrols_nothing(api: Api, app: Authenticator, door: str) -> None:
    kept = [list(model.objects.order_by("pk").values()) for model in (Totp, Passkey, RecoveryCode, RememberedDevice)]
    http = Http()
    mfa = stopped_at_factor(http, ADA) if door == "page" else ticket(api)
    asker = Api(http)
    for method, path in (
        ("GET", "mfa"),
        ("POST", "mfa/totp"),
        ("POST", "mfa/totp/confirm"),
        ("DELETE", "mfa/totp"),
        ("POST", "mfa/recovery-codes"),
        ("DELETE", "mfa/remembered-devices"),
        ("POST", "passkeys/options"),
        ("POST", "passkeys"),
    ):
        for bearer in (mfa, ""):
            assert asker.send(method, path, bearer, {"mfa": mfa, "code": app.code()}).status in (401, 404), path
    assert http.post("/account/security/", {"act": "totp", "mfa": mfa})["Location"].startswith("/login/")
    now = [list(model.objects.order_by("pk").values()) for model in (Totp, Passkey, RecoveryCode, RememberedDevice)]
    assert now == kept


def test_pre_08_who_has_not_proved_an_address_enrols_nothing(api: Api, inbox: Inbox) -> None:
    """Neither a sign-up that waits, by its handle, nor an account that was suspended meanwhile."""
    for handle in (api.register(email=ADA, password=PASSWORD), api.start(email=BOB, password=PASSWORD)):
        assert api.send("POST", "mfa/totp", handle.registration or handle.body["registration"]).status == 401
    assert api.login(ADA).code == "account_unverified"
    assert not Totp.objects.exists()
    access = api.account(inbox, CY)
    seed = api.send("POST", "mfa/totp", access).body["secret"]
    User.objects.filter(email=CY).update(status="suspended")
    code = Authenticator(seed, []).code()
    assert api.send("POST", "mfa/totp/confirm", access, {"code": code}).code == "session_revoked"
    assert api.send("POST", "mfa/totp", access).code == "session_revoked"
    assert not Totp.objects.filter(confirmed_at__isnull=False).exists()
