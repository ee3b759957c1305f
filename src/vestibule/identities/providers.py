"""The table of providers: the facts of each that we know by name, and what the operator has configured of it.

A new provider of either protocol is one row of FACTS. Any other OpenID provider is configured by its issuer alone
(docs/social.md).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.urls import reverse

from vestibule.conf import conf
from vestibule.kernel import hosts
from vestibule.kernel.errors import NotFound

Protocol = Literal["oidc", "github"]
MANY_TENANTS = ("common", "organizations")
TENANT = "{tenantid}"  # stands in Microsoft's issuer for the tenant of the person
GITHUB, GITHUB_API = "https://github.com", "https://api.github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts:
    """What is true of a provider in every deployment.

    `proof_claim` names the claim whose JSON `true` says that the provider has proved the address. `domains` are those
    of which nobody but the provider can say whose an address is; `domain_claim` names the claim that says so of
    another. `trusted_hosts` are the provider's own beside that of its issuer. `events` is the form of the security
    events that it can send (`identities.security_events`).
    """

    label: str
    protocol: Protocol = "oidc"
    issuer: str = ""
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    response_mode: str = ""
    proof_claim: str = "email_verified"
    domains: frozenset[str] = frozenset()
    domain_claim: str = ""
    trusted_hosts: frozenset[str] = frozenset()
    events: Literal["", "risc", "apple"] = ""


# developers.google.com/identity/openid-connect, developer.apple.com/documentation/signinwithapplerestapi,
# learn.microsoft.com/entra/identity-platform (xms_edov: the tenant owns the address's domain), docs.github.com/apps
FACTS: Mapping[str, ProviderFacts] = MappingProxyType(
    {
        "google": ProviderFacts(
            label="Google",
            issuer="https://accounts.google.com",
            domains=frozenset({"gmail.com"}),
            domain_claim="hd",
            trusted_hosts=frozenset({"oauth2.googleapis.com", "www.googleapis.com", "openidconnect.googleapis.com"}),
            events="risc",
        ),
        "github": ProviderFacts(
            label="GitHub", protocol="github", issuer=GITHUB, scopes=("read:user", "user:email"), proof_claim="verified"
        ),
        "apple": ProviderFacts(
            label="Apple",
            issuer="https://appleid.apple.com",
            scopes=("openid", "email", "name"),
            response_mode="form_post",  # demanded where a scope asks for more than `openid`
            domains=frozenset({"privaterelay.appleid.com"}),
            events="apple",
        ),
        "microsoft": ProviderFacts(
            label="Microsoft",
            issuer=f"https://login.microsoftonline.com/{TENANT}/v2.0",
            proof_claim="xms_edov",
            trusted_hosts=frozenset({"graph.microsoft.com"}),
        ),
    }
)
_OTHER = ProviderFacts(label="")
# What may stand in the settings of a provider.
COMMON_NAMES = ("client_id", "client_secret", "label")
OIDC_NAMES = ("issuer", "native_client_ids", "trusted_amr")
EVENTS, ON, OFF = "events", "on", "off"
OWN_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "google": (*OIDC_NAMES, EVENTS),
        "github": ("url", "api_url"),
        "apple": (*OIDC_NAMES, EVENTS, "team_id", "key_id", "private_key"),
        "microsoft": (*OIDC_NAMES, "tenant"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)  # no repr: some of it is secret
class Provider:
    """A provider that is configured."""

    id: str
    name: str
    facts: ProviderFacts
    issuer: str
    client_id: str
    client_secret: str
    discovery_base: str  # where its discovery document is: the issuer, but for Microsoft's many tenants
    native_client_ids: frozenset[str]
    trusted_amr: frozenset[str]
    own: Mapping[str, str] = field(default_factory=dict)  # settings that one provider alone has

    @property
    def has_id_tokens(self) -> bool:
        """Whether it is an OpenID provider."""
        return self.facts.protocol == "oidc"

    @property
    def sends_events(self) -> bool:
        """Whether it tells of what happens to people's accounts there."""
        return self.own.get(EVENTS) == ON

    @property
    def audiences(self) -> frozenset[str]:
        """The ids of our clients there, those of apps included."""
        return self.native_client_ids | {self.client_id}

    def at(self, path: str) -> str:
        """Return the address of a path at the provider."""
        return f"{self.discovery_base.rstrip('/')}/{path}"

    @property
    def api_url(self) -> str:
        """The address of GitHub's API: its own host, or a path of an Enterprise server."""
        return self.own.get("api_url") or (GITHUB_API if self.issuer == GITHUB else self.at("api/v3"))

    @property
    def callback_url(self) -> str:
        """The address that is registered at the provider."""
        return f"{conf.base_url}{reverse('vestibule_pages:social_callback', args=[self.id])}"

    @property
    def events_url(self) -> str:
        """The address to which it pushes its events."""
        return f"{conf.base_url}{reverse('vestibule_api:social_event', args=[self.id])}"


def list_providers() -> tuple[Provider, ...]:
    """Return the configured providers, in the order of the settings."""
    return tuple(_read_provider(id, given) for id, given in conf.social.items())


def provider_name(id: str) -> str:
    """Return what people call the provider; "" if none with this id is configured."""
    return next((each.name for each in list_providers() if each.id == id), "")


def linked_provider_name(id: str) -> str:
    """Return what people call the provider of an identity, which may be configured no more."""
    return provider_name(id) or _label_of(id)


def find_provider(provider_id: str) -> Provider:
    """Return a configured provider.

    Raises:
        NotFound: none has this id.
    """
    given = conf.social.get(provider_id)
    if given is None:
        raise NotFound
    return _read_provider(provider_id, given)


def is_provider_url(text: str) -> bool:
    """Return whether a provider may have this address: https, or http on loopback, in plain ASCII, without a login and
    a fragment."""
    if not re.fullmatch(r"https?://[!-~]+", text) or set(text) & {"\\", "#"}:
        return False
    address = text.partition("?")[0].rstrip("/")
    if not hosts.is_http_url(address) or (parts := urlsplit(address)).username is not None:
        return False
    return parts.scheme == "https" or hosts.is_local(parts.hostname or "")


def read_private_key(text: str) -> EllipticCurvePrivateKey:
    """Return the key of a PEM text, whose line breaks may be written as `\\n`.

    Raises:
        ValueError: it is no EC key on P-256.
    """
    try:
        key = load_pem_private_key(text.replace("\\n", "\n").encode(), None)
    except TypeError as error:  # it is encrypted
        raise ValueError("no key") from error
    if not (isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1)):
        raise ValueError("no EC key on P-256")
    return key


def _read_provider(id: str, given: Mapping[str, str]) -> Provider:
    facts = FACTS.get(id, _OTHER)
    issuer = given.get("issuer") or given.get("url") or facts.issuer
    tenant = given.get("tenant", "common")
    return Provider(
        id=id,
        name=given.get("label") or _label_of(id),
        facts=facts,
        issuer=issuer if tenant in MANY_TENANTS else issuer.replace(TENANT, tenant),
        client_id=given.get("client_id", ""),
        client_secret=given.get("client_secret", ""),
        discovery_base=issuer.replace(TENANT, tenant),
        native_client_ids=frozenset(_split(given.get("native_client_ids", ""))),
        trusted_amr=frozenset(_split(given.get("trusted_amr", ""))),
        own={name: given[name] for name in given.keys() - {*COMMON_NAMES, *OIDC_NAMES}},
    )


def _label_of(id: str) -> str:
    return FACTS.get(id, _OTHER).label or id.replace("_", " ").title()


def _split(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]
