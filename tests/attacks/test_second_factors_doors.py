"""WAY-01, MFA-02: every door that can open a session asks for the second factor: before it there is no session, no
token and no cookie that lets anybody in; after it, a session of several factors."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

import jwt
import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.architecture.source import calls
from tests.attacks.factor_moves import ADA, person, prove
from tests.desk import given
from tests.factors import Authenticator, enrol
from tests.magic import MagicPages, ask
from tests.passkeys import FLAG, SoftAuthenticator, add_passkey, request_options, sign_in
from tests.providers import OpenIdFake
from tests.social import come_back, coming_from, press
from tests.social import sign_in as sign_in_elsewhere
from tests.world import PASSWORD, Api, Door, Http, Inbox
from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.factors.models import RememberedDevice
from vestibule.identities.models import Identity
from vestibule.sessions.models import Device, RefreshToken, Session

NEXT = "another password entirely"
_TICKET = re.compile(r'name="mfa" value="([^"]+)"')
_OF_FLOWS = "vestibule.flows"


@dataclass(frozen=True)
class Way:
    """One way in: the module that completes it, and the first factor given to its API or its page. `following` is where
    the page leads in the end."""

    module: str
    give: Callable[[Http, Inbox], str]
    following: str = "/account/"


def reset_password(inbox: Inbox) -> None:
    """By the mail, in another client."""
    api = Api()
    api.post("password/reset", {"email": ADA})
    assert api.post("password/reset/confirm", {"token": inbox.newest(ADA).token, "password": NEXT}).status == 204


def promote(inbox: Inbox) -> None:
    """To admin, by the command of the operator; and choose a new password, as whoever is invited does."""
    call_command("create_admin", ADA, stdout=StringIO())
    reset_password(inbox)


def type_in(http: Http, password: str = PASSWORD, following: str = "") -> str:
    """Fill in the form of the sign-in."""
    return http.post("/login/", {"name": ADA, "password": password, "next": following}).content.decode()


def after(change: Callable[[Inbox], object], give: Callable[[Http], str]) -> Callable[[Http, Inbox], str]:
    """The same, after something else."""

    def both(http: Http, inbox: Inbox) -> str:
        change(inbox)
        return give(http)

    return both


def mailed_to_page(http: Http, inbox: Inbox, *, by: str) -> str:
    """The link or the code of a mail that this browser asked for."""
    pages = MagicPages()
    pages.http = http
    pages.start(ADA)
    post = inbox.newest(ADA)
    return (pages.open(post.token) if by == "link" else pages.type_code(ADA, post.code)).text


def give_token(http: Http, fake: OpenIdFake) -> str:
    """The ID token that a native app got from the provider."""
    given = {"id_token": fake.id_token(nonce="of the app"), "nonce": "of the app"}
    return Api(http).post(f"social/{fake.ID}/token", given).text


def by_provider(give: Callable[[Http, OpenIdFake], str]) -> Callable[[Http, Inbox], str]:
    """Through a provider that is linked with Ada's account."""

    def give_there(http: Http, _: Inbox) -> str:
        fake = OpenIdFake()
        with coming_from(fake):
            user, now = User.objects.get(email=ADA), timezone.now()
            named = {"provider": fake.ID, "issuer": fake.issuer, "subject": fake.person.sub}
            Identity.objects.create(user=user, name=ADA, created_at=now, **named)
            return give(http, fake)

    return give_there


PASSWORDS, MAGIC = f"{_OF_FLOWS}.sign_in.by_password", f"{_OF_FLOWS}.sign_in.magic_link"
SOCIAL = f"{_OF_FLOWS}.sign_in.social"
API = {
    "password": Way(PASSWORDS, lambda http, _: Api(http).login(ADA).text),
    "reset": Way(PASSWORDS, after(reset_password, lambda http: Api(http).login(ADA, NEXT).text)),
    "invitation": Way(PASSWORDS, after(promote, lambda http: Api(http).login(ADA, NEXT).text)),
    "link": Way(MAGIC, lambda http, inbox: ask(Api(http), inbox, ADA).by_link().text),
    "code": Way(MAGIC, lambda http, inbox: ask(Api(http), inbox, ADA).by_code().text),
    "code elsewhere": Way(
        MAGIC,
        lambda http, inbox: (
            Api(http).post("login/magic/confirm", {"email": ADA, "otp": ask(Api(), inbox, ADA).post.code}).text
        ),
    ),
    "provider": Way(SOCIAL, by_provider(lambda http, fake: sign_in_elsewhere(Api(http), fake).text)),
    "token of a provider": Way(SOCIAL, by_provider(give_token)),
}
PAGES = {
    "password": Way(PASSWORDS, lambda http, _: type_in(http)),
    "admin": Way(
        PASSWORDS,
        after(lambda _: given(ADA, "admin"), lambda http: type_in(http, following="/admin/")),
        "/admin/",
    ),
    "reset": Way(PASSWORDS, after(reset_password, lambda http: type_in(http, NEXT))),
    "invitation": Way(PASSWORDS, after(promote, lambda http: type_in(http, NEXT, "/admin/")), "/admin/"),
    "link": Way(MAGIC, lambda http, inbox: mailed_to_page(http, inbox, by="link")),
    "code": Way(MAGIC, lambda http, inbox: mailed_to_page(http, inbox, by="code")),
    "provider": Way(SOCIAL, by_provider(lambda http, fake: come_back(http, fake, press(http, fake)).content.decode())),
}
# These are tested below by themselves.
OTHERS = {
    f"{_OF_FLOWS}.sign_in.second_factor",  # completes what the doors begin
    f"{_OF_FLOWS}.sign_in.by_passkey",  # both factors at once
    f"{_OF_FLOWS}.sign_up.steps",  # a new account, which has no factor
    f"{_OF_FLOWS}.sign_up.social",  # the same, of a person from another provider
}


@pytest.fixture
def app(api: Api, inbox: Inbox) -> Authenticator:
    """Ada's, who is signed in nowhere."""
    return person(api, inbox)


def test_way_01_every_door_is_in_these_tables() -> None:
    completing = {call.module for call in calls() if call.callee in ("complete", "completion.complete")}
    shown = {way.module for way in (*API.values(), *PAGES.values())} | OTHERS
    assert completing == shown, (
        f"{completing ^ shown}: a module that calls `completion.complete` is a door to a session; give it a row in API "
        "and in PAGES, so that what it answers before the second factor is looked at"
    )


def nobody_is_in(http: Http) -> bool:
    """No row of a session or of what comes with it, and no cookie that stands for one."""
    cookies = {conf.session_cookie_name, conf.device_cookie_name, conf.remembered_cookie_name}
    rows = [model.objects.exists() for model in (Session, RefreshToken, Device, RememberedDevice)]
    return not any(rows) and not cookies & set(http.cookies)


@pytest.mark.parametrize("name", API)
def test_way_01_by_api(inbox: Inbox, app: Authenticator, name: str) -> None:
    """MFA-02, too. The answer says that a factor is owed, and by which methods; not whose it is."""
    http = Http()
    told = API[name].give(http, inbox)
    [mfa] = re.findall(r'"mfa": ?"([^"]+)"', told)
    assert set(re.findall(r'"(\w+)":', told)) == {"mfa_required", "mfa", "methods"}
    assert nobody_is_in(http)
    assert not http.cookies
    entered = prove(Api(http), mfa, app.code())
    assert entered.status == 200
    assert "mfa" in Session.objects.get().amr
    assert Api(http).send("GET", "me", entered.body["access"]).body["email"] == ADA


@pytest.mark.parametrize("name", PAGES)
def test_way_01_by_page(inbox: Inbox, app: Authenticator, name: str) -> None:
    """MFA-02, too. The page is the form of the factor, and nothing of the account is open."""
    http, way = Http(), PAGES[name]
    [mfa] = set(_TICKET.findall(way.give(http, inbox)))
    assert nobody_is_in(http)
    for path in ("/account/", "/account/security/", "/admin/"):
        assert http.get(path)["Location"].startswith("/login/"), path
    entered = http.post("/login/mfa/", {"mfa": mfa, "method": "totp", "code": app.code(), "next": way.following})
    assert (entered.status_code, entered["Location"]) == (303, way.following)
    assert "mfa" in Session.objects.get().amr
    assert http.get(way.following).status_code == 200


def test_way_01_a_passkey_is_both_factors_if_the_person_was_verified(api: Api, inbox: Inbox) -> None:
    """MFA-02: without that it is none, at the API and at the page."""
    device = SoftAuthenticator()
    add_passkey(api, api.account(inbox, ADA), device)
    enrol(User.objects.get())
    Session.objects.all().delete()
    http = Http()
    assert sign_in(api, device, flags=FLAG.UP).code == "invalid_credentials"
    given = {"credential": json.dumps(device.get(request_options(api), flags=FLAG.UP))}
    assert http.post("/login/passkey/", given).status_code == 401
    assert nobody_is_in(http)
    assert sign_in(api, device).status == 200
    given = {"credential": json.dumps(device.get(request_options(api)))}
    assert http.post("/login/passkey/", given).status_code == 303
    assert [("mfa" in each.amr) for each in Session.objects.all()] == [True, True]


def test_way_01_a_sign_up_enters_no_account_that_there_was(door: Door, api: Api, inbox: Inbox) -> None:
    """MFA-02: neither one that began after it nor, with the right code, one that began before it."""
    before = door.start(email=ADA, password=PASSWORD, password2=PASSWORD).registration
    code = inbox.newest(ADA).code
    person(api, inbox)
    after = door.start(email=ADA, password=PASSWORD, password2=PASSWORD).registration
    assert [door.confirm(each, code).code for each in (before, after)] == ["token_used", "otp_invalid"]
    assert not Session.objects.exists()
    assert User.objects.count() == 1


def test_way_01_a_session_of_before_the_factor_gains_none_by_a_refresh(api: Api, inbox: Inbox) -> None:
    """MFA-02: its tokens say so, and what guards the account stays shut."""
    api.account(inbox, ADA)
    entered = api.login(ADA).body
    enrol(User.objects.get())
    renewed = api.post("token/refresh", {"refresh": entered["refresh"]}).body["access"]
    assert not [each for each in Session.objects.all() if "mfa" in each.amr]
    claims = jwt.decode(renewed, options={"verify_signature": False})
    assert "mfa" not in claims["amr"]
    assert api.send("GET", "me/export", renewed).code == "reauthentication_required"
