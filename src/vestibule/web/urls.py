"""All that people and programs reach, under one prefix: `path("auth/", include("vestibule.web.urls"))`."""

from django.urls import include, path

urlpatterns = [
    path("api/", include("vestibule.web.api.urls")),
    path("", include("vestibule.web.oauth.urls")),
    path("", include("vestibule.web.proxy.urls")),
    path("", include("vestibule.web.pages.urls")),
]
