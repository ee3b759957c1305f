"""Every check, in the order in which it is told."""

from vestibule.skins.cli.doctor import database, django_own, keys, mail, place, policy, stores, work

CHECKS = (
    *place.CHECKS,
    *django_own.CHECKS,
    *database.CHECKS,
    *stores.CHECKS,
    *work.CHECKS,
    *mail.CHECKS,
    *keys.CHECKS,
    *policy.CHECKS,
)
