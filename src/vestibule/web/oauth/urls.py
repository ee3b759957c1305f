"""The URL patterns of OAuth 2.0 and OpenID Connect."""

from django.urls import path

from vestibule.web.oauth import authorize, endpoints, metadata, registration

app_name = "vestibule_oauth"
urlpatterns = [
    path("oauth/token", endpoints.issue_tokens, name="token"),
    path("oauth/introspect", endpoints.introspect, name="introspect"),
    path("oauth/userinfo", endpoints.show_userinfo, name="userinfo"),
    path("oauth/authorize", authorize.start_authorization, name="authorize"),
    path("oauth/par", endpoints.push_request, name="par"),
    path("oauth/device", endpoints.start_device, name="device_authorization"),
    path("oauth/revoke", endpoints.revoke, name="revoke"),
    path("oauth/register", registration.register, name="register"),
    path(".well-known/jwks.json", metadata.show_jwks, name="jwks"),
    path(".well-known/openid-configuration", metadata.show_metadata, name="openid_configuration"),
    path(".well-known/oauth-authorization-server", metadata.show_metadata, name="server_metadata"),
]
