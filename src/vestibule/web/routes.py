"""Where our URLs stand in this project, for what has to know before a request is resolved, or when it resolves to
nothing. All of it follows from the names of the URLs: a project includes them under whatever prefix it likes."""

from dataclasses import dataclass
from functools import cache
from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, reverse

BODY_LIMIT = 64 * 1024  # bytes
LONGER_BODIES = {  # bytes, by the name of the URL
    "vestibule_ops:mail_feedback": 1024 * 1024,  # a mail provider reports many messages at once
    "vestibule_pages:picture": 5 * 1024 * 1024 + BODY_LIMIT,
    "vestibule_api:me_picture": 5 * 1024 * 1024 + BODY_LIMIT,
}


@dataclass(frozen=True, slots=True)
class Routes:
    """Beginnings of paths, without the prefix of the script."""

    machine: tuple[str, ...]  # asked for by programs: answered in JSON
    pages_beside_programs: tuple[str, ...]  # of persons, though they begin so
    health: tuple[str, ...]
    internal: tuple[str, ...]  # asked for by a pod's address or a service's name, where nobody has a certificate
    admin: tuple[str, ...]
    any_host: tuple[str, ...]  # asked by proxies as well, by whatever host
    keys: tuple[str, ...]  # beside the keys that verify our tokens
    pages_of_programs: tuple[str, ...]  # among those of `machine`
    longer_bodies: tuple[tuple[str, int], ...]


def expects_json(request: HttpRequest) -> bool:
    """Return whether the request is for a program."""
    routes, path = _routes(settings.ROOT_URLCONF), request.path_info
    return path.startswith(routes.machine) and path not in routes.pages_beside_programs


def is_page_of_programs(request: HttpRequest) -> bool:
    """Return whether the path is a page, though it stands among those of programs."""
    return request.path_info in _routes(settings.ROOT_URLCONF).pages_of_programs


def is_health(request: HttpRequest) -> bool:
    """Return whether the path says how the process is."""
    return request.path_info.startswith(_routes(settings.ROOT_URLCONF).health)


def is_internal(request: HttpRequest) -> bool:
    """Return whether kubelets, Prometheus and other services ask for this path by whatever host. Its answer builds no
    link, and says nothing of the host."""
    return request.path_info.startswith(_routes(settings.ROOT_URLCONF).internal)


def takes_any_host(request: HttpRequest) -> bool:
    """Return whether the path is answered by whatever host: an internal one, or the one that proxies ask, some of which
    pass on the host of the site before which they stand."""
    return request.path_info.startswith(_routes(settings.ROOT_URLCONF).any_host)


def is_admin(request: HttpRequest) -> bool:
    """Return whether the path is one of the admin's."""
    return request.path_info.startswith(_routes(settings.ROOT_URLCONF).admin)


def is_beside_keys(request: HttpRequest) -> bool:
    """Return whether the path stands beside the keys that verify our tokens."""
    return request.path_info.startswith(_routes(settings.ROOT_URLCONF).keys)


def is_ours(request: HttpRequest) -> bool:
    """Return whether a view of ours answers the request, and not one of the project that we live in."""
    match = request.resolver_match
    return match is not None and any(name.startswith("vestibule_") for name in match.namespaces)


def longer_bodies() -> tuple[tuple[str, int], ...]:
    """Return the beginnings of the paths that take more than BODY_LIMIT, and how many bytes each takes."""
    return _routes(settings.ROOT_URLCONF).longer_bodies


# The endpoints of applications, which stand beside pages of persons.
_PROGRAMS = ("token", "introspect", "userinfo", "par", "device_authorization", "revoke", "register")


@cache
def _routes(urlconf: str) -> Routes:
    check = _find("vestibule_proxy:check")
    keys, health, metrics = _find("vestibule_oauth:jwks"), _find("vestibule_ops:live"), _find("vestibule_ops:metrics")
    programs = tuple(path for name in _PROGRAMS for path in _find(f"vestibule_oauth:{name}"))
    return Routes(
        machine=_folder(_find("vestibule_api:schema")) + _folder(health) + _folder(keys) + metrics + check + programs,
        pages_beside_programs=_find("vestibule_pages:change_password"),
        health=_folder(health),
        internal=_folder(health) + metrics + keys,
        admin=_find("vestibule_admin:index"),
        any_host=_folder(health) + metrics + keys + check,
        keys=_folder(keys),
        pages_of_programs=_find("vestibule_api:docs"),
        longer_bodies=tuple((start, limit) for name, limit in LONGER_BODIES.items() for start in _find(name)),
    )


def _find(name: str) -> tuple[str, ...]:
    """The path of that URL, without the prefix of the script; none where this project has not included it."""
    try:
        return (reverse(name).removeprefix(get_script_prefix().rstrip("/")),)
    except NoReverseMatch:
        return ()


def _folder(paths: tuple[str, ...]) -> tuple[str, ...]:
    """What they stand in."""
    return tuple(urljoin(path, ".") for path in paths)
