"""Settings of rates and caps: each of `limits.rules` can be set."""

from vestibule.limits import rules
from vestibule.service.settings.deployment import env

RATE_LIMITS = env.read_switch("RATE_LIMITS", default=True)  # `off`, for benches and tests: only SMS costs are capped
_COSTS = {cap.name for cap in rules.SMS_COST_CAPS}


def _read_given_rates() -> dict[str, str]:
    """Return what somebody set; a rate that nobody set has the default of its rule."""
    read = {name: env.read_rate(f"RATE_{name.upper()}", default=words) for name, words in rules.DEFAULT_RATES.items()}
    given = {name: words for name, words in read.items() if f"RATE_{name.upper()}" in env.environ}
    if RATE_LIMITS:
        return given
    costs = {name: words for name, words in given.items() if name in _COSTS}
    return dict.fromkeys(read.keys() - _COSTS, "") | costs


RATES = _read_given_rates()
