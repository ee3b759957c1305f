"""All URL patterns: the API, the pages, the admin, and the paths for operators."""

from django.conf import settings
from django.urls import include, path

from vestibule.web.admin.site import site
from vestibule.web.pages import pictures

urlpatterns = [
    path(settings.API_PATH, include("vestibule.web.api.urls")),
    path(settings.ADMIN_PATH, site.urls),
    path("", include("vestibule.service.ops.urls")),
    path("", include("vestibule.web.oauth.urls")),
    path("", include("vestibule.web.proxy.urls")),
    path("", include("vestibule.web.pages.urls")),
    path(f"{settings.MEDIA_PATH}pictures/<str:name>", pictures.serve_picture),
]

handler400 = "vestibule.web.error_responses.bad_request"
handler403 = "vestibule.web.error_responses.permission_denied"
handler404 = "vestibule.web.error_responses.not_found"
handler500 = "vestibule.web.error_responses.server_error"
