"""What the house asks of people and allows them: passwords, rates, what strangers may learn."""

from collections.abc import Iterator

from django.conf import settings

from vestibule.guards import rules
from vestibule.skins.cli.doctor.check import Check, Round, Seen, error, fine, warning

NIST_MINIMUM = 15  # SP 800-63B-4, 3.1.1.2: where the password is the only factor


def password_minimum(_: Round) -> Iterator[Seen]:
    """SP 800-63B-4 wants fifteen characters."""
    least = settings.PASSWORD_MIN_LENGTH
    if least < NIST_MINIMUM:
        yield warning(f"{least} characters; SP 800-63B-4, 3.1.1.2 wants {NIST_MINIMUM} of a password that stands alone")
    else:
        yield fine(f"{least} characters")


def rates(_: Round) -> Iterator[Seen]:
    """Each rule with a default still has a rate."""
    if not settings.RATE_LIMITS:
        yield error("RATE_LIMITS is off: nothing slows anybody down")
        return
    off = [rule.name for rule in rules.RULES if rule.per_network and not settings.RATES[rule.name].per_network]
    yield warning(f"without a rate: {', '.join(off)}") if off else fine(f"{len(rules.RULES)} rules")


def strangers(_: Round) -> Iterator[Seen]:
    """What strangers learn, and what a mailbox alone may do."""
    if not settings.ENUMERATION_PROTECTION:
        yield warning("ENUMERATION_PROTECTION is off: anybody learns who has an account")
    if not settings.LINK_BINDING:
        yield warning("LINK_BINDING is off: a link alone opens an account whose password a stranger chose")
    if settings.ENUMERATION_PROTECTION and settings.LINK_BINDING:
        yield fine("learn nothing")


CHECKS = (
    Check(
        id="password-minimum",
        looks_at="PASSWORD_MIN_LENGTH against SP 800-63B-4",
        remedy="Set PASSWORD_MIN_LENGTH=15.",
        look=password_minimum,
    ),
    Check(
        id="rates",
        looks_at="whether every rate is on",
        remedy="Unset RATE_LIMITS, and whatever RATE_* is empty.",
        look=rates,
    ),
    Check(
        id="strangers",
        looks_at="ENUMERATION_PROTECTION and LINK_BINDING",
        remedy="Unset them: both are on by default.",
        look=strangers,
    ),
)
