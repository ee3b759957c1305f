"""Django system checks of the sign-up's fields, and of the database that a router names."""

from collections.abc import Mapping

from django.apps import apps
from django.conf import settings
from django.core.checks import Error

from vestibule.accounts.fields import REQUIRABLE_FIELDS
from vestibule.storage import database


def check_signup_fields(**_: object) -> list[Error]:
    """Return the names in SIGNUP_FIELDS that no field has. `limits.checks` reports a wrong type."""
    given = getattr(settings, "VESTIBULE", {})
    names = given.get("SIGNUP_FIELDS", ()) if isinstance(given, Mapping) else ()
    unknown = [name for name in names if name not in REQUIRABLE_FIELDS] if isinstance(names, list | tuple | set) else []
    hint = f"There are {', '.join(REQUIRABLE_FIELDS)}."
    return [
        Error(f"VESTIBULE['SIGNUP_FIELDS'] has {name!r}, which is no field.", hint=hint, id="vestibule.E073")
        for name in unknown
    ]


def check_routers(**_: object) -> list[Error]:
    """Return the models that DATABASE_ROUTERS keep apart from the accounts. What a proof does is one transaction, and a
    copy that lags behind would let a code be used twice."""
    ours = [config for config in apps.get_app_configs() if config.label.startswith("vestibule_")]
    alias = database.alias()
    return [
        Error(
            f"DATABASE_ROUTERS read or write {model._meta.label} in {' and '.join(sorted(where))}.",
            hint=f"Let them answer {alias!r} to reads and writes of every app whose label begins with vestibule_.",
            id="vestibule.E074",
        )
        for config in ours
        for model in config.get_models()
        if (where := database.aliases(model)) != {alias}
    ]
