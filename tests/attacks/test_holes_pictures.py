"""HOL-28: of pictures that are sent at once, the one that the profile names is left in the storage, and no other."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from tests.contracts.stores import at_once
from tests.interleaving import interleaved, transaction
from tests.world import Api, Inbox, Reply
from vestibule.accounts.models import Profile

ADA = "ada@example.com"
ACT = 'FROM "vestibule_user"'


@pytest.fixture
def ada(api: Api, inbox: Inbox) -> str:
    """An account, and none of the pictures that others left; the access token of its session."""
    for name in stored():
        default_storage.delete(name)
    return api.account(inbox, ADA)


def upload(access: str, color: str = "red") -> Reply:
    output = BytesIO()
    Image.new("RGB", (8, 8), color).save(output, "PNG")
    answer = Api().http.put(
        "/api/auth/me/picture",
        encode_multipart(BOUNDARY, {"picture": SimpleUploadedFile("me.png", output.getvalue())}),
        content_type=MULTIPART_CONTENT,
        headers={"Authorization": f"Bearer {access}"},
    )
    return Reply(status=answer.status_code, body=answer.json(), code=answer.json().get("code", ""))


def remove(access: str) -> Reply:
    return Api().send("DELETE", "me/picture", access)


def stored() -> list[str]:
    if not default_storage.exists("pictures"):
        return []
    return [str(Path("pictures") / name) for name in default_storage.listdir("pictures")[1]]


def named() -> list[str]:
    return [name for name in Profile.objects.values_list("picture", flat=True) if name]


def test_hol_28_twelve_at_once_leave_one(ada: str) -> None:
    statuses = {reply.status for reply in at_once(lambda _: upload(ada), 12)}
    assert statuses <= {200, 503}
    assert 200 in statuses
    assert stored() == named()
    assert len(named()) == 1


@pytest.mark.parametrize(("later", "left"), [(upload, 1), (remove, 0)], ids=["uploaded", "removed"])
@pytest.mark.parametrize("first", [upload, remove], ids=["after an upload", "after a removal"])
def test_hol_28_what_comes_between_is_erased(
    ada: str, first: Callable[[str], Reply], later: Callable[[str], Reply], left: int
) -> None:
    """The later one has looked at the profile already when the other one is done."""
    upload(ada, "green")
    replies = interleaved(
        partial(later, ada),
        transaction(after=ACT if later is upload else 'FROM "vestibule_session"'),
        partial(first, ada),
    )
    assert {reply.status for reply in replies} <= {200, 204}
    assert stored() == named()
    assert len(named()) == left


def test_hol_28_a_picture_for_an_account_that_closed_meanwhile_is_not_kept(ada: str) -> None:
    closing = partial(Api().send, "DELETE", "me", ada)
    late, closed = interleaved(partial(upload, ada), transaction(after=ACT), closing)
    assert (closed.status, late.status, late.code) == (204, 401, "session_revoked")
    assert stored() == named() == []
