"""The table of rates at the edge. Each number is a default: `RATE_<NAME>` sets it, empty switches it off.

A rule may limit per client network (an IPv4 address, an IPv6 /64), per identifier (the address that somebody typed,
as a keyed digest) and overall. Over a rate per identifier nobody is refused, or strangers would keep its owner out: the
request is answered as usual, does the same work, and what strangers can cause is not sent; `RATE_<NAME>`,
`RATE_<NAME>_PER_IDENTIFIER` and `RATE_<NAME>_OVERALL`. A rule may also ask for a captcha: `CAPTCHA_<WHAT>` says the
word.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row: rates in words, like `10/minute;100/hour`; empty where the rule does not limit that way.

    `anonymous`: whether such a request is also counted against ANON; `hashes`: whether it costs a password hash, and
    is refused at the door while too many wait for one; `captcha`: what somebody does here, in CAPTCHAS, empty where no
    captcha is ever asked for.
    """

    name: str
    per_network: str = ""
    per_identifier: str = ""
    overall: str = ""
    counts_as_anonymous: bool = True
    costs_hash: bool = False
    captcha: str = ""


# Every request that nobody signed.
ANON = Rule(name="anon", per_network="100/hour")
# Each start sends a mail and costs a hash.
REGISTER_START = Rule(
    name="register_start",
    per_network="5/hour",
    per_identifier="20/hour",
    overall="3000/hour",
    costs_hash=True,
    captcha="register",
)
REGISTER = Rule(
    name="register",
    per_network="2/minute",
    per_identifier="20/hour",
    overall="3000/hour",
    costs_hash=True,
    captcha="register",
)
REGISTER_CONFIRM = Rule(name="register_confirm", per_network="10/hour")
# With the five starts that makes the 20 mails an hour that one network may cause.
REGISTER_RESEND = Rule(name="register_resend", per_network="15/hour")
# A tab that waits for a proof made elsewhere asks again and again; the sign-up's own handle is its ticket.
REGISTER_STATUS = Rule(name="register_status", per_network="600/minute", counts_as_anonymous=False)
# Beside the counts per account (limits.password_attempts): no network sprays passwords over many.
LOGIN = Rule(name="login", per_network="10/minute;100/hour", costs_hash=True, captcha="login")
PASSWORD_RESET = Rule(name="password_reset", per_network="10/hour", per_identifier="20/hour", captcha="password_reset")
PASSWORD_RESET_CONFIRM = Rule(name="password_reset_confirm", per_network="20/hour", costs_hash=True)
# Whoever holds a token: wide, for many people may share one network; it only bounds the work.
TOKEN = Rule(name="token", per_network="600/minute", counts_as_anonymous=False)
# Each page with a captcha asks for one; making it costs a digest.
CAPTCHA = Rule(name="captcha", per_network="120/minute", counts_as_anonymous=False)
# Whoever waits instead of solving (no JavaScript), and whoever comes while the captcha's vendor is down: both are let
# in, and few of them (docs/decisions/0021, 0022).
CAPTCHA_WAITED = Rule(name="captcha_waited", per_network="5/hour", overall="300/hour", counts_as_anonymous=False)
CAPTCHA_UNCHECKED = Rule(name="captcha_unchecked", per_network="5/hour", overall="300/hour", counts_as_anonymous=False)
# What strangers cause to be mailed by signing up; the network is the domain that it goes to (limits.sign_up_mails).
SIGN_UP_MAIL = Rule(name="sign_up_mail", per_network="1000/hour", overall="3000/hour", counts_as_anonymous=False)

RULES = (
    ANON,
    REGISTER_START,
    REGISTER,
    REGISTER_CONFIRM,
    REGISTER_RESEND,
    REGISTER_STATUS,
    LOGIN,
    PASSWORD_RESET,
    PASSWORD_RESET_CONFIRM,
    TOKEN,
    CAPTCHA,
    CAPTCHA_WAITED,
    CAPTCHA_UNCHECKED,
    SIGN_UP_MAIL,
)

# Messages per address that strangers can cause, over all kinds, counted exactly and silently (courier.allowances).
MAILS = Rule(name="mail", per_identifier="5/hour;10/day")
# Of those, what one network may cause: a stranger who signs up again and again leaves the owner some of the day.
MAILS_FROM_NETWORK = Rule(name="mail_from_network", per_identifier="6/day")
# What one network may cause at all addresses together.
MAILS_OF_NETWORK = Rule(name="mail_of_network", per_identifier="20/hour")
TEXTS = Rule(name="sms", per_identifier="3/hour;5/day")
# What an account itself causes, each kind with a way back of its own; more is told together, and none is lost.
OWN_MAILS = Rule(name="own_mail", per_identifier="20/hour")
# What SMS may cost (toll fraud), over codes and notices alike; RATE_LIMITS=off leaves these as they are.
SMS_NETWORK = Rule(name="sms_network", per_identifier="10/hour")
SMS_PREFIX = Rule(name="sms_prefix", per_identifier="20/hour")
SMS_TOTAL = Rule(name="sms_total", per_identifier="100/day")

CAPS = (MAILS, MAILS_FROM_NETWORK, MAILS_OF_NETWORK, TEXTS, OWN_MAILS, SMS_NETWORK, SMS_PREFIX, SMS_TOTAL)

# What a captcha may guard, and the word while `CAPTCHA_<NAME>` says none. `suspicious`: where a network has used up
# half of its rate, strangers failed at the account, or the whole system is under strain (captcha.verification).
NEVER, SUSPICIOUS, ALWAYS = "never", "suspicious", "always"
CAPTCHAS = {"register": NEVER, "login": NEVER, "password_reset": NEVER}
