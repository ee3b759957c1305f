"""HOL-01, HOL-02, HOL-04: which address counts most, whatever was changed there and back; where the way back goes."""

from tests.attacks.takeover import ENDINGS, Takeover
from tests.world import PASSWORD
from vestibule.accounts.models import Status, User


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


def test_hol_04_a_closing_is_told_at_the_address_that_counts_most(game: Takeover) -> None:
    """The account began with the owner's number; the thief adds an address, and closes it."""
    began = User.objects.get().email_verified_at
    User.objects.update(email=None, email_verified_at=None, phone_number=game.number, phone_verified_at=began)
    game.passwords = [PASSWORD]
    game.move_to_b()
    game.close()
    user = User.objects.get()
    assert (user.email, user.status) == (game.b, Status.SUSPENDED)
    assert not game.posts(game.b, "account/undo")
    [keep] = game.posts(game.number, "account/undo")
    assert game.api.post(ENDINGS["account/undo"], {"token": keep.token}).status == 204
    assert User.objects.get().status == Status.ACTIVE
