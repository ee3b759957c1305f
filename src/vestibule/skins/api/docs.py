"""`/api/docs`: Swagger UI from our own assets; its start-up script is a file, so that no inline script is needed."""

from drf_spectacular.views import SpectacularSwaggerSplitView


class Page(SpectacularSwaggerSplitView):
    """The page, and with `?script` the script that starts it."""

    url_name = "schema"
    template_name = "pages/docs.html"
