"""Passkeys by page: sign in with one, make, rename and remove them, and tell the browser what became of them.

The browser makes and uses them in JavaScript (static/vestibule/pages/passkeys.js), which posts its answer in a form.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_POST

from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.factors.models import Passkey
from vestibule.factors.passkey_ceremonies import encode
from vestibule.factors.passkeys import LONGEST_NAME, describe_user, name_authenticator
from vestibule.flows.account import passkeys
from vestibule.flows.sign_in.by_passkey import sign_in_by_passkey
from vestibule.kernel.client import Client
from vestibule.kernel.errors import CredentialUnknown, Refusal
from vestibule.limits import rules
from vestibule.sessions import devices
from vestibule.web import problems
from vestibule.web.cookies import known_device_id
from vestibule.web.destination import redirect_with_destination
from vestibule.web.edge import admit
from vestibule.web.pages.account_page import Act, answer_form, find_action, render_account_page
from vestibule.web.pages.factors import factor_added_page, security_url
from vestibule.web.pages.rendering import field_context, find_own, get_or_post, posted_id
from vestibule.web.pages.second_factor import enter_page
from vestibule.web.pages.session_cookie import open_before_enrolment, signed_in_only
from vestibule.web.pages.sign_in import login_page

_CREDENTIAL_ID = re.compile(r"[\w-]{1,1400}", re.ASCII)  # base64url of at most 1023 bytes (WebAuthn L3, 4)


@get_or_post
def enter_with_passkey(request: HttpRequest) -> HttpResponse:
    """`/login/passkey/`: sign in with what the browser answered."""
    if request.method != "POST":
        return redirect_with_destination(request, "vestibule_pages:login")
    credential, stay = request.POST.get("credential", ""), bool(request.POST.get("stay"))
    try:
        client = admit(request, rules.LOGIN_PASSKEY)
        entered = sign_in_by_passkey(
            client=client,
            credential=credential,
            device_claims=devices.describe_user_agent(client.user_agent),
            device_cookie=known_device_id(request),
            page_lifetime=conf.page_stay if stay else conf.page_session,
        )
    except Refusal as refusal:
        signals = _signal_unknown(credential) if isinstance(refusal, CredentialUnknown) else None
        return login_page(request, refusal, stay=stay, passkey_signals=signals)
    return enter_page(request, entered)


@open_before_enrolment
def add_passkey(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/security/passkey/`: a button that makes a passkey, and what the browser made."""
    return answer_form(request, client, _save_passkey, partial(_new_passkey_page, request, client), is_guarded=True)


@open_before_enrolment
@require_POST
def start_passkey(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/security/passkey/options/`: the creation options, for the script of our pages."""
    try:
        return JsonResponse({"publicKey": passkeys.start_enrolment(client=client)})
    except Refusal as refusal:
        return problems.problem_response(problems.refusal_details(refusal), refusal)


@signed_in_only
def list_passkeys(request: HttpRequest, client: Client) -> HttpResponse:
    """`/account/security/passkeys/`: the passkeys of the account, each with its page."""
    return render_account_page(request, client, "passkeys", {"tab": "security", **passkeys_context(client)})


@signed_in_only
def change_passkey(request: HttpRequest, client: Client, id: UUID) -> HttpResponse:
    """`/account/security/passkeys/<id>/`: rename or remove one."""
    act = find_action(request, PASSKEY_ACTIONS)
    return answer_form(request, client, act, partial(_passkey_page, request, client, id))


def _new_passkey_page(request: HttpRequest, client: Client, refusal: Refusal | None) -> HttpResponse:
    context = {"tab": "security", "name": request.POST.get("name", ""), "longest": LONGEST_NAME}
    return render_account_page(request, client, "passkey_new", context, refusal)


def _passkey_page(request: HttpRequest, client: Client, id: UUID, refusal: Refusal | None) -> HttpResponse:
    passkey = find_own(passkeys.list_own_passkeys(client=client), id)
    typed = {"name": request.POST.get("name", passkey.name)}
    context = {
        "tab": "security",
        "passkey": passkey,
        "name": field_context("name", typed, refusal, ["name"]),
        "longest": LONGEST_NAME,
    }
    return render_account_page(request, client, "passkey", context, refusal)


def passkeys_context(client: Client) -> dict[str, Any]:
    """Return what the security page needs: the passkeys, and what it tells the browser about them."""
    found = passkeys.list_own_passkeys(client=client)
    return {
        "passkeys": [(each, name_authenticator(each.aaguid)) for each in found],
        "passkey_signals": _signal_kept(client, found),
    }


def _save_passkey(request: HttpRequest, client: Client) -> HttpResponse:
    added = passkeys.add_passkey(
        client=client,
        credential=request.POST.get("credential", ""),
        name=request.POST.get("name", ""),
        end_other_sessions=bool(request.POST.get("end_others")),
    )
    done = "passkey_by_browser" if request.POST.get("made_by") == "browser" else "passkey"
    return factor_added_page(request, client, added.factor, done)


def _signal_kept(client: Client, found: Sequence[Passkey]) -> dict[str, Any]:
    """Return which passkeys the account has and what it is called, so that a password manager hides the others
    (WebAuthn L3, 5.1.10: signalAllAcceptedCredentials, signalCurrentUserDetails)."""
    if not isinstance(client.account, User):
        return {}
    user = describe_user(client.account)
    about = {"rpId": conf.host, "userId": user["id"]}
    return {
        "signalAllAcceptedCredentials": {
            **about,
            "allAcceptedCredentialIds": [encode(bytes(each.credential_id)) for each in found],
        },
        "signalCurrentUserDetails": {**about, "name": user["name"], "displayName": user["displayName"]},
    }


def _signal_unknown(credential: str) -> dict[str, Any] | None:
    """Return that no account has this passkey, so that a password manager hides it (signalUnknownCredential)."""
    try:
        id = json.loads(credential)["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not (isinstance(id, str) and _CREDENTIAL_ID.fullmatch(id)):
        return None
    return {"signalUnknownCredential": {"rpId": conf.host, "credentialId": id}}


def _rename_passkey(request: HttpRequest, client: Client) -> HttpResponse:
    passkeys.rename_passkey(client=client, id=posted_id(request), name=request.POST.get("name", ""))
    return HttpResponseRedirect(security_url("passkey_rename"), status=303)


def _remove_passkey(request: HttpRequest, client: Client) -> HttpResponse:
    passkeys.remove_passkey(client=client, id=posted_id(request))
    return HttpResponseRedirect(security_url("passkey_remove"), status=303)


PASSKEY_ACTIONS: Mapping[str, Act] = MappingProxyType(
    {"passkey_rename": _rename_passkey, "passkey_remove": _remove_passkey}
)
