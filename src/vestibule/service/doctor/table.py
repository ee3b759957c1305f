"""The table of all checks, in the order of the report."""

from vestibule.service.doctor import (
    brand,
    database,
    deployment,
    django_checks,
    keys,
    mail,
    policy,
    providers,
    stores,
    workers,
)

CHECKS = (
    *deployment.CHECKS,
    *django_checks.CHECKS,
    *database.CHECKS,
    *stores.CHECKS,
    *workers.CHECKS,
    *mail.CHECKS,
    *keys.CHECKS,
    *policy.CHECKS,
    *providers.CHECKS,
    *brand.CHECKS,
)
