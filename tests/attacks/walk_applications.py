"""The walk through what admins do with applications."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.attacks.walking import BOB, BOSS, Walking, command
from tests.configured import configured
from tests.world import Reply
from vestibule.applications.models import Application, Source

APPLICATIONS = "/api/admin/applications"


class WalkApplications(Walking):
    """An application is made, looked at, changed and removed."""

    def applications(self) -> None:
        """By the API, as an admin; refused to anybody else."""
        boss, nobody = self.signed_in(BOSS), self.signed_in(BOB)

        def ask(method: str, path: str = "", body: Any = None, access: str = boss) -> Any:
            return partial(self.home.send, method, f"{APPLICATIONS}{path}", access, body)

        declared = {"name": "Canary of a shop", "type": "web", "redirect_uris": ["https://shop.example/back"]}
        refused = {**declared, "redirect_uris": ["http://shop.example/back"]}
        made = self.kept_secret(self.step("applications.create", "application.created", act=ask("POST", body=declared)))
        self.refused("applications.create", act=ask("POST", body=refused))
        one = f"/{made.body['client_id']}"
        self.step("applications.find", act=ask("GET"))
        self.refused("applications.find", act=ask("GET", access=nobody))
        self.step("applications.show", act=ask("GET", one))
        self.refused("applications.show", act=ask("GET", "/unknown"))
        self.step("applications.change", "application.changed", act=ask("PATCH", one, {"name": "Store"}))
        self.refused("applications.change", act=ask("PATCH", one, {"type": "spa"}))
        added = ("applications.create_secret", "application.secret_created")
        new = self.kept_secret(self.step(*added, act=ask("POST", f"{one}/secrets")))
        self.refused("applications.create_secret", act=ask("POST", "/unknown/secrets"))
        secret = f"{one}/secrets/{new.body['id']}"
        self.step("applications.remove_secret", "application.secret_removed", act=ask("DELETE", secret))
        self.refused("applications.remove_secret", act=ask("DELETE", secret))
        self.step("applications.remove", "application.removed", act=ask("DELETE", one))
        self.refused("applications.remove", act=ask("DELETE", one))
        self.declared()

    def declared(self) -> None:
        """By a file; the same secret twice is refused."""
        secret = "00" * 32
        with TemporaryDirectory() as folder, configured(APPLICATIONS_FILE=(path := Path(folder) / "applications.toml")):
            declared = f'[applications.x]\nname = "X"\ntype = "service"\nsecret_digests = ["{secret}"]'
            path.write_text(declared)
            self.step("applications.apply", "application.created", act=lambda: command("apply_applications"))
            Application.objects.update(client_id="y", source=Source.STAFF)
            self.refused("applications.apply", act=lambda: command("apply_applications"))

    def kept_secret(self, reply: Reply) -> Reply:
        """The answer, whose secret must be found nowhere."""
        self.secrets.add(reply.body["client_secret"])
        return reply
