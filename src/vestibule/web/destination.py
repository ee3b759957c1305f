"""Where the browser goes when its person is signed in: back to an application, or to one of our own pages.

It is named by the request that begins a flow, as `return_to` or `next`, and goes along in the forms and links of its
pages (`{% carried_destination %}`, `{% url_with_destination %}`). Each request checks it anew. What is not allowed is
ignored: it is neither followed nor repeated (CWE-601; OWASP Unvalidated Redirects and Forwards).

Where a mail lies between, a signed cookie keeps it for the browser that asked for the mail.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.urls import NoReverseMatch, reverse

from vestibule.applications.redirect_uris import redirect_origin
from vestibule.applications.waiting_requests import find_waiting_request
from vestibule.conf import conf
from vestibule.kernel.return_urls import add_to_query, is_return_url
from vestibule.kernel.sealing import Unsealable
from vestibule.web.cookies import delete_cookie, set_cookie

RETURN_TO, NEXT = "return_to", "next"  # fields: the address of an application; any destination
COOKIE_PURPOSE = "destination"
KEPT_FOR = timedelta(hours=6)  # as long as a mailed link lives
MAX_PATH, MAX_PARAMETERS = 4096, 100
MAX_IN_COOKIE = 2700  # browsers drop a cookie over 4096 bytes (RFC 6265bis, 5.6); it is kept in base64
# A path on our host with its query, in ASCII (RFC 3986). A browser reads a second slash or a backslash as a host.
_PATH = re.compile(r"/(?!/)[!-\"$-\[\]-~]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the browser goes: `url` is the address of an application, or a path on our host with its query.

    `name` is what the pages call it; "" for our own pages. `logo_url` is the application's mark. `form_origin` is where
    our forms may lead for its sake: browsers hold also the redirects after a form to `form-action` (CSP 3, 6.4.2).
    """

    url: str
    name: str = ""
    logo_url: str = ""
    form_origin: str = ""

    @property
    def field(self) -> str:
        """The name of the field or parameter that carries `url`."""
        return NEXT if self.url.startswith("/") else RETURN_TO


def _describe_link(path: str) -> Destination:
    """The page that links an identity leads on, and speaks in the name of where it leads."""
    carried = QueryDict(path.partition("?")[2])
    is_nested = _single_value(carried, NEXT).startswith(reverse("vestibule_pages:link_identity"))
    onward = None if is_nested else _find_in(carried)  # read once, however deep a stranger nests them
    return replace(onward, url=path) if onward else Destination(url=path)


def _describe_own_page(path: str) -> Destination:
    return Destination(url=path)


def _describe_authorization(path: str) -> Destination | None:
    """Describe a request of an application that waits for its person (`applications.waiting_requests`)."""
    query = QueryDict(urlsplit(path).query)
    found = find_waiting_request(query.get("client_id", ""), query.get("request_uri", ""))
    if found is None:
        return None
    application, redirect_uri = found
    return Destination(url=path, name=application.name, form_origin=redirect_origin(redirect_uri))


# The pages of ours that may be a destination, by the name of the URL that their path is or begins with; and how each is
# described, from its path with the query. None means that the path is no destination.
OWN_PAGES: Mapping[str, Callable[[str], Destination | None]] = MappingProxyType(
    {
        "vestibule_admin:index": _describe_own_page,
        "vestibule_pages:link_identity": _describe_link,
        "vestibule_pages:device": _describe_own_page,
        "vestibule_oauth:authorize": _describe_authorization,
    }
)


def read_destination(request: HttpRequest) -> Destination | None:
    """Return the destination that the form names, else the query, else what `resume_destination` found; None if none
    of them names one that is allowed."""
    if not hasattr(request, "_destination"):
        set_destination(request, _find_in_form(request) or _find_in(request.GET))
    found: Destination | None = request._destination  # type: ignore[attr-defined]  # set just now
    return found


def _find_in_form(request: HttpRequest) -> Destination | None:
    """The destination that the form names. One that cannot be read names none: the page that says so looks, too."""
    try:
        return _find_in(request.POST)
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        return None


def set_destination(request: HttpRequest, destination: Destination | None) -> None:
    """Let the rest of this request have this destination, whatever it names itself."""
    request._destination = destination  # type: ignore[attr-defined]  # as Django's middleware does with `user`


def find_destination(url: str) -> Destination | None:
    """Return the destination with this address, if it is allowed."""
    if url.startswith("/"):
        return _find_own_page(url)
    if not is_return_url(url, conf.return_origins):
        return None
    parts = urlsplit(url)
    return Destination(url=url, name=parts.netloc, form_origin=f"{parts.scheme}://{parts.netloc}")


def url_with_destination(destination: Destination | None, name: str, **parameters: str) -> str:
    """Return the address of the page of ours with this URL name, with these parameters, carrying the destination."""
    url = add_to_query(reverse(name), **parameters) if parameters else reverse(name)
    return carry_destination(destination, url)


def carry_destination(destination: Destination | None, url: str) -> str:
    """Return this address of ours with the destination in its query, if there is one."""
    return add_to_query(url, **{destination.field: destination.url}) if destination else url


def redirect_with_destination(request: HttpRequest, name: str, status: int = 302) -> HttpResponse:
    """Redirect to that page of the flow."""
    return HttpResponseRedirect(url_with_destination(read_destination(request), name), status=status)


def go_on(request: HttpRequest, otherwise: str) -> HttpResponse:
    """Redirect to the destination, at the end of the flow; without one, to this page of ours."""
    found = read_destination(request)
    response = HttpResponseRedirect(found.url if found else otherwise, status=303)
    return _forget_destination(request, response)


def remember_destination(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Keep the destination in this browser for when the link of a mail is opened. One of an older mail is forgotten."""
    found = read_destination(request)
    if found is None or len(found.url) > MAX_IN_COOKIE:
        return _forget_destination(request, response)
    signed = conf.keys.sign(COOKIE_PURPOSE, found.url.encode())
    set_cookie(response, conf.destination_cookie_name, signed, KEPT_FOR)
    return response


def resume_destination(request: HttpRequest) -> None:
    """Take the destination that this browser keeps, if the request names none: for a page that a mail leads to."""
    if read_destination(request) is None and conf.destination_cookie_name in request.COOKIES:
        set_destination(request, find_destination(_remembered_url(request)))


def _find_in(sent: QueryDict) -> Destination | None:
    return_to, anywhere = _single_value(sent, RETURN_TO), _single_value(sent, NEXT)
    return (None if return_to.startswith("/") else find_destination(return_to)) or find_destination(anywhere)


def _single_value(sent: QueryDict, field: str) -> str:
    """Return the value of a field; "" if it is there twice: what stands before us may have read the other one."""
    values = sent.getlist(field)
    return str(values[0]) if len(values) == 1 else ""


def is_own_path(path: str) -> bool:
    """Return whether every browser reads this as a path on our host, with its query, and as the one that stands here,
    which dots are not (WHATWG URL, 4.4)."""
    if len(path) > MAX_PATH or path.count("&") >= MAX_PARAMETERS or not _PATH.fullmatch(path):
        return False
    segments = unquote(path.partition("?")[0]).split("/")
    return not any(segment in (".", "..") for segment in segments)


def _find_own_page(path: str) -> Destination | None:
    if not is_own_path(path):
        return None
    place = path.partition("?")[0]
    for name, describe in OWN_PAGES.items():
        start = _reverse_or_none(name)
        if start and (place == start or place.startswith(f"{start.rstrip('/')}/")):
            return describe(path)
    return None


def _reverse_or_none(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:  # a project that has not included it
        return None


def _remembered_url(request: HttpRequest) -> str:
    try:
        return conf.keys.unsign(COOKIE_PURPOSE, request.COOKIES[conf.destination_cookie_name]).decode()
    except Unsealable:
        return ""


def _forget_destination(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if conf.destination_cookie_name in request.COOKIES:
        delete_cookie(response, conf.destination_cookie_name)
    return response
