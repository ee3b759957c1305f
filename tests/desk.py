"""The staff, at the pages of the admin and at its API: what a story needs of them."""

import re
from io import StringIO
from typing import Any
from urllib.parse import urlencode

from django.core.management import call_command
from django.utils import timezone

from tests.world import PASSWORD, Api, Http, Inbox, Reply
from vestibule.accounts.models import User
from vestibule.applications.models import Application, ApplicationSecret
from vestibule.flows.staff import applications
from vestibule.kernel.client import Client

WHY = "Asked for by the person, ticket 4711"
APPLICATIONS = "/admin/applications/application/"
_ALERT = re.compile(r'role="alert"[^>]*>([^<]*)<')


def given(email: str, role: str) -> User:
    """The account, with that role."""
    call_command("set_role", email, role, stdout=StringIO())
    return User.objects.get(email=email)


def make_application(**declared: Any) -> Application:
    """An application, of the command line."""
    client = Client.for_system("cli", timezone.now())
    whole = {"name": "Shop", "type": "service", **declared}
    return applications.create_application(client=client, declared=whole).application


class PageDesk:
    """Somebody at the pages; nobody, without an address."""

    name = "pages"

    def __init__(self, email: str = "") -> None:
        self.http = Http(raise_request_exception=False)
        if email:
            self.sign_in(email)

    def sign_in(self, email: str) -> None:
        """Through the form, to the admin."""
        answer = self.http.post("/login/", {"name": email, "password": PASSWORD, "next": "/admin/"})
        assert (answer.status_code, answer["Location"]) == (303, "/admin/")

    def look(self, user: User) -> list[int]:
        """The status of every page that shows something."""
        paths = ["", "accounts/user/", f"accounts/user/{user.pk}/", "courier/message/", "audit/auditevent/"]
        return [self.http.get(f"/admin/{path}").status_code for path in paths]

    def act(self, user: User, name: str, reason: str = WHY, **more: str) -> Reply:
        """Press a button, and say why."""
        answer = self.http.post(f"/admin/accounts/user/{user.pk}/{name}/", {"reason": reason, **more})
        alert = _ALERT.search(answer.content.decode())
        return Reply(status=answer.status_code, text=alert[1] if alert else "", headers=dict(answer.headers))

    def look_at_applications(self) -> list[int]:
        """The status of every page that shows one."""
        paths = ("", f"{make_application().pk}/")
        return [self.http.get(f"{APPLICATIONS}{path}").status_code for path in paths]

    def manage_applications(self) -> list[int]:
        """The status of every form that makes, changes or removes one."""
        application = make_application()
        secret = str(ApplicationSecret.objects.get(application=application).pk)
        one, service = f"{application.pk}/", {"name": "Shop", "type": "service"}
        proof = {"token_endpoint_auth_method": "client_secret_basic", "id_token_signed_response_alg": "ES256"}
        asked: list[tuple[str, dict[str, str]]] = [
            ("add/", service),
            (f"{one}change/", {"name": "Store", **proof}),
            (f"{one}new-secret/", {}),
            (f"{one}remove-secret/", {"secret": secret}),
            (f"{one}remove/", {}),
        ]
        shown = [self.http.get(f"{APPLICATIONS}{path}").status_code for path, _ in asked]
        return shown + [self.http.post(f"{APPLICATIONS}{path}", typed).status_code for path, typed in asked]

    def export(self, form: str = "csv", reason: str = WHY, **which: str) -> Reply:
        """Take the audit log along."""
        answer = self.http.post("/admin/export/", {"format": form, "reason": reason, **which})
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        return Reply(status=answer.status_code, text=text.decode(), headers=dict(answer.headers))


class ApiDesk:
    """Somebody at the API; nobody, without an address."""

    name = "api"

    def __init__(self, email: str = "") -> None:
        self.api = Api()
        self.access = str(self.api.login(email).body["access"]) if email else ""

    def get(self, path: str, **query: Any) -> Reply:
        """GET of `/api/admin/…`."""
        return self.api.send("GET", f"/api/admin/{path}" + (f"?{urlencode(query)}" if query else ""), self.access)

    def look(self, user: User) -> list[int]:
        """The status of every endpoint that shows something."""
        return [self.get(path).status for path in ("users", f"users/{user.pk}", f"users/{user.pk}/sessions", "events")]

    def send(self, method: str, path: str, body: Any = None) -> Reply:
        """Any method on `/api/admin/…`."""
        return self.api.send(method, f"/api/admin/{path}", self.access, body)

    def look_at_applications(self) -> list[int]:
        """The status of every endpoint that shows one."""
        return [self.get(path).status for path in ("applications", f"applications/{make_application().client_id}")]

    def manage_applications(self) -> list[int]:
        """The status of every request that makes, changes or removes one."""
        path = f"applications/{make_application().client_id}"
        secret = ApplicationSecret.objects.get(application__client_id=path.rpartition("/")[2])
        asked = [
            ("POST", "applications", {"name": "Shop", "type": "service"}),
            ("PATCH", path, {"name": "Store"}),
            ("POST", f"{path}/secrets", {}),
            ("DELETE", f"{path}/secrets/{secret.pk}", {}),
            ("DELETE", path, {}),
        ]
        return [self.send(*each).status for each in asked]

    def act(self, user: User, name: str, reason: str = WHY, **more: str) -> Reply:
        """POST of an act, and say why."""
        reply = self.api.send("POST", f"/api/admin/users/{user.pk}/{name}", self.access, {"reason": reason, **more})
        errors = reply.body.get("errors", {})
        words = " ".join(word for words in errors.values() for word in words)
        return Reply(status=reply.status, code=reply.code, text=words, body=reply.body)


Desk = PageDesk | ApiDesk


def account(api: Api, inbox: Inbox, email: str) -> User:
    """Somebody with PASSWORD."""
    api.account(inbox, email)
    return User.objects.get(email=email)
