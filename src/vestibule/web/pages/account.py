"""`/account/…`: the pages of a signed-in person: profile, sessions and devices, activity."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vestibule.accounts import pictures
from vestibule.accounts.fields import PERSONAL_FIELDS, Holder
from vestibule.audit import events
from vestibule.flows import step_up
from vestibule.flows.account import devices, personal_data, profile, second_factors
from vestibule.flows.sign_in import sessions
from vestibule.kernel.client import Client
from vestibule.kernel.errors import NotFound, Refusal, StepUpRequired
from vestibule.sessions.devices import describe_user_agent
from vestibule.sessions.models import MULTI_FACTOR
from vestibule.web.pages.proofs import name_proofs
from vestibule.web.pages.rendering import personal_field_contexts, posted_id, render_page
from vestibule.web.pages.session_cookie import signed_in_only
from vestibule.web.pages.step_up import step_up_page


@signed_in_only
def edit_profile(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/`: what the person tells about themselves."""
    refusal = None
    if request.method == "POST":
        typed = {**_posted_fields(request, Holder.USER), "profile": _posted_fields(request, Holder.PROFILE)}
        try:
            profile.change_profile(client=client, typed=typed)
            return HttpResponseRedirect(_done_url("saved"), status=303)
        except StepUpRequired:
            return step_up_page(request, client, reverse("vestibule_pages:account"))
        except Refusal as refused:
            refusal = refused
    return _profile_page(request, client, refusal)


@signed_in_only
def change_picture(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/picture/`: replace or remove the picture."""
    try:
        if uploaded := request.FILES.get("picture"):
            profile.set_picture(client=client, uploaded=uploaded.read())
        elif request.method == "POST":
            profile.remove_picture(client=client)
    except Refusal as refusal:
        return _profile_page(request, client, refusal)
    return HttpResponseRedirect(_done_url("saved" if request.method == "POST" else ""), status=303)


@signed_in_only
def manage_sessions(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/sessions/`: sessions and devices."""
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            _change_session_or_device(request, client)
            return HttpResponseRedirect(reverse("vestibule_pages:sessions"), status=303)
        except StepUpRequired:
            return step_up_page(request, client, reverse("vestibule_pages:sessions"))
        except Refusal as refused:
            refusal = refused
    listed = sessions.list_own_sessions(client=client)
    context = {
        "tab": "sessions",
        "sessions": [(session, name_proofs(session.amr)) for session in listed],
        "current": client.session_id,
        "devices": devices.list_own_devices(client=client),
        "remembered": [
            (each, describe_user_agent(each.agent)["name"])
            for each in second_factors.list_own_remembered_devices(client=client)
        ],
    }
    return render_page(request, "vestibule/pages/account/sessions.html", context, refusal)


@signed_in_only
def show_activity(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/activity/`: the security events of the account."""
    typed = request.GET.get("page", "1")
    number = max(1, int(typed)) if typed.isascii() and typed.isdecimal() and len(typed) < 7 else 1
    count, found = personal_data.list_security_events(client=client, page=number)
    told = [
        {
            "meaning": events.meaning_of(event.name),
            "at": event.at,
            "address": event.address,
            "proved": name_proofs(event.code.split()) if event.name in _PROVING else "",
        }
        for event in found
    ]
    following = number + 1 if number * personal_data.EVENTS_PER_PAGE < count else None
    return render_page(
        request, "vestibule/pages/account/activity.html", {"tab": "activity", "events": told, "next": following}
    )


def _done_url(query: str) -> str:
    return f"{reverse('vestibule_pages:account')}?{query}".rstrip("?")


def _posted_fields(request: HttpRequest, holder: Holder) -> dict[str, str]:
    return {row.name: request.POST.get(row.name, "") for row in _ON_PAGE if row.holder is holder}


def _profile_page(request: HttpRequest, client: Client, refusal: Refusal | None) -> HttpResponse:
    user = profile.show_profile(client=client)
    values = {row.name: request.POST.get(row.name) or user.read_field(row) for row in _ON_PAGE}
    context = {
        "tab": "profile",
        "fields": personal_field_contexts(_ON_PAGE, values, refusal, list(values)),
        "picture": pictures.picture_url(user.profile.picture),
        "saved": "saved" in request.GET,
        "passkey_upgrade": _may_upgrade(client),
    }
    return render_page(request, "vestibule/pages/account/profile.html", context, refusal)


def _may_upgrade(client: Client) -> bool:
    """Return whether the browser may make a passkey by itself: right after a sign-in by password and second factor
    (docs/decisions/0115)."""
    try:
        step_up.require_recent_sign_in(client)
    except StepUpRequired:
        return False
    return "pwd" in client.amr and MULTI_FACTOR in client.amr


def _change_session_or_device(request: HttpRequest, client: Client) -> None:
    act = request.POST.get("act", "")
    if act == "end_all":
        sessions.sign_out_everywhere(client=client)
        return
    id = posted_id(request)
    if act == "end":
        sessions.end_session(client=client, id=id)
    elif act == "forget":
        devices.forget_device(client=client, id=id)
    elif act == "rename":
        devices.change_device(client=client, id=id, name=request.POST.get("name", ""))
    elif act in ("trust", "distrust"):
        devices.change_device(client=client, id=id, is_trusted=act == "trust")
    elif act == "unremember":
        second_factors.forget_device(client=client, id=id)
    else:
        raise NotFound


_PROVING = (events.SESSION_OPENED.name, events.SESSION_REAUTHENTICATED.name)
_ON_PAGE = [row for row in PERSONAL_FIELDS if row.editable and not row.is_address]
