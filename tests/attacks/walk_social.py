"""The walk through the sign-in by another provider, and the identities there."""

from collections.abc import Callable
from functools import partial
from uuid import uuid4

from tests.attacks.walk_magic import WalkMagic
from tests.event_fakes import GOOGLE_ENDS, GoogleFake
from tests.providers import OpenIdFake, Person
from tests.social import APP, code_in, come_back, coming_from, press
from tests.world import Http, Reply

FAY, GUS, HAL, IVY = (f"{name}@example.com" for name in ("fay", "gus", "hal", "ivy"))
ANSWERED = ("social.callback", "social.answer")


class WalkSocial(WalkMagic):
    """Somebody who comes from elsewhere."""

    def social(self) -> None:
        """By the API, by an app's token, by page; linked and taken off."""
        fake = OpenIdFake()
        with coming_from(fake):
            self.by_visit(fake)
            self.by_token(fake)
            self.by_unproved_address(fake)
            self.identities(fake)
            self.visit_by_page(fake)
        self.events()

    def come(self, fake: OpenIdFake, intent: str = "sign_in", access: str = "") -> dict[str, str]:
        """To the provider and back, each step told."""
        api = self.home
        body = {"intent": intent, "return_to": f"{APP}/back"}
        begun = self.step("social.start", act=lambda: api.send("POST", "social/acme/start", access, body)).body
        where, given = fake.authorize(begun["authorize_url"])
        path = where.removeprefix(where.partition("/social/")[0])
        answer: list[object] = []

        def back() -> Reply:
            answer.append(api.http.get(path, given))
            return Reply(status=303)

        self.step("social.callback", act=back)
        self.step("social.answer", act=lambda: None)
        self.refused("social.callback", act=lambda: Reply(status=api.http.get(path, given).status_code))
        found = {"social": begun["social"], **code_in(answer[0])}
        self.secrets |= {*found.values(), given["state"]}
        return found

    def by_visit(self, fake: OpenIdFake) -> None:
        """A new account; the same code once more; a person who does not agree."""
        api, fake.person = self.home, Person(email=FAY)
        proof = self.come(fake)
        made = ("account.registered", "identity.linked", "session.opened")
        self.step("social.confirm", *made, act=lambda: api.post("social/confirm", proof))
        self.refused("social.confirm", act=lambda: api.post("social/confirm", proof))
        self.refused("social.start", act=lambda: api.post("social/nobody/start", {}))
        begun = api.post("social/acme/start", {"return_to": APP}).body
        _, given = fake.authorize(begun["authorize_url"])
        denied = {"state": given["state"], "error": "access_denied"}
        self.refused("social.answer", act=lambda: Reply(status=self.back(api.http, denied)))

    def by_token(self, fake: OpenIdFake) -> None:
        """An app's, once."""
        api, token = self.home, {"id_token": fake.id_token(nonce="n-1"), "nonce": "n-1"}
        self.secrets.add(token["id_token"])
        used = ("session.opened", "identity.used")
        self.step("social.token", *used, act=lambda: api.post("social/acme/token", token))
        self.refused("social.token", act=lambda: api.post("social/acme/token", token))

    def by_unproved_address(self, fake: OpenIdFake) -> None:
        """It is proved by a code of ours."""
        api, fake.person = self.home, Person(sub="2", email=GUS, verified=False)
        needed = self.step("social.confirm", act=partial(api.post, "social/confirm", self.come(fake)))
        named = {"registration": needed.body["registration"], "email": GUS}
        sent = self.step("social.email", "registration.started", act=lambda: api.post("social/email", named))
        self.refused("social.email", act=lambda: api.post("social/email", named))
        mail = self.mail(GUS)
        self.secrets.add(mail.code)
        made = ("account.registered", "identity.linked", "session.opened")
        proof = {"registration": sent.registration, "otp": mail.code}
        self.step("registration.confirm", *made, act=lambda: api.post("register/confirm", proof))

    def identities(self, fake: OpenIdFake) -> None:
        """By the handle of an account that exists, and by a visit."""
        api = self.home
        access, path = api.account(self.inbox, HAL), "me/identities"
        self.secrets.add(access)
        fake.person = Person(sub="3", email=HAL)
        told = self.refused("social.confirm", act=partial(api.post, "social/confirm", self.come(fake)))

        def ask(method: str, path: str, **body: str) -> Callable[[], Reply]:
            return lambda: api.send(method, path, access, body)

        linked = self.step("identities.link", "identity.linked", act=ask("POST", path, link=told.body["link"]))
        self.refused("identities.link", act=ask("POST", path, link=told.body["link"]))
        fake.person = Person(sub="4", email="elsewhere@example.com")
        visit = self.come(fake, "link", access)
        self.step("identities.link_visit", "identity.linked", act=ask("POST", path, **visit))
        self.refused("identities.link_visit", act=ask("POST", path, **visit))
        self.step("identities.list", act=ask("GET", path))
        own = f"{path}/{linked.body['id']}"
        self.step("identities.unlink", "identity.unlinked", act=ask("DELETE", own))
        self.refused("identities.unlink", act=ask("DELETE", f"{path}/{uuid4()}"))

    def visit_by_page(self, fake: OpenIdFake) -> None:
        """In, and a handle that is none."""
        pages = Http(HTTP_USER_AGENT=self.home.http.defaults["HTTP_USER_AGENT"])
        fake.person = Person(sub="2", email=GUS)
        _, given = fake.authorize(press(pages, fake))
        self.secrets.add(given["state"])
        opened = ("session.opened", "identity.used")
        self.step("social.page", *opened, act=lambda: Reply(status=self.back(pages, given)))
        self.refused("identities.read_link", act=lambda: Reply(status=self.open_link(pages)))
        _, given = fake.authorize(press(pages, fake))
        denied = {"state": given["state"], "error": "access_denied"}
        self.refused("social.page", act=lambda: Reply(status=self.back(pages, denied)))

    def events(self) -> None:
        """Of a provider that is listened to."""
        api, fake = self.home, GoogleFake()
        with coming_from(fake):
            fake.person = Person(sub="5", email=IVY)
            begun = api.post("social/google/start", {"return_to": f"{APP}/back"}).body
            proof = {"social": begun["social"], **code_in(come_back(api.http, fake, begun["authorize_url"]))}
            assert api.post("social/confirm", proof).status == 201
            token = fake.event_token(GOOGLE_ENDS[0])
            self.secrets.add(token)
            told = ("provider_event.received", "session.ended")
            self.step("social.receive_event", *told, act=lambda: Reply(status=fake.push(api, token).status_code))
            self.refused("social.receive_event", act=lambda: Reply(status=fake.push(api, "none").status_code))

    def back(self, http: Http, given: dict[str, str]) -> int:
        """The browser is at the callback."""
        return http.get("/social/acme/callback/", given).status_code

    def open_link(self, pages: Http) -> int:
        """A handle of nobody's."""
        return pages.get("/account/link/", {"token": "x" * 43}).status_code
