"""Settings of rates and caps: each of `limits.rules` can be set."""

from vestibule.limits import rates, rules
from vestibule.service.settings.deployment import env

RATE_LIMITS = env.read_switch("RATE_LIMITS", default=True)  # `off` is for benches and tests


def _read_rate_if_limited(name: str, default: str) -> str:
    words = env.read_rate(name, default=default)
    return words if RATE_LIMITS else ""


RATES = {rule.name: rates.parse_rule_rates(rule, _read_rate_if_limited) for rule in rules.RULES}
MESSAGES_PER_ADDRESS = {
    "email": rates.parse_cap_allowance(rules.MAILS, _read_rate_if_limited),
    "sms": rates.parse_cap_allowance(rules.TEXTS, _read_rate_if_limited),
}
MAILS_FROM_NETWORK = rates.parse_cap_allowance(rules.MAILS_FROM_NETWORK, _read_rate_if_limited)
MAILS_OF_NETWORK = rates.parse_cap_allowance(rules.MAILS_OF_NETWORK, _read_rate_if_limited)
OWN_MESSAGES = {
    "email": rates.parse_cap_allowance(rules.OWN_MAILS, _read_rate_if_limited),
    "sms": MESSAGES_PER_ADDRESS["sms"],
}


def _read_sms_cap(name: str, default: str) -> str:
    return env.read_rate(name, default=default)


SMS_CAPS = {
    "network": rates.parse_cap_allowance(rules.SMS_NETWORK, _read_sms_cap),
    "prefix": rates.parse_cap_allowance(rules.SMS_PREFIX, _read_sms_cap),
    "total": rates.parse_cap_allowance(rules.SMS_TOTAL, _read_sms_cap),
}
