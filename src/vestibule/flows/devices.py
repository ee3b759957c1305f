"""My devices: seen, named, trusted, forgotten."""

from uuid import UUID

from django.db.transaction import atomic

from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.flows import securing
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions import devices, roster
from vestibule.sessions.models import Device


@flow("devices.mine")
def mine(*, client: Client) -> list[Device]:
    """The devices of whoever asks, the newest first. Raises Unauthenticated, Unavailable."""
    return list(devices.of(securing.signed_in(client).pk))


@flow("devices.change")
def change(*, client: Client, id: UUID, name: str | None = None, is_trusted: bool | None = None) -> Device:
    """Another name; or trust, which wants a recent sign-in. Raises Unauthenticated, StepUpRequired, NotFound, Invalid,
    Unavailable."""
    user = securing.recently_signed_in(client) if is_trusted else securing.signed_in(client)
    with atomic():
        device = devices.rename(user.pk, id, name, is_trusted)
        if device is None:
            raise errors.NotFound
        record(events.DEVICE_CHANGED, client, device=str(id))
    return device


@flow("devices.forget")
def forget(*, client: Client, id: UUID) -> None:
    """Forget it and end its sessions. Raises Unauthenticated, NotFound, Unavailable."""
    user = securing.signed_in(client)
    with atomic():
        if not devices.of(user.pk).filter(pk=id).exists():
            raise errors.NotFound
        ended = roster.end_of_device(id, client.at)
        devices.of(user.pk).filter(pk=id).delete()
        record(events.DEVICE_FORGOTTEN, client, sessions=ended)
