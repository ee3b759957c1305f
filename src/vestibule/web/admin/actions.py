"""The buttons on a person's page: words, permission, applicable states, and the flow that each calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vestibule.accounts.models import Role, Status, User
from vestibule.flows.staff import roles, support, suppression
from vestibule.flows.staff.permissions import Permission
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid, NotFound

UNLINK = "unlink-identities"
ANY_STATUS = tuple(Status)
CONFIRMED_STATUSES = (Status.ACTIVE, Status.SUSPENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAction:
    """One button. `grave` marks an act that cannot simply be undone."""

    name: str
    permission: Permission
    title: Promise | str
    lead: Promise | str
    done: Promise | str
    flow: Callable[..., User]
    statuses: tuple[str, ...]
    grave: bool = False

    def is_applicable(self, user: User) -> bool:
        """Return whether the button makes sense for an account in this state."""
        if self.flow is support.suspend_account and user.own_closing:
            return True
        closed = user.closes_at is not None and not user.own_closing
        return user.status in self.statuses and not (self.flow is support.close_account and closed)

    def call_flow(self, *, client: Client, user_id: UUID, typed: Mapping[str, str]) -> None:
        """Call the flow with what was typed.

        Raises:
            Refusal: any that the flow raises; Invalid for an unknown role.
        """
        parse = _MORE.get(self.permission)
        self.flow(client=client, user_id=user_id, reason=typed.get("reason", ""), **(parse(typed) if parse else {}))


def _parse_role(typed: Mapping[str, str]) -> dict[str, Role]:
    if (role := typed.get("role", "")) not in Role.values:
        raise Invalid({"role": [FieldError("invalid_choice", "role_missing")]})
    return {"role": Role(role)}


def _parse_identity(typed: Mapping[str, str]) -> dict[str, UUID | None]:
    """Return which identity; none is named for every one."""
    try:
        return {"identity": UUID(typed["identity"]) if typed.get("identity") else None}
    except ValueError as error:
        raise NotFound from error


# What an act is told besides the reason.
_MORE: Mapping[Permission, Callable[[Mapping[str, str]], Mapping[str, Any]]] = MappingProxyType(
    {Permission.ROLE: _parse_role, Permission.UNLINK: _parse_identity}
)


ACTIONS: Mapping[str, AccountAction] = MappingProxyType(
    {
        act.name: act
        for act in (
            AccountAction(
                name="resend-verification",
                permission=Permission.RESEND,
                title=_("Resend the verification"),
                lead=_("A new link and code go to the address; the ones before work no more. You see neither."),
                done=_("A new link and code are on their way."),
                flow=support.resend_verification,
                statuses=(Status.PENDING,),
            ),
            AccountAction(
                name="sign-out",
                permission=Permission.SIGN_OUT,
                title=_("Sign out everywhere"),
                lead=_("Every session ends at its next request, and no device is known any more."),
                done=_("Every session has ended."),
                flow=support.sign_out_user,
                statuses=CONFIRMED_STATUSES,
            ),
            AccountAction(
                name="password-reset",
                permission=Permission.RESET,
                title=_("Send a password reset"),
                lead=_("A link to choose a new password goes to the person's own address. You see neither."),
                done=_("A link to choose a new password is on its way."),
                flow=support.start_password_reset,
                statuses=(Status.ACTIVE,),
            ),
            AccountAction(
                name="lift-silence",
                permission=Permission.LIFT,
                title=_("Write to them again"),
                lead=_("After a mail came back, the address gets none for some days. This ends that now."),
                done=_("Messages are sent again."),
                flow=suppression.lift_for_person,
                statuses=ANY_STATUS,
            ),
            AccountAction(
                name="reset-factors",
                permission=Permission.RESET_FACTORS,
                title=_("Reset second factors"),
                lead=_(
                    "For a person who lost them all: make sure that it is they who ask. They are told at once, and "
                    "can stop it; in 24 hours every second factor is removed."
                ),
                done=_("The person is told. In 24 hours their second factors are removed, unless they stop it."),
                flow=support.reset_factors,
                statuses=(Status.ACTIVE,),
                grave=True,
            ),
            AccountAction(
                name=UNLINK,
                permission=Permission.UNLINK,
                title=_("Take off other providers"),
                lead=_("Nobody signs in through them any more, and who did is signed out. The person is told."),
                done=_("It is taken off, and the person is told."),
                flow=support.unlink_identities,
                statuses=CONFIRMED_STATUSES,
                grave=True,
            ),
            AccountAction(
                name="role",
                permission=Permission.ROLE,
                title=_("Give a role"),
                lead=_("It counts from the next request on. The last admin stays one."),
                done=_("The role is given."),
                flow=roles.assign_role,
                statuses=CONFIRMED_STATUSES,
            ),
            AccountAction(
                name="reactivate",
                permission=Permission.REACTIVATE,
                title=_("Reactivate"),
                lead=_("The person can sign in again, and is told so. A closing that is under way is off."),
                done=_("The account is active."),
                flow=support.reactivate_account,
                statuses=(Status.SUSPENDED,),
            ),
            AccountAction(
                name="suspend",
                permission=Permission.SUSPEND,
                title=_("Suspend"),
                lead=_("Every session ends, nobody signs in, and the person is told so. Nothing is erased."),
                done=_("The account is suspended."),
                flow=support.suspend_account,
                statuses=(Status.ACTIVE,),
                grave=True,
            ),
            AccountAction(
                name="close",
                permission=Permission.CLOSE,
                title=_("Close the account"),
                lead=_("It is off at once, the person is told so, and in 14 days it is erased, unless reactivated."),
                done=_("The account is off, and will be erased in 14 days."),
                flow=support.close_account,
                statuses=CONFIRMED_STATUSES,
                grave=True,
            ),
        )
    }
)
