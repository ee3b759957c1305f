"""An authenticator app and recovery codes, set up and removed by their person."""

from datetime import timedelta

import pyotp
import pytest
from django.conf import settings
from django.utils import timezone

from tests.configured import configured
from tests.factors import Authenticator, enrol
from tests.world import PASSWORD, Api, Inbox, Reply
from vestibule.accounts.models import Role, User
from vestibule.audit.models import AuditEvent
from vestibule.conf import conf
from vestibule.factors.models import RecoveryCode, RememberedDevice, Totp
from vestibule.sessions.models import Session

ADA = "ada@example.com"


def start(api: Api, access: str) -> Authenticator:
    """A seed that waits for its first code."""
    begun = api.send("POST", "mfa/totp", access)
    assert begun.status == 200
    return Authenticator(begun.body["secret"], [])


def confirm(api: Api, access: str, code: str, **more: object) -> Reply:
    return api.send("POST", "mfa/totp/confirm", access, {"code": code, **more})


def set_up(api: Api, access: str) -> Authenticator:
    """An app that counts, and its recovery codes; the code of now is used up."""
    app = start(api, access)
    app.recovery_codes = confirm(api, access, app.code()).body["recovery_codes"]
    return app


def sign_in(api: Api, code: str, method: str = "totp", **more: object) -> Reply:
    return api.post("login/mfa", {"mfa": api.login(ADA).body["mfa"], "method": method, "code": code, **more})


def test_an_app_that_is_set_up_signs_in(api: Api, ada: str, inbox: Inbox) -> None:
    begun = api.send("POST", "mfa/totp", ada).body
    assert begun.keys() == {"secret", "otpauth_url", "qr_svg"}
    assert begun["qr_svg"].startswith("<svg")
    independent = pyotp.parse_uri(begun["otpauth_url"])
    assert isinstance(independent, pyotp.TOTP)
    assert (independent.secret, independent.name, independent.issuer) == (begun["secret"], ADA, conf.brand.name)
    now = timezone.now()
    confirmed = confirm(api, ada, independent.at(now))
    assert (confirmed.status, len(set(confirmed.body["recovery_codes"]))) == (200, 10)
    assert "mfa" in Session.objects.get().amr
    assert inbox.newest(ADA).subject.startswith("An authenticator app was added")
    assert "/not-me/?token=" in inbox.newest(ADA).text
    assert AuditEvent.objects.filter(name="totp.added").count() == 1
    assert sign_in(api, independent.at(now)).code == "mfa_invalid"  # its step was used to confirm
    assert sign_in(api, independent.at(now + timedelta(seconds=30))).status == 200
    assert sign_in(api, confirmed.body["recovery_codes"][0], "recovery_code").status == 200


def test_what_there_is_can_be_seen(api: Api, ada: str) -> None:
    nothing = {
        "totp": {"enabled": False, "enabled_at": None, "last_used_at": None},
        "passkeys": 0,
        "recovery_codes": {"left": 0, "created_at": None},
        "sms": False,
        "required": False,
        "remembered_devices": 0,
    }
    assert api.send("GET", "mfa", ada).body == nothing
    app = start(api, ada)
    assert api.send("GET", "mfa", ada).body == nothing  # what waits counts for nothing
    confirm(api, ada, app.code())
    sign_in(api, app.code(1), remember_device=True)
    shown = api.send("GET", "mfa", ada).body
    row, code = Totp.objects.get(), RecoveryCode.objects.first()
    assert row.confirmed_at
    assert row.last_used_at
    assert code
    assert (shown["recovery_codes"]["left"], shown["remembered_devices"]) == (10, 1)
    assert shown["totp"] == {
        "enabled": True,
        "enabled_at": row.confirmed_at.isoformat().replace("+00:00", "Z"),
        "last_used_at": row.last_used_at.isoformat().replace("+00:00", "Z"),
    }
    assert shown["recovery_codes"]["created_at"] == code.created_at.isoformat().replace("+00:00", "Z")


def test_a_wrong_first_code_changes_nothing_and_is_counted(api: Api, ada: str) -> None:
    app = start(api, ada)
    for _ in range(5):
        wrong = confirm(api, ada, "000000")
        assert (wrong.status, wrong.code) == (400, "otp_invalid")
        assert "attempts_left" not in wrong.body
    locked = confirm(api, ada, app.code())
    assert (locked.status, locked.code) == (429, "locked")
    assert not Totp.objects.filter(confirmed_at__isnull=False).exists()
    assert not RecoveryCode.objects.exists()
    assert "access" in api.login(ADA).body


def test_without_a_start_there_is_nothing_to_confirm(api: Api, ada: str) -> None:
    app = set_up(api, ada)
    assert confirm(api, ada, app.code(1)).code == "otp_invalid"
    assert confirm(Api(), "", app.code(1)).code == "not_authenticated"
    assert api.send("POST", "mfa/totp/confirm", ada, {}).body["codes"] == {"code": ["required"]}


def test_another_app_takes_the_place_of_the_first(api: Api, ada: str) -> None:
    first = set_up(api, ada)
    second = start(api, ada)
    assert sign_in(api, first.code(1)).status == 200  # the first counts until the second does
    confirmed = confirm(api, ada, second.code())
    assert (confirmed.status, confirmed.body) == (200, {})  # the recovery codes stay
    assert sign_in(api, first.code(1)).code == "mfa_invalid"
    assert sign_in(api, second.code(1)).status == 200
    assert sign_in(api, first.recovery_codes[0], "recovery_code").status == 200
    assert Totp.objects.count() == 1


def test_a_second_start_replaces_the_first(api: Api, ada: str) -> None:
    first, second = start(api, ada), start(api, ada)
    assert confirm(api, ada, first.code()).code == "otp_invalid"
    assert confirm(api, ada, second.code()).status == 200


@pytest.mark.parametrize("ending", [True, False])
def test_an_addition_offers_to_end_the_other_sessions(api: Api, ada: str, ending: bool) -> None:
    other = api.login(ADA).body["access"]
    app = start(api, ada)
    assert confirm(api, ada, app.code(), end_other_sessions=ending).status == 200
    assert api.send("GET", "me", ada).status == 200
    assert api.send("GET", "me", other).status == (401 if ending else 200)


def test_the_sessions_of_a_former_app_end_with_it(api: Api, ada: str) -> None:
    """Whoever has the lost phone is signed out, as by its removal."""
    former = set_up(api, ada)
    other = sign_in(api, former.code(1)).body["access"]
    assert confirm(api, ada, start(api, ada).code()).status == 200
    assert api.send("GET", "me", ada).status == 200
    assert api.send("GET", "me", other).code == "session_revoked"


def test_an_addition_forgets_the_remembered_devices(api: Api, ada: str) -> None:
    app = set_up(api, ada)
    token = sign_in(api, app.code(1), remember_device=True).body["remembered_device"]
    assert confirm(api, ada, start(api, ada).code()).status == 200
    assert "mfa" in api.login(ADA, remembered_device=token).body


def test_an_app_that_is_removed_takes_its_codes_and_the_other_sessions_along(api: Api, ada: str, inbox: Inbox) -> None:
    app = set_up(api, ada)
    remembered = sign_in(api, app.code(1), remember_device=True).body
    assert api.send("DELETE", "mfa/totp", ada).status == 204
    assert not any(model.objects.exists() for model in (Totp, RecoveryCode, RememberedDevice))
    assert api.send("GET", "me", ada).status == 200
    assert api.send("GET", "me", remembered["access"]).code == "session_revoked"
    assert inbox.newest(ADA).subject.startswith("Your authenticator app was removed")
    assert "/not-me/?token=" in inbox.newest(ADA).text
    assert "access" in api.login(ADA).body
    inbox.empty()
    assert api.send("DELETE", "mfa/totp", ada).status == 204  # nothing to remove, nothing to tell
    assert not inbox.all(ADA)
    assert AuditEvent.objects.filter(name="totp.removed").count() == 1


def test_a_seed_that_waits_can_be_thrown_away(api: Api, ada: str) -> None:
    app = start(api, ada)
    assert api.send("DELETE", "mfa/totp", ada).status == 204
    assert confirm(api, ada, app.code()).code == "otp_invalid"


def test_a_role_that_needs_a_factor_keeps_its_last(api: Api, ada: str) -> None:
    set_up(api, ada)
    User.objects.update(role=Role.MANAGER)
    with configured(MFA_REQUIRED_ROLES=("admin", "manager")):
        kept = api.send("DELETE", "mfa/totp", ada)
        assert (kept.status, kept.code) == (409, "last_way_in")
        assert api.send("GET", "mfa", ada).body["required"] is True
    assert RecoveryCode.objects.count() == 10
    assert api.send("DELETE", "mfa/totp", ada).status == 204


def test_new_recovery_codes_take_the_place_of_the_old(api: Api, ada: str, inbox: Inbox) -> None:
    without = api.send("POST", "mfa/recovery-codes", ada)
    assert (without.status, without.code) == (403, "mfa_enrolment_required")
    app = set_up(api, ada)
    renewed = api.send("POST", "mfa/recovery-codes", ada).body["recovery_codes"]
    assert len({*renewed, *app.recovery_codes}) == 20
    assert inbox.newest(ADA).subject.startswith("You have new recovery codes")
    assert "/not-me/?token=" in inbox.newest(ADA).text
    assert sign_in(api, app.recovery_codes[0], "recovery_code").code == "mfa_invalid"
    assert sign_in(api, renewed[0], "recovery_code").status == 200
    assert api.send("GET", "mfa", ada).body["recovery_codes"]["left"] == 9


def test_used_up_codes_are_made_anew_with_another_app(api: Api, ada: str) -> None:
    set_up(api, ada)
    RecoveryCode.objects.update(used_at=timezone.now())
    app = start(api, ada)
    assert len(confirm(api, ada, app.code()).body["recovery_codes"]) == 10


def test_remembered_devices_are_forgotten(api: Api, ada: str) -> None:
    app = set_up(api, ada)
    token = sign_in(api, app.code(1), remember_device=True).body["remembered_device"]
    assert "access" in api.login(ADA, remembered_device=token).body
    assert api.send("DELETE", "mfa/remembered-devices", ada).status == 204
    assert "mfa" in api.login(ADA, remembered_device=token).body
    assert api.send("DELETE", "mfa/remembered-devices", ada).status == 204


def test_what_guards_the_account_wants_the_factor_from_a_session_of_before(api: Api, ada: str) -> None:
    app = enrol(User.objects.get())
    for method, path in (("POST", "mfa/totp"), ("DELETE", "mfa/totp"), ("POST", "mfa/recovery-codes")):
        assert api.send(method, path, ada).code == "reauthentication_required", path
    assert api.send("POST", "reauthenticate", ada, {"password": PASSWORD}).status == 400
    fresh = api.send("POST", "reauthenticate", ada, {"method": "totp", "code": app.code()}).body["access"]
    assert api.send("DELETE", "mfa/totp", fresh).status == 204


def test_an_app_that_is_used_outlives_the_key_that_sealed_its_seed(api: Api, inbox: Inbox) -> None:
    """A seed is sealed anew when it is used; a digest of a recovery code is not (docs/deploy.md)."""
    api.account(inbox, ADA)
    used, newer = enrol(User.objects.get(email=ADA)), "a newer secret key that is long enough"
    with configured(SECRET_KEY=newer, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert sign_in(api, used.recovery_codes[0], "recovery_code").status == 200
        assert sign_in(api, used.code()).status == 200
    with configured(SECRET_KEY=newer):
        assert sign_in(api, used.code(1)).status == 200
        assert sign_in(api, used.recovery_codes[1], "recovery_code").code == "mfa_invalid"


def test_an_app_that_is_not_used_ends_with_the_key_that_sealed_its_seed(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    app = enrol(User.objects.get(email=ADA))
    with configured(SECRET_KEY="a newer secret key that is long enough"):
        assert sign_in(api, app.code()).code == "mfa_invalid"
