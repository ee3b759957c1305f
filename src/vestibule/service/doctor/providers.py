"""Check of other providers: each answers now, and where it must send people back to."""

from collections.abc import Iterator

from vestibule.identities import discovery
from vestibule.identities.provider_http import ProviderConnection
from vestibule.identities.providers import Provider, list_providers
from vestibule.kernel.errors import Unavailable
from vestibule.service.doctor.check import Check, DoctorRun, Observation, report_error, report_fine


def check_providers(_: DoctorRun) -> Iterator[Observation]:
    """Read the discovery document of each OpenID provider, and tell the address to register at each."""
    providers = list_providers()
    if not providers:
        yield report_fine("none are configured")
    yield from map(_check_provider, providers)


def _check_provider(provider: Provider) -> Observation:
    address = f"register {provider.callback_url} there"
    if not provider.has_id_tokens:
        return report_fine(f"{provider.name}: {address}")
    connection = ProviderConnection(provider)
    try:
        discovery.read_metadata(connection)
        if provider.sends_events:
            discovery.read_event_metadata(connection)
            address = f"{address}, and {provider.events_url} for its events"
    except Unavailable:
        return report_error(f"{provider.name}: no usable discovery document at {provider.discovery_base}; {address}")
    return report_fine(f"{provider.name} answers; {address}")


CHECKS = (
    Check(
        id="providers",
        looks_at="whether each other provider answers, and which callback address it must know",
        remedy="Set SOCIAL_<NAME>_ISSUER to the issuer that its discovery document names, letter for letter.",
        run=check_providers,
    ),
)
