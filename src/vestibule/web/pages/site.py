"""Pages that belong to no flow: the start, the brand's accent colour, and the meaning of each problem."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from vestibule.conf import conf
from vestibule.web.accent import render_accent
from vestibule.web.compression import KEPT_FOREVER
from vestibule.web.pages.session_cookie import is_signed_in
from vestibule.web.problems import PROBLEMS
from vestibule.web.templating import render


@require_safe
def lead_home(request: HttpRequest) -> HttpResponse:
    """`/`: who is signed in goes to the account, anybody else to the sign-in."""
    page = "account" if is_signed_in(request) else "login"
    return HttpResponseRedirect(reverse(f"vestibule_pages:{page}"))


@require_safe
def accent_stylesheet(request: HttpRequest) -> HttpResponse:
    """`/house.css`: the colour of the brand and what follows from it, as a stylesheet (pages have no inline styles).

    Pages name it with the digest of its content, and then a browser keeps it.
    """
    stylesheet = render_accent(conf.brand)
    version = stylesheet.digest
    kept = KEPT_FOREVER if request.GET.get("v") == version else "public, max-age=300"
    return HttpResponse(stylesheet.content, content_type="text/css", headers={"Cache-Control": kept})


@require_safe
def explain_problem(request: HttpRequest, code: str) -> HttpResponse:
    """`/problems/<code>`: the page that the `type` of problem details points to."""
    if code not in PROBLEMS:
        raise Http404
    return render(request, "vestibule/pages/problem.html", {"code": code, "problem": PROBLEMS[code]})
