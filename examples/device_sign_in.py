"""A terminal program signs its person in by the device flow (RFC 8628), with nothing but Python.

    python device_sign_in.py https://id.example.com CLIENT_ID

The application is one of type `native` with the grant `urn:ietf:params:oauth:grant-type:device_code`.
"""

import json
import sys
import time
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "openid profile email"


def main(issuer: str, client_id: str) -> int:
    """Sign the person in, and say who it is."""
    server = send(f"{issuer}/.well-known/openid-configuration")
    asked = send(server["device_authorization_endpoint"], client_id=client_id, scope=SCOPE)
    print(f"Open {asked['verification_uri']} and type {asked['user_code']}", flush=True)
    print(f"or open {asked['verification_uri_complete']}", flush=True)
    tokens = wait_for_tokens(server["token_endpoint"], client_id, asked)
    if "error" in tokens:
        print(f"Not signed in: {tokens['error']}", file=sys.stderr)
        return 1
    person = send(server["userinfo_endpoint"], bearer=tokens["access_token"])
    print(f"Signed in as {person.get('email', person['sub'])}")
    return 0


def wait_for_tokens(endpoint: str, client_id: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Ask until the person has answered, no faster than the server wants it (RFC 8628, 3.5)."""
    interval = asked.get("interval", 5)
    while True:
        time.sleep(interval)
        answer = send(endpoint, client_id=client_id, grant_type=GRANT, device_code=asked["device_code"])
        error = answer.get("error")
        if error == "slow_down":
            interval += 5
        elif error not in ("authorization_pending", "temporarily_unavailable"):
            return answer


def send(url: str, bearer: str = "", **form: str) -> dict[str, Any]:
    """Ask the server: POST if there is a form, else GET."""
    request = Request(url, data=urlencode(form).encode() if form else None)
    if bearer:
        request.add_header("Authorization", f"Bearer {bearer}")
    try:
        with urlopen(request, timeout=30) as response:
            found: dict[str, Any] = json.load(response)
    except HTTPError as refused:
        found = json.load(refused)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/"), sys.argv[2]))
