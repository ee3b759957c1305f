"""Every path: the API, the pages, and what is for whoever runs it."""

from django.urls import include, path

from vestibule.skins.admin.site import site

urlpatterns = [
    path("api/", include("vestibule.skins.api.urls")),
    path("admin/", site.urls),
    path("", include("vestibule.skins.ops.urls")),
    path("", include("vestibule.skins.pages.urls")),
]

handler400 = "vestibule.skins.failures.bad_request"
handler403 = "vestibule.skins.failures.permission_denied"
handler404 = "vestibule.skins.failures.not_found"
handler500 = "vestibule.skins.failures.server_error"
