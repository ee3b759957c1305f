"""HOL-28: of pictures that are sent at once, the one that the profile names is left in the storage, and no other."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from tests.contracts.stores import at_once
from tests.interleaving import interleaved, transaction
from tests.pictures import picture, upload
from tests.world import Api, Reply
from vestibule.accounts.models import Profile

ACT = 'FROM "vestibule_user"'


@pytest.fixture
def ada(ada: str) -> str:
    """An account, and none of the pictures that others left."""
    for name in stored():
        default_storage.delete(name)
    return ada


def put(access: str) -> Reply:
    return upload(Api(), access, picture())


def remove(access: str) -> Reply:
    return Api().send("DELETE", "me/picture", access)


def stored() -> list[str]:
    if not default_storage.exists("pictures"):
        return []
    return [str(Path("pictures") / name) for name in default_storage.listdir("pictures")[1]]


def named() -> list[str]:
    return [name for name in Profile.objects.values_list("picture", flat=True) if name]


def test_hol_28_twelve_at_once_leave_one(ada: str) -> None:
    statuses = {reply.status for reply in at_once(lambda _: put(ada), 12)}
    assert statuses <= {200, 503}
    assert 200 in statuses
    assert stored() == named()
    assert len(named()) == 1


@pytest.mark.parametrize(("later", "left"), [(put, 1), (remove, 0)], ids=["uploaded", "removed"])
@pytest.mark.parametrize("first", [put, remove], ids=["after an upload", "after a removal"])
def test_hol_28_what_comes_between_is_erased(
    ada: str, first: Callable[[str], Reply], later: Callable[[str], Reply], left: int
) -> None:
    """The later one has looked at the profile already when the other one is done."""
    put(ada)
    replies = interleaved(
        partial(later, ada),
        transaction(after=ACT if later is put else 'FROM "vestibule_session"'),
        partial(first, ada),
    )
    assert {reply.status for reply in replies} <= {200, 204}
    assert stored() == named()
    assert len(named()) == left


def test_hol_28_a_picture_for_an_account_that_closed_meanwhile_is_not_kept(ada: str) -> None:
    closing = partial(Api().send, "DELETE", "me", ada)
    late, closed = interleaved(partial(put, ada), transaction(after=ACT), closing)
    assert (closed.status, late.status, late.code) == (204, 401, "session_revoked")
    assert stored() == named() == []
