"""All URL patterns: the API, the pages, the admin, and the paths for operators."""

from django.urls import include, path

from vestibule.web.admin.site import site

urlpatterns = [
    path("api/", include("vestibule.web.api.urls")),
    path("admin/", site.urls),
    path("", include("vestibule.service.ops.urls")),
    path("", include("vestibule.web.pages.urls")),
]

handler400 = "vestibule.web.error_responses.bad_request"
handler403 = "vestibule.web.error_responses.permission_denied"
handler404 = "vestibule.web.error_responses.not_found"
handler500 = "vestibule.web.error_responses.server_error"
