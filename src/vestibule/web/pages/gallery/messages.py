"""Every kind of message with the parameters that its flow gives it."""

import json
from collections.abc import Mapping

from vestibule.courier import messages
from vestibule.courier.message_kind import MessageKind
from vestibule.web.pages.gallery.examples import ADDRESS, CODE, NOW, TOKEN

_LINK = f"https://id.example.com/verify-email/?token={TOKEN}"
_WITH_PROVIDERS = ("identity_linked", "identity_unlinked", "identity_revoked", "password_changed_beside_links")


def message_params(kind: MessageKind) -> Mapping[str, str | int]:
    """Return what a message of this kind is rendered with."""
    params: dict[str, str | int] = {"address": "" if kind.by_house else ADDRESS, "at": NOW.isoformat()}
    if kind.code_subject:
        params |= {"code": CODE, "minutes": 10}
    if any(not action.page for action in kind.actions):
        params |= {"link": _LINK}
    if kind is messages.VERIFY_ADDRESS:
        params |= {"hours": 24, "reject": f"{_LINK}&reject=1"}
    if kind.name in _WITH_PROVIDERS:
        params |= {"providers": "Google, GitHub"}
    if kind is messages.DIGEST:
        params |= {"held": json.dumps(_held())}
    return params


def _held() -> dict[str, object]:
    links = {messages.NEW_SIGN_IN.name: [_LINK, f"{_LINK}2"], messages.PASSWORD_CHANGED.name: [_LINK]}
    kinds = (messages.NEW_SIGN_IN, messages.PASSWORD_CHANGED, messages.EMAIL_CHANGING)
    return {
        each.name: {"times": times, "links": links.get(each.name, []), "at": NOW.isoformat(), "address": ADDRESS}
        for times, each in enumerate(kinds, 1)
    }
