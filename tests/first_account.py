"""A sign-up by the API and the mailbox of a service that may still be starting: `python3 first_account.py URL`.

It runs on the stock python of the machine that is tried, without any package.
"""

import json
import sys
import time
import urllib.request
from typing import Any

PATIENCE = 600  # seconds, for an installation before the start


def ask(url: str, body: dict[str, str] | None = None) -> Any:
    """The JSON answer to a GET, or to a POST of the body. Raises OSError, also for a refusal."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def sign_up(base: str) -> str:
    """The access token of a new account."""
    typed = {"email": "grace@example.com", "password": "a vestibule for everybody"}
    begun = ask(f"{base}/api/auth/register/start", typed)
    while not (letters := ask(f"{base}/dev/mailbox/?to=grace@example.com")["messages"]):
        time.sleep(0.1)
    proof = {"registration": begun["registration"], "otp": letters[0]["code"]}
    return str(ask(f"{base}/api/auth/register/confirm", proof)["access"])


def main(base: str) -> None:
    """Wait until it answers, then sign up."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            ask(f"{base}/health/live")
            break
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
    assert sign_up(base)


if __name__ == "__main__":
    main(sys.argv[1])
