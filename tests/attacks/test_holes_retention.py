"""HOL-20, HOL-28, HOL-34: strangers leave counts and no rows, what nobody owns goes, and what is shut stays shut."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from time_machine import travel

from tests.attacks.allowances import stranger
from tests.configured import configured
from tests.pictures import picture, upload
from tests.world import PASSWORD, Api, Inbox, Pages
from vestibule.accounts import pictures
from vestibule.accounts.identifiers import LoginName
from vestibule.accounts.models import Profile, User
from vestibule.audit import daily_counts
from vestibule.audit.models import AuditEvent, DayTally
from vestibule.flows.account import personal_data
from vestibule.flows.sign_in import by_password
from vestibule.limits import ledger, password_attempts
from vestibule.limits.guess_budget import WRONG_CODES
from vestibule.limits.models import Tally
from vestibule.service.worker import schedule

pytestmark = pytest.mark.usefixtures("house")

ADA = "ada@example.com"
SWEEPS = {each.kind: each for each in schedule.list_sweeps()}
MADE_UP = "A" * 60

STRANGERS = {
    "token/refresh": lambda api: api.post("token/refresh", {"refresh": MADE_UP}),
    "logout": lambda api: api.post("logout", {"refresh": MADE_UP}),
    "register/status": lambda api: api.post("register/status", {"registration": MADE_UP}),
    "register/resend": lambda api: api.resend(MADE_UP),
    "register/confirm": lambda api: api.confirm(MADE_UP, "123456"),
    "register/redirect": lambda api: api.post("register/redirect", {"registration": MADE_UP, "email": ADA}),
    "verify-email": lambda api: api.post("verify-email", {"token": MADE_UP, "password": PASSWORD}),
    "verify-email/reject": lambda api: api.post("verify-email/reject", {"token": MADE_UP}),
    "password/reset/confirm": lambda api: api.post("password/reset/confirm", {"token": MADE_UP, "password": PASSWORD}),
    "email/change/undo": lambda api: api.post("email/change/undo", {"token": MADE_UP}),
    "sessions/disown": lambda api: api.post("sessions/disown", {"token": MADE_UP}),
    "me/keep": lambda api: api.post("me/keep", {"token": MADE_UP}),
}


@pytest.mark.parametrize("path", STRANGERS)
def test_hol_20_what_a_stranger_makes_up_is_counted_and_leaves_no_row(path: str, api: Api) -> None:
    with travel(timezone.now(), tick=False):
        replies = [STRANGERS[path](api) for _ in range(5)]
    assert {reply.status for reply in replies} <= {400, 401, 410}
    assert not AuditEvent.objects.exists()
    assert not Tally.objects.exists()
    daily_counts.daily_counter.flush()
    [row] = DayTally.objects.all()
    assert row.name.endswith(".refused")
    assert (row.code, row.count) == (replies[0].code, 5)


def test_hol_20_nor_by_page(house: None) -> None:
    pages = Pages()
    for path in ("/not-me/", "/email/undo/", "/account/undo/"):
        assert pages._post(path, {"token": MADE_UP}).status < 500
    pages.confirm(MADE_UP, "123456")
    assert not AuditEvent.objects.exists()


def test_hol_20_a_wrong_password_has_its_row(api: Api, inbox: Inbox) -> None:
    """ENUM-01: one each, whoever the name belongs to; the rate of sign-ins bounds them."""
    api.account(inbox, ADA)
    before = AuditEvent.objects.count()
    for name in (ADA, "nobody@example.com"):
        api.login(name, "not this password")
    assert AuditEvent.objects.count() == before + 2
    assert AuditEvent.objects.filter(name="sign_in.sign_in.refused", code="invalid_credentials").count() == 2


def test_hol_20_the_counts_of_random_names_are_swept(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    with travel(timezone.now() - timedelta(days=91)):
        for number in range(10):
            api.login(f"random{number}@example.com", "not this password")
        assert Tally.objects.filter(streak__gt=0).exists()
    now = timezone.now()
    for kind in ("tallies", "runs of failures"):
        schedule.erase_stale(SWEEPS[kind], now)
    assert not Tally.objects.filter(scope__startswith="passwords").exists()


def test_hol_20_a_run_that_came_to_its_end_is_not_forgotten() -> None:
    before = timezone.now() - timedelta(days=400)
    for number in range(ledger.MOST_IN_A_ROW):
        ledger.spend("codes", b"a" * 32, before + timedelta(days=number), WRONG_CODES)
    schedule.erase_stale(SWEEPS["runs of failures"], timezone.now())
    assert ledger.seconds_until_free("codes", b"a" * 32, timezone.now(), WRONG_CODES) > 0


def stored() -> set[str]:
    return {f"pictures/{name}" for name in default_storage.listdir("pictures")[1]}


def test_hol_28_orphans_are_swept_from_the_storage_and_nothing_that_is_somebodys(api: Api, inbox: Inbox) -> None:
    access = api.account(inbox, ADA)
    before = stored() if default_storage.exists("pictures") else set()
    with travel(timezone.now() - timedelta(days=2)):
        orphans = {pictures.store_picture(b"left behind") for _ in range(3)}
    assert upload(api, access, picture()).status == 200
    owned = Profile.objects.exclude(picture="").get().picture
    sweep = SWEEPS["pictures of nobody"]
    later = timezone.now() + timedelta(days=2)
    young = timezone.now() - timedelta(minutes=5)
    assert not [
        name for name in pictures.list_orphaned_pictures(young, 100) if name in orphans | {owned}
    ]  # may be in an upload
    assert sweep.count(later) >= 3
    assert schedule.erase_stale(sweep, later) >= 3
    assert stored() - before == {owned}
    assert schedule.erase_stale(sweep, later) == 0
    User.objects.update(closes_at=timezone.now() - timedelta(seconds=1))
    assert personal_data.erase_due_accounts(timezone.now(), 10) == 1
    default_storage.save(owned, ContentFile(b"still there"))  # the erasure was interrupted before its last step
    assert schedule.erase_stale(sweep, later) == 1
    assert owned not in stored()


def test_hol_34_a_password_that_was_disabled_stays_so_under_another_secret_key(api: Api, inbox: Inbox) -> None:
    api.account(inbox, ADA)
    user = User.objects.get(email=ADA)
    with travel(timezone.now() - timedelta(days=30), tick=False) as clock:
        for _ in range(password_attempts.MOST_IN_A_ROW - 1):
            clock.shift(3601)
            password_attempts.count_attempt(
                by_password.counted_account(user, LoginName.parse_any(ADA)), timezone.now()
            )  # as each failure does
        clock.shift(3601)
        assert stranger(1).login(ADA, "not this password").status == 401
        assert any("disabled" in post.subject for post in inbox.all(ADA))
    with configured(SECRET_KEY="quite another secret key that is long enough to be one"):
        Tally.objects.all().delete()  # nothing that an older key counted is found
        assert api.login(ADA).code == "invalid_credentials"
        api.post("password/reset", {"email": ADA})
        token = inbox.newest(ADA).token
        assert api.post("password/reset/confirm", {"token": token, "password": "another password"}).status == 204
        assert api.login(ADA, "another password").status == 200
    assert User.objects.get(pk=user.pk).password != user.password
