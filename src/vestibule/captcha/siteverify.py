"""Verification of an answer by a captcha's vendor: `siteverify`, which Turnstile, hCaptcha and reCAPTCHA share.

A request takes at most three seconds, in a thread pool of its own. After a failure the vendor is not asked for ten
seconds, so that a vendor that hangs blocks few threads.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from vestibule.captcha.vendors import VENDORS
from vestibule.conf import conf
from vestibule.kernel.client import Client
from vestibule.kernel.errors import CaptchaInvalid
from vestibule.kernel.http_client import Answer, fetch_configured

TIMEOUT = 3.0  # seconds, in all
PAUSE_AFTER_FAILURE = timedelta(seconds=10)
LEAST_SCORE = 0.5  # of reCAPTCHA v3: developers.google.com/recaptcha/docs/v3
TOO_MANY_REQUESTS = 429
MAX_RESPONSE_BYTES = 65_536
# Errors that are not the person's fault: the vendor's own, or keys that do not match.
_VENDOR_ERRORS = {"internal-error", "missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch"}

_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="captcha")


class VendorDown(Exception):
    """The vendor cannot be asked: it does not answer in time or as documented, or refuses our keys. `refuses_us` says
    that it answers others but refuses us because we asked too often, which a stranger can cause."""

    def __init__(self, why: str, *, refuses_us: bool = False) -> None:
        super().__init__(why)
        self.refuses_us = refuses_us


@dataclass(slots=True)
class _Outage:
    until: datetime | None = None  # None while it answers
    refuses_us: bool = False


_outage = _Outage()


def check_response(client: Client, response: str, purpose: str) -> None:
    """Check that the vendor accepts an answer that was given on a page of ours.

    Raises:
        CaptchaInvalid: the vendor refuses the answer, or it was given elsewhere or for another purpose.
        VendorDown: the vendor cannot be asked.
    """
    if _outage.until and client.at < _outage.until:
        raise VendorDown("left alone", refuses_us=_outage.refuses_us)
    if _outage.until:
        _outage.until = client.at + PAUSE_AFTER_FAILURE  # this request tries; others skip the vendor meanwhile
    try:
        answer = _ask_vendor(client, response)
    except VendorDown as down:
        _outage.until, _outage.refuses_us = client.at + PAUSE_AFTER_FAILURE, down.refuses_us
        raise
    forget_outage()
    if answer["success"] is not True or not _is_for_us(answer, purpose):
        raise CaptchaInvalid


def forget_outage() -> None:
    """Note that the vendor answers."""
    _outage.until = None


def _is_for_us(answer: dict[str, Any], purpose: str) -> bool:
    """Return whether the answer was given on a host of ours, for this purpose, and with a sufficient score, as far as
    the vendor tells."""
    host, action, score = (answer.get(name) for name in ("hostname", "action", "score"))
    return (
        (not host or host in (conf.host, *conf.captcha_hosts))
        and (not action or action == purpose)
        and (not isinstance(score, int | float) or score >= LEAST_SCORE)
    )


def _ask_vendor(client: Client, response: str) -> dict[str, Any]:
    """Return the vendor's answer.

    Raises:
        VendorDown: the vendor cannot be asked.
    """
    form = {"secret": conf.captcha_secret_key, "response": response}
    if client.ip_address:
        form["remoteip"] = client.ip_address
    if conf.captcha_provider == "hcaptcha":
        form["sitekey"] = conf.captcha_site_key  # so that answers from other sites' widgets are refused
    url = conf.captcha_verify_url or VENDORS[conf.captcha_provider].verify_url
    asking = _pool.submit(_post_form, url, urlencode(form, errors="replace").encode())
    try:
        answered = asking.result(timeout=TIMEOUT)  # the look-up of its name included
    except OSError as error:  # the TimeoutErrors are OSErrors
        asking.cancel()
        raise VendorDown(type(error).__name__) from error
    if answered.status >= 500 or answered.status == TOO_MANY_REQUESTS:
        raise VendorDown(str(answered.status), refuses_us=answered.status == TOO_MANY_REQUESTS)
    try:
        answer = json.loads(answered.body)  # a 4xx has a body of the same form
    except ValueError as error:
        raise VendorDown(type(error).__name__) from error
    if not isinstance(answer, dict) or "success" not in answer:
        raise VendorDown("no answer of theirs")
    if troubles := _VENDOR_ERRORS & set(_error_codes(answer.get("error-codes"))):
        raise VendorDown(", ".join(sorted(troubles)))
    return answer


def _post_form(url: str, form: bytes) -> Answer:
    headers = {"Accept": "application/json"}
    return fetch_configured(url, timeout=TIMEOUT, max_bytes=MAX_RESPONSE_BYTES, data=form, headers=headers)


def _error_codes(codes: Any) -> list[str]:
    return [code for code in codes if isinstance(code, str)] if isinstance(codes, list) else []
