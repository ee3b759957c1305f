"""Pages that belong to no flow: the brand's accent colour, and the meaning of each problem."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from vestibule.conf import conf
from vestibule.kernel.colours import WHITE
from vestibule.web.problems import PROBLEMS
from vestibule.web.templating import render


@require_safe
def accent_stylesheet(request: HttpRequest) -> HttpResponse:
    """`/house.css`: the colour of the brand and what follows from it, as a stylesheet (pages have no inline styles)."""
    brand = conf.brand
    shade = "rgb(0 0 0 / 12%)" if brand.on_color == WHITE else "rgb(255 255 255 / 24%)"
    css = (
        f":root{{--accent:{brand.color};--on-accent:{brand.on_color};--hover:{shade};"
        f"--accent-on-light:{brand.color_on_light};--accent-on-dark:{brand.color_on_dark}}}\n"
    )
    return HttpResponse(css, content_type="text/css", headers={"Cache-Control": "public, max-age=300"})


@require_safe
def explain_problem(request: HttpRequest, code: str) -> HttpResponse:
    """`/problems/<code>`: the page that the `type` of problem details points to."""
    if code not in PROBLEMS:
        raise Http404
    return render(request, "vestibule/pages/problem.html", {"code": code, "problem": PROBLEMS[code]})
