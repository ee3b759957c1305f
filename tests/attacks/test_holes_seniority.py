"""HOL-01, HOL-02, HOL-04: which address counts most, whatever was changed there and back; where the way back goes."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from tests.attacks.allowances import stranger
from tests.attacks.takeover import ENDINGS, Takeover
from tests.configured import configured
from tests.event_fakes import GOOGLE_ENDS, GoogleFake
from tests.factors import Authenticator, enrol
from tests.passkeys import SoftAuthenticator, add_passkey
from tests.providers import OpenIdFake
from tests.social import coming_from, enter
from tests.world import PASSWORD, Api, Http
from vestibule.accounts.models import Status, User
from vestibule.addresses.address import restore_address
from vestibule.courier.message_kind import Cause
from vestibule.courier.messages import KINDS
from vestibule.courier.models import Message
from vestibule.factors.models import FactorReset
from vestibule.flows.recovery.factor_reset import carry_out_due_resets


def there_and_back(game: Takeover) -> None:
    """The owner moves to another mailbox of theirs, and back again."""
    for address in ("elsewhere@example.com", game.home):
        game.sessions.append(str(game.api.login(User.objects.get().email or "").body["access"]))
        game.ask_email(address)
        assert [reply.status for reply in game.type_codes()] == [200]


def test_hol_02_an_address_that_comes_back_counts_as_before(game: Takeover) -> None:
    """The number was proved while the owner's address had the account, and before it came back."""
    game.prove_number()
    there_and_back(game)
    game.ask_resets()
    game.use_resets()
    assert User.objects.get().email == game.home
    assert game.owner_resets().status == 204
    assert User.objects.get().phone_number is None
    game.owner_is_alone_inside()


def test_hol_01_an_undo_from_an_address_that_came_back_removes_the_number(game: Takeover) -> None:
    game.prove_number()
    there_and_back(game)
    [undo] = game.posts(game.home, "email/undo")
    assert game.api.post(ENDINGS["email/undo"], {"token": undo.token}).status == 204
    assert User.objects.get().phone_number is None


def begin_with_a_number(game: Takeover) -> None:
    """The account began with the owner's number; the thief adds an address."""
    began = User.objects.get().email_verified_at
    User.objects.update(email=None, email_verified_at=None, phone_number=game.number, phone_verified_at=began)
    game.passwords = [PASSWORD]
    game.move_to_b()


def renumber(game: Takeover) -> None:
    """Another number of the thief's in the place of the owner's."""
    game.call("POST", "phone/change", {"phone_number": "+14155550199", "password": PASSWORD})
    game.pending.append(("phone/change/confirm", game.read("+14155550199")[0].code))
    game.type_codes()


def go_on_elsewhere(game: Takeover) -> None:
    """A refresh token is used by another kind of client from another network."""
    tokens = Api(Http(REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Shop/2.0")).login(game.b).body
    thief = Api(Http(REMOTE_ADDR="198.51.100.7", HTTP_USER_AGENT="curl/8.9.1"))
    assert thief.post("token/refresh", {"refresh": tokens["refresh"]}).status == 200


def use_recovery_code(game: Takeover) -> None:
    """The thief's own: they had enrolled a second factor."""
    code = enrol(User.objects.get()).recovery_codes[0]
    mfa = stranger(1).login(game.b).body["mfa"]
    assert game.api.post("login/mfa", {"mfa": mfa, "method": "recovery_code", "code": code}).status == 200


def fail_factor(game: Takeover) -> None:
    """Somebody who knows the password gives five wrong codes."""
    enrol(User.objects.get())
    entered = stranger(1)
    mfa = entered.login(game.b).body["mfa"]
    answers = [entered.post("login/mfa", {"mfa": mfa, "method": "totp", "code": "000000"}).code for _ in range(5)]
    assert answers[-1] == "otp_exhausted"


def ask_factors(game: Takeover, method: str, path: str) -> None:
    """Of a thief who has enrolled a second factor and proved it."""
    app = enrol(User.objects.get())
    entered = stranger(1)
    proof = {"mfa": entered.login(game.b).body["mfa"], "method": "totp", "code": app.code()}
    access = entered.post("login/mfa", proof).body["access"]
    assert entered.send(method, path, access).status in (200, 204)


def reset_factors(game: Takeover) -> None:
    """The thief talked the staff into it."""
    user, now = User.objects.get(), timezone.now()
    enrol(user)
    FactorReset.objects.create(user=user, created_at=now, due_at=now)
    assert carry_out_due_resets(now, 10) == 1


def add_app(game: Takeover) -> None:
    seed = game.call("POST", "mfa/totp", {}).body["secret"]
    code = Authenticator(seed, []).code()
    assert game.call("POST", "mfa/totp/confirm", {"code": code}).status == 200


def make_passkey(game: Takeover) -> str:
    """In the thief's session."""
    made = add_passkey(game.api, game.sessions[-1], SoftAuthenticator())
    assert made.status == 201
    return str(made.body["id"])


def remove_passkey(game: Takeover) -> None:
    assert game.call("DELETE", f"passkeys/{make_passkey(game)}", {}).status == 204


def make_key(game: Takeover) -> str:
    """For a program of the thief's."""
    return str(game.call("POST", "keys", {"name": "Script"}).body["id"])


def remove_key(game: Takeover) -> None:
    assert game.call("DELETE", f"keys/{make_key(game)}", {}).status == 204


def remove_password(game: Takeover) -> None:
    """Where an account may have none."""
    with configured(PASSWORDS="optional"):
        assert game.api.send("DELETE", "password", game.sessions[0]).status == 204


def link_identity(game: Takeover) -> str:
    """The thief's own, at a provider."""
    fake = OpenIdFake()
    with coming_from(fake):
        game.sessions.append(str(game.api.login(game.b).body["access"]))
        visit = enter(game.api, fake, "link", game.sessions[-1])
        linked = game.api.send("POST", "me/identities", game.sessions[-1], visit)
    assert linked.status == 201
    return str(linked.body["id"])


def unlink_identity(game: Takeover) -> None:
    path = f"me/identities/{link_identity(game)}"
    assert game.api.send("DELETE", path, game.sessions[-1]).status == 204


def revoke_identity(game: Takeover) -> None:
    """The thief's provider says that their account there was broken into."""
    fake = GoogleFake()
    with coming_from(fake):
        visit = enter(game.api, fake, "link", game.sessions[-1])
        assert game.api.send("POST", "me/identities", game.sessions[-1], visit).status == 201
        assert fake.push(game.api, fake.event_token(GOOGLE_ENDS[0])).status_code == 202


ACTS: dict[str, Callable[[Takeover], object]] = {
    "new_sign_in": lambda game: stranger(1).login(game.b),
    "password_changed": Takeover.change_password,
    "password_removed": remove_password,
    "phone_changed": renumber,
    "phone_removed": Takeover.remove_number,
    "account_closing": Takeover.close,
    "session_elsewhere": go_on_elsewhere,
    "recovery_code_used": use_recovery_code,
    "second_factor_trouble": fail_factor,
    "passkey_added": make_passkey,
    "passkey_removed": remove_passkey,
    "identity_linked": link_identity,
    "identity_unlinked": unlink_identity,
    "identity_revoked": revoke_identity,
    "api_key_created": make_key,
    "api_key_removed": remove_key,
    "totp_added": add_app,
    "totp_removed": lambda game: ask_factors(game, "DELETE", "mfa/totp"),
    "factors_reset": reset_factors,
    "recovery_codes_replaced": lambda game: ask_factors(game, "POST", "mfa/recovery-codes"),
}


def test_hol_01_every_message_with_a_way_back_has_its_act_here() -> None:
    """But for those that go where there is no question: to the address that was left, to nobody's, to every one."""
    ways_back = {kind.name for kind in KINDS.values() if kind.cause is Cause.ACCOUNT_WITH_UNDO}
    assert ways_back == ACTS.keys() | {"email_changed", "admin_invitation", "factor_reset_ordered"}


@pytest.mark.parametrize("kind", ACTS)
def test_hol_01_a_way_back_goes_to_the_address_that_counts_most(game: Takeover, kind: str) -> None:
    begin_with_a_number(game)
    game.read(game.number)
    ACTS[kind](game)
    told = Message.objects.filter(kind=kind).order_by("created_at").last()
    assert told
    assert told.recipient == restore_address(game.number).digest
    page = "account/undo" if kind == "account_closing" else "not-me"
    assert game.api.post(ENDINGS[page], {"token": game.posts(game.number, page)[0].token}).status == 204


def test_hol_04_a_closing_is_told_at_the_address_that_counts_most(game: Takeover) -> None:
    begin_with_a_number(game)
    game.close()
    user = User.objects.get()
    assert (user.email, user.status) == (game.b, Status.SUSPENDED)
    assert not game.posts(game.b, "account/undo")
    [keep] = game.posts(game.number, "account/undo")
    assert game.api.post(ENDINGS["account/undo"], {"token": keep.token}).status == 204
    assert User.objects.get().status == Status.ACTIVE
