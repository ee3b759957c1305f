"""What reverse proxies ask before they let a request through: nginx `auth_request`, `forward_auth` of Caddy and
Traefik (docs/proxy.md)."""
