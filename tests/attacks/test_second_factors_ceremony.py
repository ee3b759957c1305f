"""MFA-07, MFA-10, MFA-15: a factor is set up and removed by whoever proved just now who they are; what it is made of is
shown once, and opens in no other row; and from then on it is asked of every session."""

from base64 import b32decode
from collections.abc import Callable

import pytest
from time_machine import Traveller

from tests.attacks.at_rest import everything
from tests.attacks.factor_moves import ADA, BOB, person, prove, sign_in, step_up, ticket
from tests.factors import Authenticator
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import User
from vestibule.factors.models import RecoveryCode, Totp
from vestibule.sessions.models import Session

ASKED = {
    "start": ("POST", "mfa/totp"),
    "confirm": ("POST", "mfa/totp/confirm"),
    "remove": ("DELETE", "mfa/totp"),
    "codes": ("POST", "mfa/recovery-codes"),
}


def begin(api: Api, access: str) -> Authenticator:
    """A seed that waits."""
    return Authenticator(api.send("POST", "mfa/totp", access).body["secret"], [])


def confirm(api: Api, access: str, app: Authenticator, **more: object) -> Authenticator:
    """Let it count."""
    told = api.send("POST", "mfa/totp/confirm", access, {"code": app.code(), **more})
    assert told.status == 200
    app.recovery_codes = told.body["recovery_codes"]
    return app


@pytest.mark.parametrize("with_factor", [False, True])
@pytest.mark.parametrize("act", ASKED)
def test_mfa_07_no_factor_changes_without_a_fresh_proof(
    api: Api, inbox: Inbox, clock: Traveller, act: str, with_factor: bool
) -> None:
    """Of a sign-in that is eleven minutes old; by whoever has a factor, only after that factor."""
    access = api.account(inbox, ADA)
    app = begin(api, access)
    if with_factor:
        confirm(api, access, app)
        clock.shift(30)
        entered = sign_in(api, app.code()).body
    else:
        entered = api.login(ADA).body
    clock.shift(661)
    kept = list(Totp.objects.values()), list(RecoveryCode.objects.values())
    old = api.post("token/refresh", {"refresh": entered["refresh"]}).body["access"]
    refused = api.send(*ASKED[act], old, {"code": app.code()})
    assert (refused.status, refused.code) == (403, "reauthentication_required")
    assert (list(Totp.objects.values()), list(RecoveryCode.objects.values())) == kept
    if with_factor:
        assert api.send("POST", "reauthenticate", old, {"password": PASSWORD}).status == 400
        fresh = step_up(api, old, app.code()).body["access"]
    else:
        fresh = api.send("POST", "reauthenticate", old, {"password": PASSWORD}).body["access"]
    assert api.send(*ASKED[act], fresh, {"code": app.code()}).code != "reauthentication_required"


def test_mfa_07_a_seed_is_shown_once_and_counts_after_its_first_code(api: Api, ada: str) -> None:
    app = begin(api, ada)
    assert api.send("POST", "mfa/totp/confirm", ada, {"code": "000000"}).code == "otp_invalid"
    assert "access" in api.login(ADA).body  # what waits is never asked for
    assert api.send("POST", "reauthenticate", ada, {"method": "totp", "code": app.code()}).code == "mfa_invalid"
    for method, path in (
        ("GET", "mfa"),
        ("GET", "me"),
        ("GET", "me/export"),
        ("GET", "mfa/totp"),
        ("POST", "mfa/totp"),
    ):
        assert app.seed not in api.send(method, path, ada).text, path
    assert not Totp.objects.filter(confirmed_at__isnull=False).exists()
    app = confirm(api, ada, begin(api, ada))
    for method, path in (("GET", "mfa"), ("GET", "me"), ("GET", "me/export"), ("GET", "mfa/recovery-codes")):
        text = api.send(method, path, ada).text
        assert not [secret for secret in (app.seed, *app.recovery_codes) if secret in text], path


def test_mfa_07_a_waiting_seed_stands_in_for_no_confirmed_one(api: Api, ada: str) -> None:
    confirm(api, ada, begin(api, ada))
    waiting = begin(api, ada)
    assert sign_in(api, waiting.code()).code == "mfa_invalid"
    assert step_up(api, ada, waiting.code()).code == "mfa_invalid"


GUARDED: dict[str, tuple[str, str, dict[str, object]]] = {
    "password": ("POST", "password/change", {"current_password": PASSWORD, "password": "another password entirely"}),
    "email": ("POST", "email/change", {"email": "new@example.com", "password": PASSWORD}),
    "phone": ("POST", "phone/change", {"phone_number": "+14155550100", "password": PASSWORD}),
    "username": ("PATCH", "me", {"username": "somebody"}),
    "export": ("GET", "me/export", {}),
    "close": ("DELETE", "me", {}),
    "start": ("POST", "mfa/totp", {}),
    "confirm": ("POST", "mfa/totp/confirm", {"code": "000000"}),
    "remove": ("DELETE", "mfa/totp", {}),
    "codes": ("POST", "mfa/recovery-codes", {}),
}


@pytest.fixture
def before(api: Api, ada: str) -> dict[str, str]:
    """The tokens of a session of before Ada set up her app; hers is `ada`."""
    entered: dict[str, str] = api.login(ADA).body
    entered["seed"] = confirm(api, ada, begin(api, ada)).seed
    return entered


@pytest.mark.parametrize("act", GUARDED)
def test_mfa_15_a_session_of_before_changes_nothing_that_guards(api: Api, before: dict[str, str], act: str) -> None:
    """It is fresh, and the password is known; the next token is no better."""
    method, path, body = GUARDED[act]
    renewed = api.post("token/refresh", {"refresh": before["refresh"]}).body["access"]
    for access in (before["access"], renewed):
        refused = api.send(method, path, access, body)
        assert (refused.status, refused.code) == (403, "reauthentication_required")
    assert api.send("GET", "me", renewed).status == 200


def test_mfa_15_the_factor_gives_a_session_of_before_back_what_it_had(api: Api, before: dict[str, str]) -> None:
    access = before["access"]
    assert api.send("POST", "reauthenticate", access, {"password": PASSWORD}).body["codes"] == {"method": ["required"]}
    assert api.send("DELETE", "mfa/totp", access).code == "reauthentication_required"
    app = Authenticator(before["seed"], [])
    fresh = step_up(api, access, app.code(1)).body["access"]
    assert api.send("GET", "me/export", fresh).status == 200


def test_mfa_15_a_page_of_before_asks_for_the_factor(api: Api, ada: str) -> None:
    http = Http()
    http.post("/login/", {"name": ADA, "password": PASSWORD})
    app = confirm(api, ada, begin(api, ada))
    typed = {"act": "password", "current_password": PASSWORD, "password": "another password entirely"}
    http.post("/account/security/", typed)
    assert http.post("/account/confirm/", {"password": PASSWORD}).status_code != 303
    assert api.login(ADA).body["mfa_required"]  # the password is the old one
    assert http.post("/account/confirm/", {"method": "totp", "code": app.code(1)}).status_code == 303


def test_mfa_10_nothing_of_a_factor_is_kept_in_clear(api: Api, ada: str) -> None:
    app = confirm(api, ada, begin(api, ada))
    remembered = prove(api, ticket(api), app.code(1), remember_device=True).body["remembered_device"]
    kept = everything()
    raw = b32decode(app.seed)
    for secret in (app.seed, raw.hex(), repr(raw)[2:-1], remembered, *app.recovery_codes):
        assert secret not in kept
    for code in app.recovery_codes:
        bare = code.replace("-", "").upper()
        assert bare not in kept
        assert repr(b32decode(bare))[2:-1] not in kept


def copied(api: Api, inbox: Inbox, app: Authenticator) -> None:
    """A's seed in B's row."""
    person(api, inbox, BOB)
    [seed] = Totp.objects.filter(user__email=ADA).values_list("sealed_seed", flat=True)
    Totp.objects.filter(user__email=BOB).update(sealed_seed=seed)


def handed_over(api: Api, inbox: Inbox, app: Authenticator) -> None:
    """A's row as B's."""
    person(api, inbox, BOB)
    Totp.objects.filter(user__email=BOB).delete()
    Totp.objects.filter(user__email=ADA).update(user=User.objects.get(email=BOB))


@pytest.mark.parametrize("how", [copied, handed_over])
def test_mfa_10_a_seed_in_another_s_row_opens_nothing(
    api: Api, inbox: Inbox, how: Callable[[Api, Inbox, Authenticator], None]
) -> None:
    app = person(api, inbox)
    how(api, inbox, app)
    refused = sign_in(api, app.code(), email=BOB)
    assert (refused.status, refused.code) == (401, "mfa_invalid")
    assert not Session.objects.exists()


def test_mfa_10_a_recovery_code_in_another_s_row_opens_nothing(api: Api, inbox: Inbox) -> None:
    app = person(api, inbox)
    person(api, inbox, BOB)
    RecoveryCode.objects.filter(user__email=BOB).delete()
    RecoveryCode.objects.filter(user__email=ADA).update(user=User.objects.get(email=BOB))
    assert sign_in(api, app.recovery_codes[0], "recovery_code", BOB).code == "mfa_invalid"


@pytest.mark.parametrize("place", [0, 1, 20, -17, -1])
def test_mfa_10_a_seed_with_a_flipped_bit_opens_nothing(api: Api, inbox: Inbox, place: int) -> None:
    """It fails as a wrong code does, and the paper still helps."""
    app = person(api, inbox)
    sealed = bytearray(bytes(Totp.objects.get().sealed_seed))
    sealed[place] ^= 1
    Totp.objects.update(sealed_seed=bytes(sealed))
    refused = sign_in(api, app.code())
    assert (refused.status, refused.code) == (401, "mfa_invalid")
    assert sign_in(api, app.recovery_codes[0], "recovery_code").status == 200
