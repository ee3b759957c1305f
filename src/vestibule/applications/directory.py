"""Finding applications: by the client id, and where their scripts run."""

from collections.abc import Collection
from urllib.parse import urlsplit

from vestibule.applications.models import Application, Source
from vestibule.applications.redirect_uris import redirect_origin
from vestibule.conf import conf
from vestibule.kernel.cached import Cached
from vestibule.storage.prepared import PreparedQuery

ORIGINS_KEPT_FOR = 5.0  # seconds for which a process caches the origins
MAX_CLIENT_ID_LENGTH = 512

_BY_CLIENT_ID = PreparedQuery(Application.objects.all(), "client_id")


def find_application(client_id: str) -> Application | None:
    """Return the application with this client id; none of a document where documents are not read."""
    if not 0 < len(client_id) <= MAX_CLIENT_ID_LENGTH or not (client_id.isascii() and client_id.isprintable()):
        return None  # RFC 6749, A.1: no store is asked for what none of them takes (NUL, a lone surrogate)
    found = _BY_CLIENT_ID.first(client_id)
    return found if found and is_read(found) else None


def name_applications(client_ids: Collection[str]) -> dict[str, str]:
    """Return the names of those that are still here, by client id."""
    return dict(Application.objects.filter(client_id__in=client_ids).values_list("client_id", "name"))


def is_read(application: Application) -> bool:
    """Return whether applications of this source count: those of a document only where documents are read."""
    return application.source != Source.DOCUMENT or conf.oauth_client_documents


def list_redirect_origins() -> frozenset[str]:
    """Return the origins of all registered redirect addresses of the web: scripts of those pages may ask for tokens."""
    return _origins.get()


def _load_redirect_origins() -> frozenset[str]:
    addresses = Application.objects.values_list("redirect_uris", flat=True)
    found = (uri for uris in addresses for uri in uris if urlsplit(uri).scheme in ("http", "https"))
    return frozenset(map(redirect_origin, found))


_origins = Cached(_load_redirect_origins, keep_for=ORIGINS_KEPT_FOR)
