"""MFA-04, MFA-09: what a thief in a session, and a thief of the mailbox, can do to second factors, and the owner
against it."""

from collections.abc import Callable

import pytest
from time_machine import Traveller

from tests.attacks.factor_moves import sign_in
from tests.attacks.takeover import CHOSEN, ENDINGS, Takeover
from tests.factors import Authenticator
from tests.world import Api
from vestibule.audit.models import AuditEvent
from vestibule.factors.models import RecoveryCode, RememberedDevice, Totp
from vestibule.sessions.models import Session

HOUR = 3600


def enrol_as_thief(game: Takeover, *, waiting_hours: int = 0) -> Authenticator:
    """By the session that the thief sits in; they may let the seed wait."""
    app = Authenticator(game.call("POST", "mfa/totp", {}).body["secret"], [])
    if waiting_hours:
        game.wait(waiting_hours * HOUR)
        game.sign_in()
    told = game.call("POST", "mfa/totp/confirm", {"code": app.code()})
    assert told.status == 200
    app.recovery_codes = told.body["recovery_codes"]
    return app


@pytest.mark.parametrize("waiting_hours", [0, 100])
def test_mfa_09_the_owner_removes_the_app_of_a_thief_by_this_was_not_me(game: Takeover, waiting_hours: int) -> None:
    """MFA-09, HOL-01: also one whose seed was made long before it was confirmed. The link came with the news of it."""
    enrol_as_thief(game, waiting_hours=waiting_hours)
    [told] = [post for post in game.posts(game.home, "not-me") if "authenticator app was added" in post.subject]
    assert game.api.post(ENDINGS["not-me"], {"token": told.token}).status == 204
    assert not any(model.objects.exists() for model in (Totp, RecoveryCode, RememberedDevice))
    assert AuditEvent.objects.filter(name="factors.removed").count() == 1
    assert not Session.objects.filter(revoked_at=None).exists()
    assert game.owner_resets().status == 204
    game.owner_is_alone_inside()


def test_mfa_09_three_days_are_enough_to_say_so(game: Takeover, clock: Traveller) -> None:
    """The link of the mail lives as long as what it takes back."""
    enrol_as_thief(game)
    [told] = [post for post in game.posts(game.home, "not-me") if "authenticator app was added" in post.subject]
    clock.shift(72 * HOUR - 60)
    assert game.api.post(ENDINGS["not-me"], {"token": told.token}).status == 204
    assert not Totp.objects.exists()


def owner_enrols(game: Takeover) -> Authenticator:
    """The owner's own app, by their own session."""
    app = Authenticator(game.api.send("POST", "mfa/totp", game.sessions[0]).body["secret"], [])
    told = game.api.send("POST", "mfa/totp/confirm", game.sessions[0], {"code": app.code()})
    app.recovery_codes = told.body["recovery_codes"]
    return app


def press_not_me(game: Takeover) -> None:
    """The newest one that came: of a sign-in."""
    assert game.owner_presses("not-me")[0].status == 204


def press_email_undo(game: Takeover) -> None:
    """Of a change of address that the owner made."""
    assert game.owner_presses("email/undo")[0].status == 204


def reset(game: Takeover) -> None:
    """A forgotten password."""
    assert game.owner_resets().status == 204


def sign_in_elsewhere(game: Takeover, app: Authenticator) -> str:
    """The owner from another device, which is told to the mailbox."""
    away = Api(type(game.api.http)(REMOTE_ADDR="198.51.100.7"))
    return str(sign_in(away, app.code(), email=game.home).body["access"])


def move_away(game: Takeover, app: Authenticator) -> None:
    """The owner changes the address; the old mailbox is told."""
    access = sign_in_elsewhere(game, app)
    game.sessions.append(access)
    game.ask_email("elsewhere@example.com")
    assert [reply.status for reply in game.type_codes()] == [200]


LINKS: dict[str, tuple[Callable[[Takeover, Authenticator], object], Callable[[Takeover], None]]] = {
    "not-me": (sign_in_elsewhere, press_not_me),
    "email undo": (move_away, press_email_undo),
    "reset": (lambda game, app: None, reset),
}


@pytest.mark.parametrize("link", LINKS)
def test_mfa_04_a_mailbox_alone_strips_no_app_that_is_three_days_old(
    game: Takeover, clock: Traveller, link: str
) -> None:
    """MFA-04: by no link that can come to it; and the password that is chosen then opens nothing."""
    cause, press = LINKS[link]
    app = owner_enrols(game)
    kept = list(Totp.objects.values("pk")), list(RecoveryCode.objects.values("pk"))
    clock.shift(73 * HOUR)
    cause(game, app)
    press(game)
    assert (list(Totp.objects.values("pk")), list(RecoveryCode.objects.values("pk"))) == kept
    assert not AuditEvent.objects.filter(name="factors.removed").exists()
    game.wait(61)
    game.owner_resets()
    asked = game.api.login(game.home, CHOSEN)
    assert asked.body["mfa_required"] is True
    assert not Session.objects.filter(revoked_at=None).exists()


def test_mfa_04_an_older_link_takes_nothing_of_what_came_before_its_time(game: Takeover, clock: Traveller) -> None:
    """The link of a sign-in is two days old when it is pressed; the app was added four days before that sign-in."""
    app = owner_enrols(game)
    clock.shift(96 * HOUR)
    sign_in_elsewhere(game, app)
    game.read(game.home)
    clock.shift(48 * HOUR)
    press_not_me(game)
    assert Totp.objects.count() == 1


def test_mfa_09_whoever_removes_a_factor_is_told_of(game: Takeover) -> None:
    """MFA-09: with the way back, at the address that counts most; and every other session is over."""
    app = owner_enrols(game)
    game.wait(30)
    thief = sign_in(game.api, app.code(), email=game.home).body["access"]
    assert game.api.send("DELETE", "mfa/totp", thief).status == 204
    assert game.api.send("GET", "me", game.sessions[0]).code == "session_revoked"
    told = [post.subject.partition(" · ")[0] for post in game.posts(game.home, "not-me")]
    assert "Your authenticator app was removed" in told
    press_not_me(game)
    assert game.api.send("GET", "me", thief).code == "session_revoked"
