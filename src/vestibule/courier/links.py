"""The addresses that messages link to."""

from django.urls import reverse

from vestibule.conf import conf
from vestibule.kernel.linked_pages import LinkedPage


def page_url(page: LinkedPage, token: str = "") -> str:
    """Return the URL of a page that a message links to: ours, or the front end's if it has it (FRONTEND_PAGES), under
    the same path. It is built from FRONTEND_URL or BASE_URL, never from a Host header."""
    path, query = reverse(f"vestibule_pages:{page}"), f"?token={token}" if token else ""
    if conf.frontend_url and page in conf.frontend_pages:
        return f"{conf.frontend_url}/{path.removeprefix(reverse('vestibule_pages:home')).strip('/')}{query}"
    return f"{conf.base_url}{path}{query}"
