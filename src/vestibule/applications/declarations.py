"""Applications that are declared in a file (docs/applications.md): TOML, a table for each, named by its client id.

[applications.shop]
name = "Shop"
type = "web"
redirect_uris = ["https://shop.example.com/back"]
secret_digests = ["…"]  # SHA-256, 64 hexadecimal digits: the file holds no secret
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from vestibule.applications.client_secrets import MAX_SECRETS
from vestibule.applications.metadata import SECRET_METHODS, Metadata, parse_metadata
from vestibule.kernel.errors import FieldError, Invalid

_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """An application of the file. `secret_digests` are the SHA-256 digests of its secrets."""

    client_id: str
    metadata: Metadata
    secret_digests: frozenset[bytes] = frozenset()


def parse_declarations(text: str) -> list[Declaration]:
    """Return the applications of a file, by their client ids in order.

    Raises:
        ValueError: the text is no TOML.
        Invalid: an application is malformed; the fields are named `<client id>.<name>`.
    """
    document = tomllib.loads(text)
    tables = document.get("applications", {})
    wrong = {name: [FieldError("invalid", "unknown_name")] for name in document if name != "applications"}
    if not isinstance(tables, Mapping):
        wrong["applications"] = [FieldError("invalid", "type_wrong")]
    if wrong:
        raise Invalid(wrong)
    found: list[Declaration] = []
    for client_id, table in sorted(tables.items()):
        try:
            found.append(_parse_declaration(client_id, table))
        except Invalid as invalid:
            wrong |= {f"{client_id}.{name}": [*errors] for name, errors in invalid.fields.items()}
    digests = [digest for each in found for digest in each.secret_digests]
    if len(set(digests)) < len(digests):
        wrong["applications"] = [FieldError("invalid", "secret_shared")]
    if wrong:
        raise Invalid(wrong)
    return found


def _parse_declaration(client_id: str, table: object) -> Declaration:
    if not _CLIENT_ID.fullmatch(client_id):
        raise Invalid({"client_id": [FieldError("invalid", "client_id_malformed")]})
    if not isinstance(table, Mapping):
        raise Invalid({"client_id": [FieldError("invalid", "type_wrong")]})
    metadata = parse_metadata({name: value for name, value in table.items() if name != "secret_digests"})
    digests = table.get("secret_digests", [])
    if not isinstance(digests, list) or not all(isinstance(each, str) and _DIGEST.fullmatch(each) for each in digests):
        raise Invalid({"secret_digests": [FieldError("invalid", "secret_digest_malformed")]})
    if len(digests) > MAX_SECRETS:
        raise Invalid({"secret_digests": [FieldError("invalid", "too_many", {"n": MAX_SECRETS})]})
    has_secrets = metadata.token_endpoint_auth_method in SECRET_METHODS
    if has_secrets and not digests:
        raise Invalid({"secret_digests": [FieldError("required", "secret_digest_required")]})
    if digests and not has_secrets:
        raise Invalid({"secret_digests": [FieldError("impossible", "application_without_secrets")]})
    return Declaration(
        client_id=client_id, metadata=metadata, secret_digests=frozenset(bytes.fromhex(each) for each in digests)
    )
