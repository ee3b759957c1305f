"""Who am I: the account of whoever is signed in."""

from vestibule.accounts.models import User
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.client import Client


@flow
def show(*, client: Client) -> User:
    """The account and profile of whoever asks. Raises Unauthenticated, Unavailable."""
    if client.user_id is None:
        raise errors.Unauthenticated
    return User.objects.select_related("profile").get(pk=client.user_id)
