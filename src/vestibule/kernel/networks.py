"""Networks that a client can move in freely, by its IP address."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


def host_network(address: str) -> str:
    """Return the network of one host: the IPv4 address itself, or the /64 of an IPv6 address."""
    return str(ip_network((address, 64), strict=False)) if ":" in address else address


def customer_network(address: str) -> IPv4Network | IPv6Network:
    """Return the network of one customer of a provider: the /48 of an IPv6 address (RFC 6177), the /24 of an IPv4
    address."""
    return ip_network((address, 48 if ip_address(address).version == 6 else 24), strict=False)
