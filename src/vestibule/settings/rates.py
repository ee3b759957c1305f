"""How often: the rates and caps of `guards.rules`, each settable."""

from vestibule.guards import rates, rules
from vestibule.settings.place import env

RATE_LIMITS = env.switch("RATE_LIMITS", default=True)  # `off`: no rates at all, for benches and tests


def _rate(name: str, default: str) -> str:
    words = env.rate(name, default=default)
    return words if RATE_LIMITS else ""


RATES = {rule.name: rates.of_rule(rule, _rate) for rule in rules.RULES}
MESSAGES_PER_ADDRESS = {"email": rates.of_cap(rules.MAILS, _rate), "sms": rates.of_cap(rules.TEXTS, _rate)}
MAILS_FROM_NETWORK = rates.of_cap(rules.MAILS_FROM_NETWORK, _rate)
MAILS_OF_NETWORK = rates.of_cap(rules.MAILS_OF_NETWORK, _rate)
OWN_MESSAGES = {"email": rates.of_cap(rules.OWN_MAILS, _rate), "sms": MESSAGES_PER_ADDRESS["sms"]}


def _cost(name: str, default: str) -> str:
    return env.rate(name, default=default)


SMS_CAPS = {
    "network": rates.of_cap(rules.SMS_NETWORK, _cost),
    "prefix": rates.of_cap(rules.SMS_PREFIX, _cost),
    "total": rates.of_cap(rules.SMS_TOTAL, _cost),
}
