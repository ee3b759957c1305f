"""HOL-01, HOL-02, HOL-04: a recovery that recovers, by API and by page; and what stands beside each."""

import pytest

from tests.attacks.takeover import CHOSEN, ENDINGS, Takeover
from tests.desk import WHY, ApiDesk, account, given
from tests.world import PASSWORD, Api, Http, Inbox
from vestibule.accounts.models import FormerAddress, Status, User
from vestibule.challenges.configured_engine import challenges
from vestibule.challenges.policy import Purpose
from vestibule.challenges.store import Challenge, State
from vestibule.flows.recovery import account_recovery

BOSS = "boss@example.com"


@pytest.fixture(params=["api", "pages"])
def press(request: pytest.FixtureRequest) -> "Press":
    """The button of a mail's link, at either door."""
    return Press(request.param)


class Press:
    """Follow a link of a mail, and press its button."""

    def __init__(self, door: str) -> None:
        self.door = door

    def __call__(self, page: str, token: str) -> bool:
        """Whether it was done."""
        if self.door == "api":
            return Api().post(ENDINGS[page], {"token": token}).status == 204
        return Http().post(f"/{page}/", {"token": token}).status_code == 200


def me() -> User:
    """The account."""
    return User.objects.get(email__contains="ada")


def test_hol_01_undo_links_do_not_outlive_a_recovery(game: Takeover, press: Press) -> None:
    """PRE-04."""
    game.move_to_b()
    game.move_to_c()
    [at_home], [at_b] = game.posts(game.home, "email/undo"), game.posts(game.b, "email/undo")
    assert press("email/undo", at_home.token)
    assert game.owner_resets().status == 204
    assert not press("email/undo", at_b.token)
    assert not press("email/undo", at_home.token)
    game.owner_is_alone_inside()
    assert not FormerAddress.objects.exists()


def test_hol_01_what_a_thief_undoes_is_undone_from_the_first_address(game: Takeover, press: Press) -> None:
    game.move_to_b()
    game.move_to_c()
    [at_home], [at_b] = game.posts(game.home, "email/undo"), game.posts(game.b, "email/undo")
    assert press("email/undo", at_b.token)
    game.use_resets()
    game.sign_in()
    assert me_at(game.b)
    assert press("email/undo", at_home.token)
    assert game.owner_resets().status == 204
    game.owner_is_alone_inside()


def test_hol_01_an_old_not_me_disables_no_new_password(game: Takeover, press: Press) -> None:
    game.api.http.defaults["REMOTE_ADDR"] = "203.0.113.9"
    game.sign_in()
    [not_me] = game.posts(game.home, "not-me")
    assert game.owner_resets().status == 204
    assert not press("not-me", not_me.token)
    assert game.api.login(game.home, CHOSEN).status == 200


def test_hol_01_not_me_puts_the_address_back_that_it_went_to(game: Takeover, press: Press) -> None:
    game.api.http.defaults["REMOTE_ADDR"] = "203.0.113.9"
    game.sign_in()
    game.move_to_b()
    game.change_password()
    [not_me] = game.posts(game.home, "not-me")
    assert press("not-me", not_me.token)
    assert game.owner_resets().status == 204
    game.owner_is_alone_inside()


def test_hol_01_it_needs_no_word_to_the_store(game: Takeover, press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies after the commit, or the store does: the database alone decides."""
    game.move_to_b()
    game.move_to_c()
    [at_home], [at_b] = game.posts(game.home, "email/undo"), game.posts(game.b, "email/undo")
    with monkeypatch.context() as without:
        without.setattr(account_recovery, "retire_dead_challenges", lambda *_: None)
        assert press("email/undo", at_home.token)
        assert game.owner_resets().status == 204
    assert any(seen.state is State.WAITING for seen in kept(Purpose.EMAIL_UNDO))
    assert not press("email/undo", at_b.token)
    game.owner_is_alone_inside()


def test_hol_02_a_number_proved_in_a_stolen_session_recovers_nothing(game: Takeover) -> None:
    """PRE-03."""
    game.prove_number()
    assert me().phone_verified_at
    assert game.owner_resets().status == 204
    assert (me().phone_number, me().phone_verified_at) == (None, None)
    assert any("number was removed" in post.subject for post in game.read(game.home))
    game.owner_is_alone_inside()


def test_hol_02_a_proved_number_is_removed_by_step_up(game: Takeover) -> None:
    game.prove_number()
    other = str(game.api.login(game.home).body["access"])
    access = game.sessions[0]
    game.wait(601)
    refused = game.api.send("PATCH", "me", access, {"phone_number": None})
    assert (refused.status, refused.code) == (403, "reauthentication_required")
    fresh = str(game.api.send("POST", "reauthenticate", access, {"password": PASSWORD}).body["access"])
    assert game.api.send("PATCH", "me", access, {"phone_number": None}).code == "reauthentication_required"
    removed = game.api.send("PATCH", "me", fresh, {"phone_number": ""})
    assert (removed.status, removed.body["phone_number"], removed.body["phone_verified"]) == (200, None, False)
    assert game.api.send("GET", "me", other).code == "session_revoked"
    assert any("number was removed" in post.subject for post in game.read(game.home))
    assert game.api.post("login", {"phone_number": game.number, "password": PASSWORD}).code == "invalid_credentials"


def test_hol_02_the_last_way_in_stays(game: Takeover) -> None:
    game.prove_number()
    User.objects.update(email=None, email_verified_at=None)
    refused = game.api.send("PATCH", "me", game.sessions[0], {"phone_number": None})
    assert (refused.status, refused.code) == (409, "last_way_in")
    assert User.objects.get().phone_number == game.number


def test_hol_02_by_page(game: Takeover) -> None:
    game.prove_number()
    browser = Http()
    browser.post("/login/", {"name": game.home, "password": PASSWORD})
    act = {"act": "phone_remove"}
    assert "Remove the number" in browser.get("/account/security/phone/").content.decode()
    game.wait(601)
    assert "Confirm that it is you" in browser.post("/account/security/", act).content.decode()
    assert me().phone_number == game.number
    browser.post("/account/confirm/", {"password": PASSWORD, "back": "/account/security/"})
    assert browser.post("/account/security/", act)["Location"] == "/account/security/?done=phone_remove"
    assert me().phone_number is None


def test_hol_02_an_address_added_to_a_number_counts_less_than_the_number(game: Takeover) -> None:
    """The other way round: the account began with the number, and its owner has that alone."""
    user = me()
    User.objects.update(
        email=None, email_verified_at=None, phone_number=game.number, phone_verified_at=user.email_verified_at
    )
    game.passwords = [PASSWORD]
    game.move_to_b()
    assert me_at(game.b)
    game.api.send("PATCH", "me", game.sessions[0], {"phone_number": None})
    told = next(post for post in game.read(game.number) if "/not-me/?token=" in post.text)
    assert Press("api")("not-me", told.token)
    user.refresh_from_db()
    assert (user.email, user.phone_number) == (None, game.number)


def test_hol_04_an_undo_ends_the_closing(game: Takeover, press: Press) -> None:
    game.move_to_b()
    game.close()
    [keep] = game.posts(game.b, "account/undo")
    [undo] = game.posts(game.home, "email/undo")
    assert press("email/undo", undo.token)
    assert (me().status, me().closes_at, me().own_closing) == (Status.ACTIVE, None, False)
    assert game.posts(game.home, "password/reset/confirm")
    assert game.owner_resets().status == 204
    assert not press("account/undo", keep.token)
    game.owner_is_alone_inside()


def test_hol_04_the_reset_goes_whatever_a_stranger_asked_for(game: Takeover, press: Press) -> None:
    game.move_to_b()
    [undo] = game.posts(game.home, "email/undo")
    game.api.post("password/reset", {"email": game.home})  # nobody's: it counts all the same
    assert press("email/undo", undo.token)
    [reset] = game.posts(game.home, "password/reset/confirm")
    chosen = game.api.post("password/reset/confirm", {"token": reset.token, "password": CHOSEN})
    assert chosen.status == 204
    game.owner_is_alone_inside()


@pytest.mark.parametrize("act", ["suspend", "close"])
def test_hol_04_what_the_staff_decide_no_link_takes_back(
    api: Api, inbox: Inbox, game: Takeover, press: Press, act: str
) -> None:
    account(api, inbox, BOSS)
    given(BOSS, "admin")
    desk = ApiDesk(BOSS)
    game.move_to_b()
    game.close()
    [keep] = game.posts(game.b, "account/undo")
    user = User.objects.get(email=game.b)
    assert desk.act(user, act).status == 200
    assert not press("account/undo", keep.token)
    [undo] = game.posts(game.home, "email/undo")
    assert press("email/undo", undo.token)
    user.refresh_from_db()
    assert (user.email, user.status, user.closes_at is None) == (game.home, Status.SUSPENDED, act == "suspend")
    assert "suspended" in game.read(game.home)[0].subject
    assert not game.posts(game.home, "password/reset/confirm")
    assert desk.act(user, "reactivate", WHY).status == 200
    assert game.owner_resets().status == 204
    game.owner_is_alone_inside()


def test_otp_18_a_reset_to_the_former_address_opens_nothing(game: Takeover) -> None:
    """M32: by link and by code, though the database store is never told."""
    game.api.post("password/reset", {"email": game.home})
    post = game.read(game.home)[0]
    game.move_to_b()
    for proof in ({"token": post.token}, {"email": game.home, "otp": post.code}):
        reply = game.api.post("password/reset/confirm", {**proof, "password": CHOSEN})
        assert reply.status == 410
    assert User.objects.get(email=game.b).check_password(PASSWORD)


def test_otp_18_a_number_s_reset_dies_with_a_reset_by_mail(game: Takeover) -> None:
    game.prove_number()
    game.ask_resets()
    assert game.owner_resets().status == 204
    assert {reply.status for reply in game.use_resets()} <= {400, 410}
    game.owner_is_alone_inside()


def test_pre_04_codes_that_wait_in_a_stolen_session(game: Takeover) -> None:
    game.ask_email(game.b)
    game.ask_number()
    assert game.owner_resets().status == 204
    assert [reply.status for reply in game.type_codes()] == [401, 401]
    game.owner_is_alone_inside()


def test_abu_11_forgot_changes_nothing_by_itself(game: Takeover) -> None:
    signed_in = game.api.login(game.home).body
    before = User.objects.values().get()
    for _ in range(20):
        game.wait(61)
        game.api.post("password/reset", {"email": game.home})
    assert User.objects.values().get() == before
    assert game.api.login(game.home).status == 200
    assert game.api.post("token/refresh", {"refresh": signed_in["refresh"]}).status == 200


def test_hol_31_a_change_of_address_or_number_ends_every_other_session(game: Takeover) -> None:
    for change in (game.move_to_b, game.prove_number, game.change_password):
        other = str(game.api.login(User.objects.get().email or "").body["access"])
        game.sessions.append(str(game.api.login(User.objects.get().email or "").body["access"]))
        change()
        assert game.api.send("GET", "me", other).code == "session_revoked"
        assert game.api.send("GET", "me", game.sessions[-1]).status == 200


def test_every_purpose_says_what_a_recovery_does_with_it() -> None:
    """Of every table the same is held by tests/stories/test_personal_data.py."""
    purposes = (
        account_recovery.PERSON_PURPOSES,
        account_recovery.ADDRESS_PURPOSES,
        account_recovery.ACCOUNTLESS_PURPOSES,
    )
    assert frozenset().union(*purposes) == set(Purpose)
    assert sum(map(len, purposes)) == len(Purpose)
    # Names that somebody could sign in or recover by: one more has to be removed by a recovery, too.
    proofs = {field.name for field in User._meta.get_fields() if field.name.endswith("_verified_at")}
    assert proofs == {"email_verified_at", "phone_verified_at"}


def kept(purpose: Purpose) -> list[Challenge]:
    """What the store holds of the account."""
    return challenges.list_for_person(purpose, User.objects.get().pk)


def me_at(address: str) -> bool:
    """Whether the account is there."""
    return User.objects.filter(email=address).exists()
