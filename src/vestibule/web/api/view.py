"""The base of the API's views, which admits each request: anonymous, or with `Authorization: Bearer <access>`.

The access token comes in that header alone, neither in a cookie nor in the query (RFC 6750, 2.1).
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from vestibule.addresses.address import Address
from vestibule.kernel.client import Client
from vestibule.limits import rules
from vestibule.web.api.operation_schema import OperationSchema, Security
from vestibule.web.api.parsing import StrictJSONParser
from vestibule.web.api.problems import handle_exception
from vestibule.web.bearer import admit_bearer
from vestibule.web.edge import admit

_TAKES_JSON = ("*/*", "application/json")
_default_headers: dict[type[APIView], dict[str, str]] = {}


class ApiView(APIView):
    """A view of the API. `http_request` is Django's request, which DRF wraps in one of its own. A view that is open to
    a person whose role needs a second factor, before they have set up one, says so by `open_before_enrolment`. A view
    whose need of a token is not what its problems tell says it by `openapi_security`."""

    http_request: HttpRequest
    open_before_enrolment: ClassVar[bool] = False
    openapi_security: ClassVar[Security | None] = None
    # Said here and not in REST_FRAMEWORK, which belongs to the project.
    parser_classes: Sequence[type[BaseParser]] = (StrictJSONParser,)
    renderer_classes: Sequence[type[BaseRenderer]] = (JSONRenderer,)
    authentication_classes = ()
    permission_classes = ()
    format_kwarg = None  # no path of ours ends in a format
    schema = OperationSchema()

    def get_exception_handler(self) -> Callable[..., HttpResponse | None]:
        """Answer every exception with problem details."""
        return handle_exception

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Keep Django's request, and return DRF's."""
        self.http_request = request
        return super().initialize_request(request, *args, **kwargs)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        """Return the renderer and its media type. Who takes everything gets the first, without a search."""
        if request.META.get("HTTP_ACCEPT", "*/*") in _TAKES_JSON and not request.META.get("QUERY_STRING"):
            renderer = self.renderer_classes[0]()
            if renderer.media_type == "application/json":
                return renderer, renderer.media_type
        chosen: tuple[BaseRenderer, str] = super().perform_content_negotiation(request, force)
        return chosen

    @property
    def default_response_headers(self) -> dict[str, str]:
        """Return `Allow`. DRF looks for every method anew at each request."""
        found = _default_headers.get(type(self))
        if found is None:
            found = _default_headers[type(self)] = super().default_response_headers
        return dict(found)  # DRF takes some out

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Choose the renderer. Who asks, whether they may and how often is what `admit` says; there are no versions."""
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)

    def admit(
        self, rule: rules.Rule, address: Address | None = None, *, captcha: str = "", rule_varies: bool = False
    ) -> Client:
        """Admit the request without asking who sent it (`web.edge.admit`)."""
        return admit(self.http_request, rule, address, captcha=captcha, rule_varies=rule_varies)

    def admit_bearer(self) -> Client:
        """Return the Client of a signed-in request.

        Raises:
            Unauthenticated: no token was sent.
            CredentialInvalid: the token was not issued by this service.
            CredentialExpired: the token is too old.
            SessionRevoked: the session of the token is not live.
            EnrolmentRequired: the account has to set up a second factor first.
            Throttled: the rate for signed-in requests is used up.
            Unavailable: the rates cannot be counted.
        """
        return admit_bearer(self.http_request, rules.TOKEN, before_enrolment=self.open_before_enrolment)
