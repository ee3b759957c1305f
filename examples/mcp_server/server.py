"""An MCP server whose tools are for people who have signed in at vestibule.

OIDC_ISSUER=https://accounts.example.com MCP_URL=http://127.0.0.1:8001/mcp python server.py
"""

import os
from typing import Any
from urllib.parse import urlsplit

import jwt
from anyio import to_thread
from mcp.server import MCPServer
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings

ISSUER = os.environ["OIDC_ISSUER"]
URL = os.environ["MCP_URL"]  # of this server, as OAUTH_RESOURCES names it: the audience of its tokens
SCOPE = "notes.read"  # of OAUTH_SCOPES

NOTES = ["Buy milk", "Call Grace"]


class Verifier:
    """Verifies access tokens (RFC 9068) with the published keys. One that ended early counts until its ten minutes are
    over; a server for which that is too long asks `/oauth/introspect` instead."""

    def __init__(self) -> None:
        self.keys = jwt.PyJWKClient(f"{ISSUER}/.well-known/jwks.json")

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return who the token is of; None if it is none for this server."""
        try:
            claims = await to_thread.run_sync(self._decode, token)
        except jwt.PyJWTError:
            return None
        return AccessToken(
            token=token,
            client_id=claims["client_id"],
            scopes=claims["scope"].split(),
            expires_at=claims["exp"],
            resource=URL,
            subject=claims["sub"],
            claims=claims,
        )

    def _decode(self, token: str) -> dict[str, Any]:
        if jwt.get_unverified_header(token).get("typ") != "at+jwt":  # an ID token is none
            raise jwt.InvalidTokenError
        key = self.keys.get_signing_key_from_jwt(token).key
        required = ["exp", "sub", "client_id", "scope"]
        claims: dict[str, Any] = jwt.decode(
            token, key, ["ES256"], audience=URL, issuer=ISSUER, options={"require": required}
        )
        return claims


server = MCPServer(
    "Notes",
    token_verifier=Verifier(),
    auth=AuthSettings.model_validate(
        {
            "issuer_url": ISSUER,
            "resource_server_url": URL,
            "required_scopes": [SCOPE],
            "validate_token_resource": True,
        }
    ),
)


@server.tool()
def list_notes() -> str:
    """The notes of the person who is signed in."""
    token = get_access_token()
    return f"{token.subject if token else 'nobody'}: {', '.join(NOTES)}"


if __name__ == "__main__":
    where = urlsplit(URL)
    server.run("streamable-http", host=where.hostname or "", port=where.port or 8001, streamable_http_path=where.path)
