"""Whether a client must solve a captcha, and whether it did, checked before expensive work."""

import re
from dataclasses import replace

from django.db import InterfaceError, OperationalError

from vestibule.audit import events
from vestibule.audit.record import record_event
from vestibule.captcha import altcha, attack_level, replay, siteverify, wait_ticket
from vestibule.captcha.siteverify import VendorDown
from vestibule.captcha.vendors import ALTCHA
from vestibule.conf import conf
from vestibule.kernel.client import Client
from vestibule.kernel.errors import CaptchaInvalid, CaptchaRequired, Throttled, Unavailable
from vestibule.limits import password_attempts, rate_counters
from vestibule.limits.password_attempts import CountedAccount
from vestibule.limits.rules import ALWAYS, CAPTCHA_UNCHECKED, NEVER, SUSPICIOUS, Rule

LONGEST_ANSWER = 8192  # characters of an answer; hCaptcha's are of several thousand
# The form of every vendor's answers. Anything else is refused without asking the vendor.
_ANSWER_FORM = re.compile(rf"[!-~]{{1,{LONGEST_ANSWER}}}", re.ASCII)


def require_captcha(client: Client, rule: Rule, answer: str) -> Client:
    """Return the client, marked as `captcha_solved` if it solved a captcha.

    `answer` is a captcha's answer, a wait ticket, or empty. An answer is checked even if none was required.

    Raises:
        CaptchaRequired: a captcha is required and none was answered, or the wait ticket is too young.
        CaptchaInvalid: the answer is wrong, too old, or was used before.
        Throttled: too many clients of this network, or in all, waited instead of solving.
        Unavailable: a store cannot be reached, or the vendor cannot be asked.
    """
    word = conf.captchas.get(rule.captcha, NEVER)
    if word == NEVER:
        return client
    try:
        if answer:
            _check_answer(client, answer, rule.captcha)
            return replace(client, captcha_solved=True)
        if (
            word == ALWAYS
            or rate_counters.is_half_used(rule, network=client.network, relaxed=client.is_developer)
            or attack_level.is_under_attack(client.at)
        ):
            raise CaptchaRequired
    except (OperationalError, InterfaceError) as error:
        raise Unavailable from error
    except (CaptchaRequired, CaptchaInvalid) as refusal:
        record_event(events.CAPTCHA_REFUSED, client, code=refusal.code, rule=rule.name)
        raise
    return client


def captcha_refusal(client: Client, account: CountedAccount) -> CaptchaRequired | None:
    """Return the refusal for strangers after several wrong passwords in a row for this name, or None if no captcha is
    required: for a known device of the person, or a client that solved one."""
    asked = conf.captcha_login == SUSPICIOUS and not client.captcha_solved
    if asked and password_attempts.has_suspicious_failures(account, client.at):
        return CaptchaRequired(subject=account.key)
    return None


def _check_answer(client: Client, answer: str, purpose: str) -> None:
    if not _ANSWER_FORM.fullmatch(answer):
        raise CaptchaInvalid
    if wait_ticket.is_ticket(answer):
        wait_ticket.check_ticket(client, answer, purpose)
    elif conf.captcha_provider == ALTCHA:
        altcha.check_solution(answer, purpose, client.at)
    else:
        try:
            siteverify.check_response(client, answer, purpose)
        except VendorDown as trouble:
            _admit_unchecked(client, trouble)
        replay.consume_answer(answer.encode(errors="replace"), client.at)


def _admit_unchecked(client: Client, trouble: VendorDown) -> None:
    """Admit a few clients while the vendor is down, per network and in all (docs/decisions/0022). Admit none while the
    vendor refuses us because we asked too often, which a stranger can cause.

    Raises:
        Unavailable: the client is not admitted.
    """
    record_event(events.CAPTCHA_VENDOR_DOWN, client, code=conf.captcha_provider, why=str(trouble))
    if trouble.refuses_us:
        raise Unavailable(retry_after=int(siteverify.PAUSE_AFTER_FAILURE.total_seconds()))
    try:
        rate_counters.count_request(CAPTCHA_UNCHECKED, network=client.network, relaxed=client.is_developer)
    except Throttled as refusal:
        raise Unavailable(retry_after=60) from refusal
