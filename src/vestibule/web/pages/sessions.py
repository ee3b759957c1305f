"""`/account/sessions/` and `/account/devices/…`: where the person is signed in, and what they sign in from."""

from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vestibule.flows.account import devices, second_factors
from vestibule.flows.sign_in import sessions
from vestibule.kernel.client import Client
from vestibule.kernel.errors import NotFound, Refusal
from vestibule.sessions.devices import MAX_LENGTHS
from vestibule.web.pages.account_page import answer_form, render_account_page
from vestibule.web.pages.device_names import name_user_agent
from vestibule.web.pages.proofs import name_proofs
from vestibule.web.pages.rendering import field_context, find_own, posted_id
from vestibule.web.pages.session_cookie import signed_in_only


@signed_in_only
def manage_sessions(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/sessions/`: sessions and devices."""
    return answer_form(request, client, _change_session_or_device, partial(_sessions_page, request, client))


@signed_in_only
def change_device(request: HttpRequest, client: Client, id: UUID) -> HttpResponse:
    """`/account/devices/<id>/`: rename, trust or forget a device."""
    return answer_form(request, client, _change_session_or_device, partial(_device_page, request, client, id))


def _sessions_page(request: HttpRequest, client: Client, refusal: Refusal | None) -> HttpResponse:
    listed = sessions.list_own_sessions(client=client)
    context = {
        "tab": "sessions",
        "sessions": [(session, name_proofs(session.amr)) for session in listed],
        "current": client.session_id,
        "devices": devices.list_own_devices(client=client),
        "remembered": [
            (each, name_user_agent(each.agent)) for each in second_factors.list_own_remembered_devices(client=client)
        ],
    }
    return render_account_page(request, client, "sessions", context, refusal)


def _device_page(request: HttpRequest, client: Client, id: UUID, refusal: Refusal | None) -> HttpResponse:
    device = find_own(devices.list_own_devices(client=client), id)
    typed = {"name": request.POST.get("name", device.name)}
    context = {
        "tab": "sessions",
        "device": device,
        "name": field_context("name", typed, refusal, ["name"]),
        "longest": MAX_LENGTHS["device_name"],
    }
    return render_account_page(request, client, "device", context, refusal)


def _change_session_or_device(request: HttpRequest, client: Client) -> HttpResponse:
    act = request.POST.get("act", "")
    if act == "end_all":
        sessions.sign_out_everywhere(client=client)
    else:
        _change_one(request, client, act)
    return HttpResponseRedirect(reverse("vestibule_pages:sessions"), status=303)


def _change_one(request: HttpRequest, client: Client, act: str) -> None:
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
