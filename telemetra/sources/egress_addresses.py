"""Which addresses are no part of the public internet, by a table of our own: Python's changes with its version.

After the IANA registries of special-purpose addresses (RFC 6890 and its successors), with the addresses at which clouds
serve their machines' credentials.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

from telemetra.hosts import Address

_METADATA = {
    "169.254.169.254",  # AWS, Azure, Google and most others
    "169.254.170.2",  # AWS containers
    "169.254.170.23",
    "168.63.129.16",  # Azure's wire server
    "100.100.100.200",  # Alibaba
    "192.0.0.192",  # Oracle
    "fd00:ec2::254",  # AWS over IPv6
    "fd20:ce::254",  # Google over IPv6
}

_V4 = {
    "0.0.0.0/8": "unspecified",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "private",  # between a provider and its customers
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link_local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "reserved",  # documentation
    "192.88.99.0/24": "reserved",  # 6to4 relays
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "reserved",  # benchmarks
    "198.51.100.0/24": "reserved",  # documentation
    "203.0.113.0/24": "reserved",  # documentation
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}

_V6 = {
    "::/128": "unspecified",
    "::1/128": "loopback",
    "::ffff:0:0/96": "embedded",  # IPv4-mapped
    "::/96": "embedded",  # IPv4-compatible
    "64:ff9b:1::/48": "embedded",  # NAT64 of one site
    "2001::/32": "embedded",  # Teredo
    "2001::/23": "reserved",
    "2001:db8::/32": "reserved",  # documentation
    "2002::/16": "embedded",  # 6to4
    "3fff::/20": "reserved",  # documentation
    "fc00::/7": "private",
    "fe80::/10": "link_local",
    "fec0::/10": "private",  # once site-local
    "ff00::/8": "multicast",
}

_TABLES = {
    version: [(ip_network(text), reason) for text, reason in table.items()] for version, table in ((4, _V4), (6, _V6))
}
_NAT64 = ip_network("64:ff9b::/96")
_PUBLIC_V6 = ip_network("2000::/3")


def forbidden(address: Address) -> str | None:
    """Why nothing may be sent to this address, None when it is public.

    An address behind NAT64 is judged as the IPv4 address in it: on networks without IPv4 every name leads to such.
    Other addresses that carry an IPv4 address (`embedded`) are not used by public hosts and are refused whole.
    """
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return forbidden(IPv4Address(address.packed[-4:]))
        address = IPv6Address(address.packed)  # without a zone
    if str(address) in _METADATA:
        return "metadata"
    for network, reason in _TABLES[address.version]:
        if address in network:
            return reason
    return None if address.version == 4 or address in _PUBLIC_V6 else "reserved"
