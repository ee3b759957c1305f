"""What the provider of `tests/toolkit_service.py` says of a person."""

from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator


class Validator(OAuth2Validator):  # type: ignore[misc]  # it has no types
    """The claims; all else is the toolkit's."""

    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        """Whoever is signed in."""
        user = request.user
        return {"sub": user.username, "email": user.email, "email_verified": True, "name": user.first_name}
