"""The walk through the flows of API keys."""

from functools import partial
from uuid import uuid4

from tests.attacks.walking import Walking
from tests.configured import configured
from tests.world import Reply
from vestibule.kernel.access_rules import AccessRule

IDA = "ida@example.com"


class WalkKeys(Walking):
    """Somebody with a program of their own."""

    def keys(self) -> None:
        """One is made, listed and removed; another ends by a change of what guards the account."""
        api = self.home
        access = api.account(self.inbox, IDA)
        self.secrets.add(access)

        def ask(method: str, path: str = "", **body: object) -> Reply:
            return api.send(method, f"keys{path}", access, body)

        create = partial(ask, "POST", name="Script", scopes=["profile"])
        made = self.step("api_keys.create", "api_key.created", act=create).body
        self.secrets.add(made["key"])
        self.refused("api_keys.create", act=partial(ask, "POST", name="Script", scopes=["everything"]))

        def check() -> Reply:
            headers = {"Authorization": f"Bearer {made['key']}"}
            return Reply(status=api.http.get("/auth/check", headers=headers).status_code)

        self.step("access.check", act=check)
        with configured(AUTH_CHECK_RULES=(AccessRule(path="/", roles=()),)):
            self.refused("access.check", act=check)
        self.step("api_keys.list", act=partial(ask, "GET"))
        self.step("api_keys.remove", "api_key.removed", act=partial(ask, "DELETE", f"/{made['id']}"))
        self.refused("api_keys.remove", act=partial(ask, "DELETE", f"/{uuid4()}"))
        self.later(601)
        self.refused("api_keys.create", act=create)
