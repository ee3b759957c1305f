"""Other providers on local ports: fakes of what OpenID Connect, Apple, Microsoft and GitHub document, whose answers a
test may bend. A real one is in `tests/real_provider.py`."""

import json
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt import api_jws
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.vendors import listening

CLIENT_ID, SECRET = "client-1", "a secret & its = sign"
Reply = tuple[int, Mapping[str, str], Any]


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """One for all tests: making it takes longer than most of them."""
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    """A key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """The text of a private key, as Apple hands it out."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass
class Person:
    """Somebody who has an account at a provider."""

    sub: str = "248289761001"
    email: str | None = "ada@example.com"
    verified: bool | str | None = True
    name: str = "Ada Lovelace"
    more: dict[str, Any] = field(default_factory=dict)

    def claims(self) -> dict[str, Any]:
        """What an OpenID provider says of them."""
        said = {"sub": self.sub, "email": self.email, "email_verified": self.verified, "name": self.name}
        return {name: value for name, value in said.items() if value is not None} | self.more


class OpenIdFake:
    """An OpenID provider as its standard says: discovery, keys, authorization, token with PKCE, userinfo.

    `person` is who signs in. A test bends what it says: `document`, `header` and `claims` (None takes one out) are laid
    over what is right, `keys` is what it publishes, `sign` makes the token, and `answers` says what is at a path.
    """

    ID, PREFIX = "acme", ""
    ISSUER_PATH = ""

    def __init__(self) -> None:
        self.url, self.person, self.requests = "", Person(), list[str]()
        self.document: dict[str, Any] = {}
        self.header: dict[str, Any] = {"kid": "r1"}
        self.claims: dict[str, Any] = {}
        self.keys = [public(rsa_key(), "r1"), public(ec_key(), "e1")]
        self.sign: Callable[[dict[str, Any], dict[str, Any]], str] = sign_with(rsa_key(), "RS256")
        self.answers: dict[str, Callable[[], Reply]] = {}
        self._codes: dict[str, dict[str, str]] = {}

    @property
    def issuer(self) -> str:
        """Who it says that it is."""
        return self.url + self.ISSUER_PATH

    def settings(self) -> dict[str, str]:
        """What stands in SOCIAL of it."""
        return {"issuer": self.issuer, "client_id": CLIENT_ID, "client_secret": SECRET}

    def authorize(self, url: str) -> tuple[str, dict[str, str]]:
        """The person agrees at this address: where they are sent, and with what."""
        asked = dict(parse_qsl(urlsplit(url).query))
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code {len(self._codes)}"
        self._codes[code] = asked
        return asked["redirect_uri"], {"code": code, "state": asked["state"]}

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: str) -> Reply:
        """The answer to one request."""
        place = urlsplit(path).path.removeprefix(self.ISSUER_PATH)
        self.requests.append(place)
        if place in self.answers:
            return self.answers[place]()
        if place == "/authorize":
            where, given = self.authorize(self.url + path)
            return 302, {"Location": f"{where}?{urlencode(given)}"}, ""
        if place == "/token" and method == "POST":
            return self._give_tokens(headers, dict(parse_qsl(body)))
        found: dict[str, Callable[[], Any]] = {
            "/.well-known/openid-configuration": self._discover,
            "/keys": lambda: {"keys": self.keys},
        }
        if place == "/userinfo" and headers.get("Authorization") == "Bearer the access token":
            return 200, {}, self.person.claims()
        return (200, {}, found[place]()) if place in found else (404, {}, {"error": "not_found"})

    def id_token(self, **said: Any) -> str:
        """A token for our client with these claims, bent as the test says."""
        now = int(time.time())
        right = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 600, **self.person.claims(), **said}
        claims = {name: made() if callable(made) else made for name, made in {**right, **self.claims}.items()}
        bent = {name: value for name, value in claims.items() if value is not None}
        return self.sign(bent, {name: value for name, value in self.header.items() if value is not None})

    def _discover(self) -> dict[str, Any]:
        base = self.url + self.ISSUER_PATH
        right = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "userinfo_endpoint": f"{base}/userinfo",
            "jwks_uri": f"{base}/keys",
        }
        return {name: value for name, value in {**right, **self.document}.items() if value is not None}

    def is_client(self, headers: Mapping[str, str], form: dict[str, str]) -> bool:
        """Whether a request for tokens comes from our client: client_secret_basic."""
        pair = b64decode(headers.get("Authorization", "").removeprefix("Basic ")).decode().split(":")
        return [unquote_plus(each) for each in pair] == [CLIENT_ID, SECRET] and "client_secret" not in form

    def _give_tokens(self, headers: Mapping[str, str], form: dict[str, str]) -> Reply:
        if not self.is_client(headers, form):
            return 401, {}, {"error": "invalid_client"}
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or not redeems(form, asked):
            return 400, {}, {"error": "invalid_grant"}
        half = sha256(b"the access token").digest()[:16]
        hashed = urlsafe_b64encode(half).rstrip(b"=").decode()
        return (
            200,
            {},
            {
                "access_token": "the access token",
                "token_type": "Bearer",
                "id_token": self.id_token(nonce=asked.get("nonce"), at_hash=hashed),
            },
        )


class MicrosoftFake(OpenIdFake):
    """Many tenants: the issuer of the document has a hole, that of a person has their tenant in it."""

    ID, TENANT = "microsoft", "9188040d-6c67-4c5b-b112-36a304b66dad"

    @property
    def issuer(self) -> str:
        """As the discovery document of `common` says."""
        return f"{self.url}/{{tenantid}}/v2.0"

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: str) -> Reply:
        """Its document stands below the tenant's name."""
        return super().answer(method, path.replace("/common/v2.0", ""), headers, body)

    def id_token(self, **said: Any) -> str:
        """`tid` is the person's tenant."""
        tenant = {"tid": self.TENANT, "iss": self.issuer.replace("{tenantid}", self.TENANT)}
        return super().id_token(**{**tenant, **said})


class AppleFake(OpenIdFake):
    """developer.apple.com/documentation/signinwithapplerestapi: form_post, a secret that the client signs, the name
    once and beside the code, and no userinfo."""

    ID, TEAM, KEY = "apple", "TEAM000001", "KEY0000001"

    def __init__(self) -> None:
        super().__init__()
        self.document = {"userinfo_endpoint": None, "token_endpoint_auth_methods_supported": ["client_secret_post"]}

    def settings(self) -> dict[str, str]:
        """A key instead of a secret; the line breaks as one writes them on one line."""
        key = pem(ec_key()).replace("\n", "\\n")
        own = {"team_id": self.TEAM, "key_id": self.KEY, "private_key": key}
        return {"issuer": self.issuer, "client_id": CLIENT_ID, **own}

    def authorize(self, url: str) -> tuple[str, dict[str, str]]:
        """The name comes in the form alone."""
        assert dict(parse_qsl(urlsplit(url).query))["response_mode"] == "form_post"
        where, given = super().authorize(url)
        first, _, last = self.person.name.partition(" ")
        return where, {**given, "user": json.dumps({"name": {"firstName": first, "lastName": last}})}

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: str) -> Reply:
        """The browser is handed a form that sends itself."""
        if urlsplit(path).path == "/authorize":
            where, given = self.authorize(self.url + path)
            inputs = "".join(f"<input name='{name}' value='{value}'>" for name, value in given.items())
            return 200, {"Content-Type": "text/html"}, f"<form method=post action='{where}'>{inputs}<button>Continue"
        return super().answer(method, path, headers, body)

    def is_client(self, headers: Mapping[str, str], form: dict[str, str]) -> bool:
        """Whether the secret is a token that we signed for Apple."""
        options: Any = {"require": ["iss", "iat", "exp", "aud", "sub"]}
        said = jwt.decode(
            form["client_secret"], ec_key().public_key(), ["ES256"], options=options, audience=self.issuer
        )
        kid = jwt.get_unverified_header(form["client_secret"])["kid"]
        who = (said["iss"], said["sub"], form["client_id"], kid)
        return who == (self.TEAM, CLIENT_ID, CLIENT_ID, self.KEY) and said["exp"] - said["iat"] <= 15_777_000

    def id_token(self, **said: Any) -> str:
        """It never holds the name."""
        return super().id_token(**{"name": None, **said})


class GitHubFake(OpenIdFake):
    """docs.github.com/apps (OAuth), docs.github.com/rest/users: no ID token; errors of codes come with status 200."""

    ID = "github"

    def __init__(self) -> None:
        super().__init__()
        self.emails: list[Any] | None = None

    def settings(self) -> dict[str, str]:
        """An Enterprise server, with its API at a host of its own."""
        return {"url": self.url, "api_url": f"{self.url}/api", "client_id": CLIENT_ID, "client_secret": SECRET}

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: str) -> Reply:
        """The answer to one request."""
        place = urlsplit(path).path
        if place.startswith("/login/oauth/"):
            renamed = {"/login/oauth/authorize": "/authorize", "/login/oauth/access_token": "/token"}[place]
            return super().answer(method, path.replace(place, renamed), headers, body)
        self.requests.append(place)
        if place in self.answers:
            return self.answers[place]()
        if headers.get("Authorization") != "Bearer the access token" or not headers.get("User-Agent"):
            return 401, {}, {"message": "Bad credentials"}
        if place == "/api/user":
            return 200, {}, {"id": int(self.person.sub), "login": "ada", "name": self.person.name, "email": "x@x.x"}
        if place == "/api/user/emails":
            primary = {"email": self.person.email, "primary": True, "verified": self.person.verified}
            other = {"email": "other@example.com", "primary": False, "verified": True}
            return 200, {}, [other, primary] if self.emails is None else self.emails
        return 404, {}, {"message": "Not Found"}

    def _give_tokens(self, headers: Mapping[str, str], form: dict[str, str]) -> Reply:
        assert headers["Accept"] == "application/json"
        if (form["client_id"], form["client_secret"]) != (CLIENT_ID, SECRET):
            return 200, {}, {"error": "incorrect_client_credentials"}
        asked = self._codes.pop(form["code"], None)
        if asked is None or not redeems({**form, "grant_type": "authorization_code"}, asked):
            return 200, {}, {"error": "bad_verification_code"}
        return 200, {}, {"access_token": "the access token", "scope": "read:user,user:email", "token_type": "bearer"}


FAKES: Mapping[str, type[OpenIdFake]] = {
    "google": OpenIdFake,
    "github": GitHubFake,
    "apple": AppleFake,
    "microsoft": MicrosoftFake,
    "acme": OpenIdFake,
}


def redeems(form: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    """Whether a code that was asked for so may be redeemed so (RFC 6749, 4.1.3; RFC 7636, 4.6)."""
    challenge = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
    same = form.get("redirect_uri") == asked["redirect_uri"] and challenge == asked["code_challenge"]
    return same and form.get("grant_type") == "authorization_code"


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, kid: str, **more: Any) -> dict[str, Any]:
    """The JWK of its public half."""
    if isinstance(key, rsa.RSAPrivateKey):
        jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**jwk, "kid": kid, "use": "sig", **more}


def sign_with(key: Any, algorithm: str) -> Callable[[dict[str, Any], dict[str, Any]], str]:
    """What signs claims under a header."""
    return lambda claims, header: api_jws.encode(json.dumps(claims).encode(), key, algorithm, headers=header)


@contextmanager
def providing(fake: OpenIdFake) -> Iterator[OpenIdFake]:
    """The fake, served for as long as the context is held."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            status, headers, said = fake.answer(self.command, self.path, dict(self.headers), body)
            content = (
                said if isinstance(said, bytes) else (said if isinstance(said, str) else json.dumps(said)).encode()
            )
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - their name

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with listening(Handler) as url:
        fake.url = url
        yield fake
