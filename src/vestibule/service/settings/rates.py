"""Settings of rates and caps: each of `limits.rules` can be set."""

from vestibule.limits import rules
from vestibule.service.settings.deployment import env

RATE_LIMITS = env.read_switch("RATE_LIMITS", default=True)  # `off`, for benches and tests: only SMS costs are capped
_COSTS = {cap.name for cap in rules.SMS_COST_CAPS}


def _read_rate(name: str, default: str) -> str:
    words = env.read_rate(f"RATE_{name.upper()}", default=default)
    return words if RATE_LIMITS or name in _COSTS else ""


RATES = {name: _read_rate(name, default) for name, default in rules.DEFAULT_RATES.items()}
