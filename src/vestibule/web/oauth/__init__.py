"""How applications reach the service: the endpoints of OAuth 2.0 and OpenID Connect. The pages that a person sees on
the way are those of `web.pages`."""
