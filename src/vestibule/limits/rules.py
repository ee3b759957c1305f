"""The table of rates at the edge. Each number is a default: `conf.rates` replaces it, an empty word there is none.

A rule may limit per client network (an IPv4 address, an IPv6 /64), per identifier (the typed address, as a keyed
digest) and overall: in `conf.rates` `<name>`, `<name>_per_identifier`, `<name>_overall`. A request over the rate per
identifier is not refused, or strangers could keep the owner out: it gets the usual answer after the same work, but
messages that strangers can cause are not sent. A rule may also require a captcha (`conf.captchas`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row: rates in words, like `10/minute;100/hour`; empty if the rule does not limit that way.

    `counts_as_anonymous`: the request is also counted against ANON. `costs_hash`: it costs a password hash, and is
    refused early while too many wait for one. `captcha`: the entry of CAPTCHAS that applies, empty if no captcha is
    ever required.
    """

    name: str
    per_network: str = ""
    per_identifier: str = ""
    overall: str = ""
    counts_as_anonymous: bool = True
    costs_hash: bool = False
    captcha: str = ""


# Every request without a session.
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
# A browser tab polls while it waits for a proof made elsewhere; only a holder of the sign-up's handle can ask.
REGISTER_STATUS = Rule(name="register_status", per_network="600/minute", counts_as_anonymous=False)
# In addition to the counts per account (limits.password_attempts): bounds spraying over many accounts.
LOGIN = Rule(name="login", per_network="10/minute;100/hour", costs_hash=True, captcha="login")
# In addition to the budget of the account (limits.ledger): only clients whose first factor was right get that far.
LOGIN_MFA = Rule(name="login_mfa", per_network="30/minute;300/hour")
# A sign-in page asks for a challenge each time it is shown, and many people may share a network.
LOGIN_PASSKEY_OPTIONS = Rule(name="login_passkey_options", per_network="60/minute;1000/hour", counts_as_anonymous=False)
# A passkey cannot be guessed: this bounds the work.
LOGIN_PASSKEY = Rule(name="login_passkey", per_network="30/minute;300/hour")
# Each start sends a mail. The guesses of its code are counted by address, too (limits.ledger).
LOGIN_MAGIC_START = Rule(name="login_magic_start", per_network="10/hour", per_identifier="20/hour", captcha="login")
LOGIN_MAGIC_CONFIRM = Rule(name="login_magic_confirm", per_network="20/hour")
# Each visit to another provider may cost a request to it, and each callback three.
SOCIAL_START = Rule(name="social_start", per_network="30/minute;300/hour")
SOCIAL_CALLBACK = Rule(name="social_callback", per_network="30/minute;300/hour")
# Handles, codes and ID tokens cannot be guessed: this bounds the work.
SOCIAL = Rule(name="social", per_network="30/minute;300/hour")
# A provider pushes what happened to all its people from a few networks. Signatures cannot be guessed.
SOCIAL_EVENT = Rule(name="social_event", per_network="600/minute", counts_as_anonymous=False)
# It sends a mail, like a sign-up, and costs no hash.
SOCIAL_EMAIL = Rule(name="social_email", per_network="5/hour", per_identifier="20/hour", captcha="register")
PASSWORD_RESET = Rule(name="password_reset", per_network="10/hour", per_identifier="20/hour", captcha="password_reset")
PASSWORD_RESET_CONFIRM = Rule(name="password_reset_confirm", per_network="20/hour", costs_hash=True)
# Of a browser that an application sends, or of an application that proves nothing: each may keep a request.
OAUTH_AUTHORIZE = Rule(name="oauth_authorize", per_network="60/minute;1000/hour", counts_as_anonymous=False)
# Each keeps a code, also for who needs no secret: it bounds how many there are to guess at.
OAUTH_DEVICE = Rule(name="oauth_device", per_network="60/minute;600/hour", counts_as_anonymous=False)
# Requests of applications, of which many may share a host. Nothing of theirs can be guessed: this bounds the work.
OAUTH = Rule(name="oauth", per_network="1200/minute", counts_as_anonymous=False)
# Documents of applications that are read for those who come from them. `per_identifier` counts per host of a document:
# more are refused, so that nobody floods it through us.
CLIENT_DOCUMENT = Rule(
    name="client_document",
    per_network="10/minute;60/hour",
    per_identifier="10/minute;60/hour",
    overall="600/hour",
    counts_as_anonymous=False,
)
# Applications that register themselves. Each makes a row, which is kept for a week.
OAUTH_REGISTER = Rule(name="oauth_register", per_network="10/hour", overall="100/hour", counts_as_anonymous=False)
# Requests with a token. The rate only bounds the work; it is high because many people may share a network.
TOKEN = Rule(name="token", per_network="600/minute", counts_as_anonymous=False)
# A page behind a proxy is asked about once for each of its files.
AUTH_CHECK = Rule(name="auth_check", per_network="6000/minute", counts_as_anonymous=False)
# Each page with a captcha requests a challenge, which costs a digest.
CAPTCHA = Rule(name="captcha", per_network="120/minute", counts_as_anonymous=False)
# Clients that wait instead of solving a captcha (no JavaScript), and clients that come while the captcha's vendor is
# down: a few are admitted (docs/decisions/0021, 0022).
CAPTCHA_WAITED = Rule(name="captcha_waited", per_network="5/hour", overall="300/hour", counts_as_anonymous=False)
CAPTCHA_UNCHECKED = Rule(name="captcha_unchecked", per_network="5/hour", overall="300/hour", counts_as_anonymous=False)
# Mails that strangers cause by signing up. `per_network` counts per recipient domain here (limits.sign_up_mails).
SIGN_UP_MAIL = Rule(name="sign_up_mail", per_network="1000/hour", overall="3000/hour", counts_as_anonymous=False)

RULES = (
    ANON,
    REGISTER_START,
    REGISTER,
    REGISTER_CONFIRM,
    REGISTER_RESEND,
    REGISTER_STATUS,
    LOGIN,
    LOGIN_MFA,
    LOGIN_PASSKEY_OPTIONS,
    LOGIN_PASSKEY,
    SOCIAL_START,
    SOCIAL_CALLBACK,
    SOCIAL,
    SOCIAL_EVENT,
    SOCIAL_EMAIL,
    LOGIN_MAGIC_START,
    LOGIN_MAGIC_CONFIRM,
    PASSWORD_RESET,
    PASSWORD_RESET_CONFIRM,
    OAUTH_AUTHORIZE,
    OAUTH_DEVICE,
    OAUTH,
    CLIENT_DOCUMENT,
    OAUTH_REGISTER,
    TOKEN,
    AUTH_CHECK,
    CAPTCHA,
    CAPTCHA_WAITED,
    CAPTCHA_UNCHECKED,
    SIGN_UP_MAIL,
)

# Messages per address that strangers can cause, over all kinds, counted exactly and silently (courier.allowances).
MAILS = Rule(name="mail", per_identifier="5/hour;10/day")
# Of those, how many one network may cause, so that a stranger who signs up again and again leaves some to the owner.
MAILS_FROM_NETWORK = Rule(name="mail_from_network", per_identifier="6/day")
# How many one network may cause to all addresses together.
MAILS_OF_NETWORK = Rule(name="mail_of_network", per_identifier="20/hour")
TEXTS = Rule(name="sms", per_identifier="3/hour;5/day")
# Messages that an account itself causes; each kind with an undo link has its own count. More go into a digest.
OWN_MAILS = Rule(name="own_mail", per_identifier="20/hour")
# Limits on SMS costs (toll fraud), for codes and notices alike. RATE_LIMITS=off does not affect them.
SMS_NETWORK = Rule(name="sms_network", per_identifier="10/hour")
SMS_PREFIX = Rule(name="sms_prefix", per_identifier="20/hour")
SMS_TOTAL = Rule(name="sms_total", per_identifier="100/day")

SMS_COST_CAPS = (SMS_NETWORK, SMS_PREFIX, SMS_TOTAL)
CAPS = (MAILS, MAILS_FROM_NETWORK, MAILS_OF_NETWORK, TEXTS, OWN_MAILS, *SMS_COST_CAPS)

# Every name in `conf.rates`, and the words that count where it is not there.
DEFAULT_RATES = {cap.name: cap.per_identifier for cap in CAPS}
for _rule in RULES:
    DEFAULT_RATES[_rule.name] = _rule.per_network
    DEFAULT_RATES[f"{_rule.name}_per_identifier"] = _rule.per_identifier
    DEFAULT_RATES[f"{_rule.name}_overall"] = _rule.overall

# When a captcha is required. `suspicious`: when a network has used half of its
# rate, strangers failed at the account, or the whole system is under attack (captcha.verification).
NEVER, SUSPICIOUS, ALWAYS = "never", "suspicious", "always"
CAPTCHAS = ("register", "login", "password_reset")  # what one can protect
