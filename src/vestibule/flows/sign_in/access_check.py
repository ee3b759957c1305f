"""Who may pass a proxy that asks before it lets a request through to a site."""

from collections.abc import Collection
from dataclasses import dataclass

from vestibule.accounts.models import User
from vestibule.conf import conf
from vestibule.flows.flow import flow
from vestibule.kernel import errors
from vestibule.kernel.access_rules import AccessRule, Ambiguous, find_rule, parse_target
from vestibule.kernel.client import Client
from vestibule.sessions.assertions import sign_assertion


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The site behind the proxy: its origin and host, and the path with query that is asked for."""

    origin: str
    host: str
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Who may pass, and the assertion for the site."""

    user: User
    assertion: str


@flow("access.check")
def check_access(*, client: Client, site: Site | None, scopes: Collection[str] | None) -> Passed:
    """Let the client pass to the site. None is a site that no trusted proxy named: where there are rules, nobody
    passes. `scopes` are those of the API key that was sent; None for a session, which is its person's own.

    Raises:
        Unauthenticated: the client is not signed in.
        NotAllowed: no rule lets the client pass, or the address is ambiguous.
        Unavailable: the database cannot be reached.
    """
    user = client.account
    if not isinstance(user, User):
        raise errors.Unauthenticated
    if conf.auth_check_rules and not _may_pass(user, scopes, _find_rule(site)):
        raise errors.NotAllowed
    audience = site.origin if site else conf.base_url
    assertion = sign_assertion(user, client.at, audience=audience, amr=client.amr, scopes=scopes)
    return Passed(user=user, assertion=assertion)


def _find_rule(site: Site | None) -> AccessRule | None:
    try:
        return find_rule(conf.auth_check_rules, parse_target(site.host, site.uri)) if site else None
    except Ambiguous:
        return None


def _may_pass(user: User, scopes: Collection[str] | None, rule: AccessRule | None) -> bool:
    if rule is None or (rule.roles is not None and user.role not in rule.roles):
        return False
    return scopes is None or set(rule.scopes) <= set(scopes)
