"""Checks of policy: passwords, rates, what strangers can learn, ways to sign in, second factors of the staff."""

from collections.abc import Iterator

from django.conf import settings

from vestibule.accounts.models import Role
from vestibule.conf import conf
from vestibule.factors import registry
from vestibule.kernel import hosts
from vestibule.limits import rates, rules
from vestibule.service.doctor.check import Check, DoctorRun, Observation, report_error, report_fine, report_warning

NIST_MINIMUM = 15  # SP 800-63B-4, 3.1.1.2: where the password is the only factor


def check_password_minimum(_: DoctorRun) -> Iterator[Observation]:
    """Compare the minimum length with SP 800-63B-4, which asks for fifteen characters."""
    least = conf.password_min_length
    if least < NIST_MINIMUM:
        yield report_warning(
            f"{least} characters; SP 800-63B-4, 3.1.1.2 wants {NIST_MINIMUM} of a password that stands alone"
        )
    else:
        yield report_fine(f"{least} characters")


def check_rate_limits(_: DoctorRun) -> Iterator[Observation]:
    """Check that each rule with a default still has a rate."""
    if not settings.RATE_LIMITS:
        yield report_error("RATE_LIMITS is off: nothing slows anybody down")
        return
    off = [rule.name for rule in rules.RULES if rule.per_network and not rates.rates_per_network(rule)]
    yield report_warning(f"without a rate: {', '.join(off)}") if off else report_fine(f"{len(rules.RULES)} rules")


def check_enumeration_protection(_: DoctorRun) -> Iterator[Observation]:
    """Check what strangers can learn, and what a mailbox alone can do."""
    if not conf.enumeration_protection:
        yield report_warning("ENUMERATION_PROTECTION is off: anybody learns who has an account")
    if not conf.link_binding:
        yield report_warning("LINK_BINDING is off: a link alone opens an account whose password a stranger chose")
    if conf.enumeration_protection and conf.link_binding:
        yield report_fine("learn nothing")


def check_ways_in(_: DoctorRun) -> Iterator[Observation]:
    """Check that a person without a password can sign in without setting one."""
    if conf.passwords == "optional" and not conf.magic_link:
        yield report_warning(
            "PASSWORDS is optional and MAGIC_LINK off: without a password and a passkey, only a password reset opens an"
            " account"
        )
    else:
        yield report_fine("by mail, too" if conf.magic_link else "every account has a password")


def check_passkeys(_: DoctorRun) -> Iterator[Observation]:
    """Check that browsers can make passkeys here: they belong to a host name (WebAuthn L3, 5.1.3: a valid domain)."""
    if hosts.is_ip_address(conf.host):
        yield report_warning(f"{conf.host} is an IP address: no browser makes a passkey for one")
    else:
        yield report_fine(f"belong to {conf.host}")


def check_second_factors(_: DoctorRun) -> Iterator[Observation]:
    """Check that a password alone opens no account of the staff (ASVS 6.3.3, 8.4.2)."""
    needing = conf.mfa_required_roles
    if free := [role.value for role in (Role.ADMIN, Role.MANAGER) if role not in needing]:
        yield report_warning(f"MFA_REQUIRED_ROLES leaves out {', '.join(free)}: a password alone opens the admin")
    if without := registry.count_staff_without_factor():
        yield report_warning(f"{without} of the admins and managers have no second factor")
    if not free and not without:
        yield report_fine("every admin and manager has one")


CHECKS = (
    Check(
        id="password-minimum",
        looks_at="PASSWORD_MIN_LENGTH against SP 800-63B-4",
        remedy="Set PASSWORD_MIN_LENGTH=15.",
        run=check_password_minimum,
    ),
    Check(
        id="rates",
        looks_at="whether every rate is on",
        remedy="Unset RATE_LIMITS, and whatever RATE_* is empty.",
        run=check_rate_limits,
    ),
    Check(
        id="strangers",
        looks_at="ENUMERATION_PROTECTION and LINK_BINDING",
        remedy="Unset them: both are on by default.",
        run=check_enumeration_protection,
    ),
    Check(
        id="ways-in",
        looks_at="whether people without a password can sign in (PASSWORDS, MAGIC_LINK)",
        remedy="Unset MAGIC_LINK, or set PASSWORDS=required.",
        run=check_ways_in,
    ),
    Check(
        id="passkeys",
        looks_at="whether the host of BASE_URL is a name, as passkeys need",
        remedy="Set BASE_URL to an address with a host name, like https://auth.example.com.",
        run=check_passkeys,
    ),
    Check(
        id="second-factors",
        looks_at="MFA_REQUIRED_ROLES, and whether the staff have second factors",
        remedy="Unset MFA_REQUIRED_ROLES, and have them set one up at `/account/security/`: nothing else is open then.",
        run=check_second_factors,
        needs="migrations",
    ),
)
