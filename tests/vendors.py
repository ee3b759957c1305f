"""The vendors' HTTP APIs as documented, on local ports: Twilio's Messages, Postmark's Email and webhooks, captchas."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Protocol
from urllib.parse import parse_qs
from uuid import uuid4

Answer = tuple[int, dict[str, Any] | str]


class Vendor(Protocol):
    """What can be served."""

    def answer(self, path: str, headers: Mapping[str, str], body: str) -> Answer:
        """The status and the JSON (or the text) for one request."""


@contextmanager
def serving(vendor: Vendor) -> Iterator[str]:
    """Serve it for as long as the context is held, at the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            status, answer = vendor.answer(self.path, dict(self.headers), body)
            content = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain" if isinstance(answer, str) else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - their name

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with listening(Handler) as url:
        yield url


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """An HTTP server for as long as the context is held, at the URL; it looks often whether it is to end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Twilio:
    """twilio.com/docs/messaging/api/message-resource. `sent` holds the parameters of each message that it took;
    `trouble` (status, code, words) answers every request."""

    SID, TOKEN, SENDER = f"AC{'0' * 32}", "the auth token", "+15005550006"
    NO_NUMBER, UNSUBSCRIBED = "+15005550001", "+15005550004"  # their own magic numbers for tests

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.trouble: tuple[int, int, str] | None = None

    def answer(self, path: str, headers: Mapping[str, str], body: str) -> Answer:
        """The status and the JSON for one POST."""
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if path != f"/2010-04-01/Accounts/{self.SID}/Messages.json":
            return self._error(404, 20404, f"The requested resource {path} was not found")
        if headers.get("Authorization") != "Basic " + b64encode(f"{self.SID}:{self.TOKEN}".encode()).decode():
            return self._error(401, 20003, "Authenticate")
        if self.trouble:
            return self._error(*self.trouble)
        if "From" not in form and "MessagingServiceSid" not in form:
            return self._error(400, 21603, "A 'From' phone number is required.")
        if form["To"] == self.NO_NUMBER:
            return self._error(400, 21211, f"The 'To' number {form['To']} is not a valid phone number.")
        if form["To"] == self.UNSUBSCRIBED:
            return self._error(400, 21610, "Attempt to send to unsubscribed recipient")
        self.sent.append(form)
        message = {"sid": f"SM{len(self.sent):032x}", "account_sid": self.SID, "status": "queued", "error_code": None}
        return 201, {**message, "to": form["To"], "body": form["Body"], "from": form.get("From")}

    def _error(self, status: int, code: int, message: str) -> Answer:
        more_info = f"https://www.twilio.com/docs/errors/{code}"
        return status, {"code": code, "message": message, "more_info": more_info, "status": status}


class Pwned:
    """haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange. `asked` holds the path of each request."""

    def __init__(self, *passwords: str) -> None:
        self.asked: list[str] = []
        self.status = 200
        self._digests = [sha1(password.encode()).hexdigest().upper() for password in passwords]

    def answer(self, path: str, headers: Mapping[str, str], body: str) -> Answer:
        """The suffixes of this prefix with their counts, and padding."""
        self.asked.append(path)
        prefix = path.rpartition("/")[2]
        found = [f"{digest[5:]}:7" for digest in self._digests if digest.startswith(prefix)]
        return self.status, "\r\n".join([*found, f"{'0' * 35}:0", f"{'A' * 35}:12"])


class SiteVerify:
    """The `siteverify` of Turnstile, hCaptcha and reCAPTCHA, as each documents it:
    developers.cloudflare.com/turnstile/get-started/server-side-validation, docs.hcaptcha.com,
    developers.google.com/recaptcha/docs/verify.

    `solved` holds the tokens that their widget gave out, each good once; `says` is added to an answer; `status` is that
    of every answer; while `hangs` is set nobody gets any."""

    SITE_KEY, SECRET = "the site key", "the secret key"
    SEEN = {"hcaptcha": "already-seen-response"}

    def __init__(self, name: str) -> None:
        self.name = name
        self.solved: set[str] = set()
        self.asked: list[dict[str, str]] = []
        self.says: dict[str, Any] = {}
        self.status = 200
        self.hangs = False
        self.let_go = Event()

    def answer(self, path: str, headers: Mapping[str, str], body: str) -> Answer:
        """Whether the token is one, and for the first time."""
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.asked.append(form)
        if self.hangs:
            self.let_go.wait(timeout=30)
        if self.status >= 500:
            return self.status, "Bad gateway"
        return self.status, self._answer(headers, form)

    def _answer(self, headers: Mapping[str, str], form: dict[str, str]) -> dict[str, Any]:
        if headers.get("Content-Type") != "application/x-www-form-urlencoded":
            return self._no("bad-request")
        if form.get("secret") != self.SECRET:
            return self._no("invalid-input-secret")
        if self.name == "hcaptcha" and form.get("sitekey", self.SITE_KEY) != self.SITE_KEY:
            return self._no("sitekey-secret-mismatch")
        if not form.get("response", "").startswith("token"):
            return self._no("invalid-input-response")
        if form["response"] not in self.solved:
            return self._no(self.SEEN.get(self.name, "timeout-or-duplicate"))
        self.solved.remove(form["response"])
        return {"success": True, "challenge_ts": "2026-03-01T12:00:00Z", "hostname": "testserver", **self.says}

    def _no(self, code: str) -> dict[str, Any]:
        return {"success": False, "error-codes": [code]}


class Postmark:
    """postmarkapp.com/developer/api/email-api. `sent` holds each mail that it took, with the MessageID it gave."""

    TOKEN = "the server token"

    def __init__(self) -> None:
        self.url = ""
        self.sent: list[dict[str, Any]] = []

    def answer(self, path: str, headers: Mapping[str, str], body: str) -> Answer:
        """The status and the JSON for one POST."""
        if path != "/email" or headers.get("X-Postmark-Server-Token") != self.TOKEN:
            return 401, {"ErrorCode": 10, "Message": "Bad or missing Server API token."}
        mail = {**json.loads(body), "MessageID": str(uuid4())}
        self.sent.append(mail)
        return 200, {"To": mail["To"], "MessageID": mail["MessageID"], "ErrorCode": 0, "Message": "OK"}

    def bounce(self, mail: Mapping[str, Any], **change: Any) -> dict[str, Any]:
        """What their webhook posts when this mail came back
        (postmarkapp.com/developer/webhooks/bounce-webhook)."""
        return {
            "RecordType": "Bounce",
            "ID": 42,
            "Type": "HardBounce",
            "TypeCode": 1,
            "MessageID": mail["MessageID"],
            "Metadata": mail["Metadata"],
            "Description": "The server was unable to deliver your message.",
            "Email": mail["To"],
            "BouncedAt": "2026-03-01T12:00:05Z",
            **change,
        }

    def delivery(self, mail: Mapping[str, Any]) -> dict[str, Any]:
        """What it posts when the mail arrived (postmarkapp.com/developer/webhooks/delivery-webhook)."""
        return {
            "RecordType": "Delivery",
            "MessageID": mail["MessageID"],
            "Metadata": mail["Metadata"],
            "Recipient": mail["To"],
            "DeliveredAt": "2026-03-01T12:00:05Z",
            "Details": "250 OK",
        }

    def complaint(self, mail: Mapping[str, Any]) -> dict[str, Any]:
        """What it posts when the recipient pressed "spam"."""
        return self.bounce(mail, RecordType="SpamComplaint", Type="SpamComplaint", TypeCode=512)
