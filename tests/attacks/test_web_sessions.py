"""The cookie of a page's session opens a page's session, and no other."""

from uuid import UUID

from tests.world import Api, Http, Inbox
from vestibule.conf import conf
from vestibule.sessions.models import Session
from vestibule.web.cookies import SESSION_PURPOSE

ADA = "ada@example.com"


def shown_to(id: UUID) -> str:
    """Where a browser ends that shows a cookie, rightly signed, of this session."""
    http = Http()
    http.cookies[conf.session_cookie_name] = conf.keys.sign(SESSION_PURPOSE, id.bytes)
    return str(http.get("/account/").headers.get("Location", "here"))


def test_tok_05_a_session_of_the_api_is_none_of_the_pages(api: Api, inbox: Inbox) -> None:
    """TOK-22: the `sid` of an access token stands in the token for every service to read. Whoever could get one signed
    as a cookie would still be nobody at the pages; an admin's API session opens no admin."""
    api.account(inbox, ADA)
    of_api = Session.objects.get(user__email=ADA, is_page=False)
    assert shown_to(of_api.pk) == "/login/"
    Session.objects.filter(pk=of_api.pk).update(is_page=True)
    assert shown_to(of_api.pk) == "here"
