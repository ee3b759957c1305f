"""Reading a request for an authorization code (RFC 6749, 4.1.1; OpenID Connect Core, 3.1.2.1; RFC 7636; RFC 8707)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from vestibule.applications import errors, redirect_uris
from vestibule.applications.directory import find_application
from vestibule.applications.errors import Answer, OAuthError
from vestibule.applications.id_token_hints import read_hint
from vestibule.applications.metadata import AUTHORIZATION_CODE
from vestibule.applications.models import Application
from vestibule.applications.scopes import OFFLINE_ACCESS, known_scopes, split_scope
from vestibule.challenges.payloads import AuthorizationRequestPayload
from vestibule.conf import conf
from vestibule.sessions.access_tokens import AAL2

PROMPTS = ("none", "login", "consent", "create")
RESPONSE_MODES = ("query", "form_post")
MAX_LENGTH = 2048  # characters of any one parameter
MAX_RESOURCES = 10

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url (RFC 7636, 4.2)
_SECONDS = re.compile(r"[0-9]{1,9}")
_REPEATABLE = ("resource",)  # RFC 8707, 2

Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Reader:
    """The parameters of one request, each of which stands there once (RFC 6749, 3.1)."""

    given: Parameters = field(repr=False)

    def one(self, name: str) -> str:
        """Return the parameter; "" without one.

        Raises:
            InvalidRequest: it is there twice, or too long.
        """
        values = self.given.get(name, ())
        if len(values) > 1:
            raise errors.InvalidRequest(f"{name} is there more than once")
        if values and len(values[0]) > MAX_LENGTH:
            raise errors.InvalidRequest(f"{name} is too long")
        return values[0] if values else ""

    def check_none_repeated(self) -> None:
        """Check every parameter, also those that nobody reads.

        Raises:
            InvalidRequest: one is there twice, or too long.
        """
        for name in self.given:
            if name not in _REPEATABLE:
                self.one(name)


def find_trusted_address(given: Parameters) -> tuple[Application, Answer]:
    """Return the application of a request, and where its answers go.

    Raises:
        ApplicationUnknown: the application is unknown, or the address is not one of its own, byte for byte: nobody is
            redirected (RFC 9700, 4.11).
    """
    read = Reader(given)
    try:
        client_id, redirect_uri = read.one("client_id"), read.one("redirect_uri")
    except errors.InvalidRequest as error:
        raise errors.ApplicationUnknown from error
    application = find_application(client_id)
    if application is None or AUTHORIZATION_CODE not in application.grant_types:
        raise errors.ApplicationUnknown
    if not redirect_uris.is_registered(redirect_uri, application.redirect_uris, application.type):
        raise errors.ApplicationUnknown
    # What is there twice, or too long, `parse_request` finds to be an error, which goes to the address.
    once = {name: values[0] for name, values in given.items() if len(values) == 1 and len(values[0]) <= MAX_LENGTH}
    response_mode = once.get("response_mode", "")
    return application, Answer(
        redirect_uri=redirect_uri,
        response_mode=response_mode if response_mode in RESPONSE_MODES else "query",
        parameters={"state": once["state"]} if "state" in once else {},
    )


def parse_request(application: Application, answer: Answer, given: Parameters) -> AuthorizationRequestPayload:
    """Return the request, checked against its application.

    Raises:
        OAuthError: a parameter is wrong. The error names the parameter.
    """
    read = Reader(given)
    read.check_none_repeated()
    _refuse_unsupported(read)
    scope = parse_scope(application, read.one("scope"))
    return AuthorizationRequestPayload(
        application_id=application.pk,
        redirect_uri=answer.redirect_uri,
        response_mode=answer.response_mode,
        state=answer.parameters.get("state"),
        code_challenge=_parse_challenge(read),
        scope=scope,
        nonce=read.one("nonce") if "nonce" in given else None,
        resources=parse_resources(application, given.get("resource", ())),
        prompts=_parse_prompts(read.one("prompt")),
        max_age=_parse_max_age(read.one("max_age")),
        wants_second_factor=AAL2 in read.one("acr_values").split(" "),
        login_hint=read.one("login_hint")[:254],
        ui_locales=read.one("ui_locales")[:254],
        hinted_user_id=_parse_hint(application, read.one("id_token_hint")),
    )


def parse_scope(application: Application, text: str) -> list[str]:
    """Return the scopes that are asked for. Without any, they are all that the application may have, but that of
    staying signed in.

    Raises:
        InvalidScope: one is unknown, or not one of the application's.
    """
    allowed = [each for each in split_scope(application.scope) if each in known_scopes()]
    if not text:
        return [each for each in allowed if each != OFFLINE_ACCESS]
    asked = split_scope(text)
    if foreign := [each for each in asked if each not in allowed]:
        raise errors.InvalidScope(f"not a scope of this application: {foreign[0]}")
    return asked


def parse_resources(application: Application, given: Sequence[str]) -> list[str]:
    """Return the APIs that the access token is asked for.

    Raises:
        InvalidTarget: one is not one of the application's, nor open to all (RFC 8707, 2).
    """
    allowed = {*application.resources, *conf.oauth_resources}
    if len(given) > MAX_RESOURCES or any(each not in allowed for each in given):
        raise errors.InvalidTarget("the resource is unknown to this application")
    return list(dict.fromkeys(given))


def _refuse_unsupported(read: Reader) -> None:
    if read.one("request"):
        raise errors.RequestNotSupported("request objects are not supported")
    if read.one("request_uri"):
        raise errors.RequestUriNotSupported("only a request_uri of the pushed authorization request endpoint is read")
    if not (response_type := read.one("response_type")):
        raise errors.InvalidRequest("response_type is missing")
    if response_type != "code":
        raise errors.UnsupportedResponseType("only code is supported")
    if read.one("response_mode") not in ("", *RESPONSE_MODES):
        raise errors.InvalidRequest("response_mode must be query or form_post")


def _parse_challenge(read: Reader) -> str:
    """Return the challenge of S256, which every application sends (RFC 9700, 2.1.1)."""
    challenge, method = read.one("code_challenge"), read.one("code_challenge_method")
    if not challenge:
        raise errors.InvalidRequest("code_challenge is missing: PKCE with S256 is required")
    if method != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise errors.InvalidRequest("code_challenge_method must be S256")
    return challenge


def _parse_prompts(text: str) -> list[str]:
    prompts = split_scope(text)
    if any(each not in PROMPTS for each in prompts):
        raise errors.InvalidRequest(f"prompt must be of {' '.join(PROMPTS)}")
    if "none" in prompts and len(prompts) > 1:
        raise errors.InvalidRequest("prompt none stands alone")
    return prompts


def _parse_max_age(text: str) -> int | None:
    if text and not _SECONDS.fullmatch(text):
        raise errors.InvalidRequest("max_age must be seconds")
    return int(text) if text else None


def _parse_hint(application: Application, text: str) -> UUID | None:
    """Return the person whom the application expects to come, by an ID token that it got here."""
    if not text:
        return None
    hint = read_hint(text)
    if hint is None or hint.application.pk != application.pk:
        raise errors.InvalidRequest("id_token_hint is no ID token that this application got here")
    return hint.user_id


def refuse_by_redirect(error: OAuthError, answer: Answer) -> OAuthError:
    """Return the error as one that the browser brings to the application, with the issuer (RFC 9207)."""
    told = {"error": error.code} | ({"error_description": error.description} if error.description else {})
    error.answer = Answer(
        redirect_uri=answer.redirect_uri,
        response_mode=answer.response_mode,
        parameters={**told, **answer.parameters, "iss": conf.base_url},
    )
    return error
