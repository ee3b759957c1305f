"""The URL pattern that proxies ask. `web.middleware` removes a trailing slash before it is matched."""

from django.urls import path

from vestibule.web.proxy import check

app_name = "vestibule_proxy"
urlpatterns = [path("auth/check", check.check_access, name="check")]
