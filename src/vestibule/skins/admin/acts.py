"""The buttons on a person's page: in words, who may press them, when they fit, and the flow that each calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vestibule.accounts.models import Role, Status, User
from vestibule.flows import roles, silence, support
from vestibule.flows.staff import Thing
from vestibule.kernel.client import Client
from vestibule.kernel.errors import FieldError, Invalid

ANYBODY = tuple(Status)
WITH_ACCOUNT = (Status.ACTIVE, Status.SUSPENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One button. `grave`: what can't simply be taken back."""

    name: str
    thing: Thing
    title: Promise | str
    lead: Promise | str
    done: Promise | str
    flow: Callable[..., User]
    states: tuple[str, ...]
    grave: bool = False

    def fits(self, user: User) -> bool:
        """Whether the button makes sense for an account in this state."""
        if self.flow is support.suspend and user.own_closing:
            return True
        closed = user.closes_at is not None and not user.own_closing
        return user.status in self.states and not (self.flow is support.close and closed)

    def do(self, *, client: Client, user_id: UUID, typed: Mapping[str, str]) -> None:
        """Call the flow with what was typed. Raises Refusal."""
        given = {"role": _role(typed.get("role", ""))} if self.thing is Thing.ROLE else {}
        self.flow(client=client, user_id=user_id, reason=typed.get("reason", ""), **given)


def _role(typed: str) -> Role:
    if typed not in Role.values:
        raise Invalid({"role": [FieldError("invalid_choice", str(_("Choose a role.")))]})
    return Role(typed)


ACTS: Mapping[str, Act] = MappingProxyType(
    {
        act.name: act
        for act in (
            Act(
                name="resend-verification",
                thing=Thing.RESEND,
                title=_("Resend the verification"),
                lead=_("A new link and code go to the address; the ones before work no more. You see neither."),
                done=_("A new link and code are on their way."),
                flow=support.resend_verification,
                states=(Status.PENDING,),
            ),
            Act(
                name="sign-out",
                thing=Thing.SIGN_OUT,
                title=_("Sign out everywhere"),
                lead=_("Every session ends at its next request, and no device is known any more."),
                done=_("Every session has ended."),
                flow=support.sign_out,
                states=WITH_ACCOUNT,
            ),
            Act(
                name="password-reset",
                thing=Thing.RESET,
                title=_("Send a password reset"),
                lead=_("A link to choose a new password goes to the person's own address. You see neither."),
                done=_("A link to choose a new password is on its way."),
                flow=support.start_reset,
                states=(Status.ACTIVE,),
            ),
            Act(
                name="lift-silence",
                thing=Thing.LIFT,
                title=_("Write to them again"),
                lead=_("After a mail came back, the address gets none for some days. This ends that now."),
                done=_("Messages are sent again."),
                flow=silence.lift,
                states=ANYBODY,
            ),
            Act(
                name="role",
                thing=Thing.ROLE,
                title=_("Give a role"),
                lead=_("It counts from the next request on. The last admin stays one."),
                done=_("The role is given."),
                flow=roles.assign,
                states=WITH_ACCOUNT,
            ),
            Act(
                name="reactivate",
                thing=Thing.REACTIVATE,
                title=_("Reactivate"),
                lead=_("The person can sign in again, and is told so. A closing that is under way is off."),
                done=_("The account is active."),
                flow=support.reactivate,
                states=(Status.SUSPENDED,),
            ),
            Act(
                name="suspend",
                thing=Thing.SUSPEND,
                title=_("Suspend"),
                lead=_("Every session ends, nobody signs in, and the person is told so. Nothing is erased."),
                done=_("The account is suspended."),
                flow=support.suspend,
                states=(Status.ACTIVE,),
                grave=True,
            ),
            Act(
                name="close",
                thing=Thing.CLOSE,
                title=_("Close the account"),
                lead=_("It is off at once, the person is told so, and in 14 days it is erased, unless reactivated."),
                done=_("The account is off, and will be erased in 14 days."),
                flow=support.close,
                states=WITH_ACCOUNT,
                grave=True,
            ),
        )
    }
)
