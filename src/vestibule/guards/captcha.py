"""Whether somebody must show that they are a person, and whether they did: at the rules' word, before what costs."""

import re
from dataclasses import replace

from django.conf import settings
from django.db import InterfaceError, OperationalError

from vestibule.audit import events
from vestibule.audit.record import record
from vestibule.guards import altcha, counters, once, patience, siteverify, strain
from vestibule.guards import passwords as tries
from vestibule.guards.passwords import Account
from vestibule.guards.rules import ALWAYS, CAPTCHA_UNCHECKED, NEVER, SUSPICIOUS, Rule
from vestibule.guards.siteverify import VendorDown
from vestibule.guards.vendors import OURS
from vestibule.kernel.client import Client
from vestibule.kernel.errors import CaptchaInvalid, CaptchaRequired, Throttled, Unavailable

LONGEST = 8192  # characters of an answer; hCaptcha's are of several thousand
# As every vendor makes them. Whatever else somebody types is wrong, and no vendor is asked, who might break on it.
_ANSWER = re.compile(rf"[!-~]{{1,{LONGEST}}}", re.ASCII)


def ask(client: Client, rule: Rule, given: str) -> Client:
    """The client, vouched for where a captcha was solved. `given` is what came with the request: a captcha's answer, a
    ticket of patience, or nothing. What is given is checked also where nothing was asked for.

    Raises CaptchaRequired, CaptchaInvalid, Throttled, Unavailable.
    """
    word = settings.CAPTCHAS.get(rule.captcha, NEVER)
    if word == NEVER:
        return client
    try:
        if given:
            _check(client, given, rule.captcha)
            return replace(client, vouched=True)
        if word == ALWAYS or counters.worn(rule, network=client.network) or strain.strained(client.at):
            raise CaptchaRequired
    except (OperationalError, InterfaceError) as error:
        raise Unavailable from error
    except (CaptchaRequired, CaptchaInvalid) as refusal:
        record(events.CAPTCHA_REFUSED, client, code=refusal.code, rule=rule.name)
        raise
    return client


def asked_of_strangers(client: Client, account: Account) -> CaptchaRequired | None:
    """What a stranger is told where several passwords in a row were wrong for this name; None where nothing is asked:
    of a device that its person signed in from, or of a client that solved one."""
    asked = settings.CAPTCHAS["login"] == SUSPICIOUS and not client.vouched
    return CaptchaRequired(subject=account.key) if asked and tries.strange(account, client.at) else None


def _check(client: Client, given: str, purpose: str) -> None:
    if not _ANSWER.fullmatch(given):
        raise CaptchaInvalid
    if patience.is_ticket(given):
        patience.check(client, given, purpose)
    elif settings.CAPTCHA_PROVIDER == OURS:
        altcha.check(given, purpose, client.at)
    else:
        try:
            siteverify.check(client, given, purpose)
        except VendorDown as trouble:
            _let_a_few_in(client, trouble)
        once.use(given.encode(errors="replace"), client.at)


def _let_a_few_in(client: Client, trouble: VendorDown) -> None:
    """A vendor that is down closes no house and opens none: few get in, per network and in all (docs/decisions/0022);
    nobody, while it refuses us because we asked too often: a stranger may be who made us. Raises Unavailable."""
    record(events.CAPTCHA_VENDOR_DOWN, client, code=settings.CAPTCHA_PROVIDER, why=str(trouble))
    if trouble.of_ours:
        raise Unavailable(retry_after=int(siteverify.LEFT_ALONE.total_seconds()))
    try:
        counters.hit(CAPTCHA_UNCHECKED, network=client.network)
    except Throttled as refusal:
        raise Unavailable(retry_after=60) from refusal
