"""GitHub: OAuth 2 with PKCE, and the person by its API (docs.github.com/apps, docs.github.com/rest/users). The subject
is the number of the account: handles and addresses change hands."""

from collections.abc import Mapping
from typing import Any

from vestibule.identities.answers import Callback, ProviderAnswer
from vestibule.identities.oidc import read_tokens
from vestibule.identities.person import describe_person
from vestibule.identities.provider_http import ProviderConnection
from vestibule.identities.providers import Provider
from vestibule.identities.signed_tokens import is_subject
from vestibule.kernel.errors import TokenInvalid


def authorization_endpoint(provider: Provider) -> str:
    """Return where a sign-in begins."""
    return provider.at("login/oauth/authorize")


def check_issuer(provider: Provider, parameters: Mapping[str, str]) -> None:
    """Check that the answer in the browser, where it names its issuer, comes from GitHub (RFC 9207, 2.4). The issuer in
    its metadata is that of its OAuth server (RFC 8414), not that of the people.

    Raises:
        TokenInvalid: another issuer answers.
    """
    own = (provider.issuer, provider.at("login/oauth"))
    if parameters.get("iss", provider.issuer) not in own:
        raise TokenInvalid


def redeem_code(connection: ProviderConnection, callback: Callback, *, code_verifier: str) -> ProviderAnswer:
    """Exchange the code, once, and return the person whose token it gives.

    Raises:
        TokenInvalid: GitHub refuses the code.
        Unavailable: GitHub does not answer, or refuses us.
    """
    provider = connection.provider
    form = {
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        "code": callback.code,
        "redirect_uri": provider.callback_url,
        "code_verifier": code_verifier,
    }
    tokens = read_tokens(connection, *connection.post(provider.at("login/oauth/access_token"), form, {}))
    api, token = provider.api_url, tokens["access_token"]
    person = connection.get(f"{api}/user", token)
    number = person.get("id") if isinstance(person, dict) else None
    if type(number) is not int or number <= 0 or not is_subject(str(number)):
        raise connection.unavailable("no person")
    said = {"name": person.get("name"), "preferred_username": person.get("login")}
    address = _find_primary(connection.get(f"{api}/user/emails?per_page=100", token))
    return describe_person(provider, provider.issuer, str(number), [{**address, **said}], tokens=tokens)


def _find_primary(emails: object) -> Mapping[str, Any]:
    """Return the primary address with the word whether it is verified; others are not what the person goes by."""
    listed = emails if isinstance(emails, list) else []
    return next((each for each in listed if isinstance(each, dict) and each.get("primary") is True), {})
