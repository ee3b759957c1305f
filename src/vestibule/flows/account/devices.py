"""The devices of the signed-in person: list, rename, trust, forget."""

from uuid import UUID

from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.flows import step_up
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client
from vestibule.sessions import devices, registry
from vestibule.sessions.models import Device
from vestibule.storage.database import atomic


@flow("devices.mine")
def list_own_devices(*, client: Client) -> list[Device]:
    """Return the client's own devices, the one seen last first.

    Raises:
        Unauthenticated: the client is not signed in.
        Unavailable: the database cannot be reached.
    """
    return list(devices.list_devices_of(step_up.require_user(client).pk))


@flow("devices.change")
def change_device(*, client: Client, id: UUID, name: str | None = None, is_trusted: bool | None = None) -> Device:
    """Rename a device, or set whether it is trusted. Trusting a device needs a recent sign-in.

    Raises:
        Unauthenticated: the client is not signed in.
        Invalid: the name is too long or holds invisible characters.
        StepUpRequired: the device is to be trusted and the sign-in is not recent.
        NotFound: the client's account has no such device.
        Unavailable: the database cannot be reached.
    """
    user = step_up.require_recent_user(client) if is_trusted else step_up.require_user(client)
    with atomic():
        device = devices.rename_or_trust_device(user.pk, id, name, is_trusted)
        if device is None:
            raise errors.NotFound
        record_event(events.DEVICE_CHANGED, client, device=str(id))
    return device


@flow("devices.forget")
def forget_device(*, client: Client, id: UUID) -> None:
    """Forget a device and end its sessions.

    Raises:
        Unauthenticated: the client is not signed in.
        NotFound: the client's account has no such device.
        Unavailable: the database cannot be reached.
    """
    user = step_up.require_user(client)
    with atomic():
        if not devices.list_devices_of(user.pk).filter(pk=id).exists():
            raise errors.NotFound
        ended = registry.revoke_device_sessions(id, client.at)
        devices.list_devices_of(user.pk).filter(pk=id).delete()
        record_event(events.DEVICE_FORGOTTEN, client, sessions=ended)
