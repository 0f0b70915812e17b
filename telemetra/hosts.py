"""How the outside world is named: one spelling for each host, and the list of those that EGRESS_ALLOW opens.

A host that can be written in several ways can be checked under one of them and reached under another. So only the
plain spelling is read (`127.0.0.1`, not `127.1`, `0x7f000001`, `2130706433` or full-width digits); others are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Host = str | Address
"""A name in lower case without a trailing dot, or an address."""

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LONGEST_NAME = 253


def parse_host(text: str) -> Host:
    """A name or an IPv4 address as it stands in a URL. Raises ValueError, without the text, for every other spelling.

    What ends in a number is an address for many programs, so here it is one or nothing. International names are given
    in their `xn--` form.
    """
    name = text.lower().removesuffix(".")
    if not name.isascii():
        raise ValueError("a host is written in ASCII (international names in their xn-- form)")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return IPv4Address(name)
        except ValueError:
            raise ValueError("an IPv4 address is written as four plain decimal numbers") from None
    if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("no host name")
    return name


def parse_authority(text: str) -> tuple[Host, int | None]:
    """`host`, `host:port`, `[v6]` or `[v6]:port`. Raises ValueError, without the text, for anything else."""
    if text.startswith("["):
        inside, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise ValueError("no host name")
        if "%" in inside:
            raise ValueError("an IPv6 address is written without a zone")
        try:
            return IPv6Address(inside), _port(rest[1:]) if rest else None
        except ValueError:
            raise ValueError("no IPv6 address, or no port from 1 to 65535") from None
    host, colon, port = text.partition(":")
    return parse_host(host), _port(port) if colon else None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise ValueError("no port from 1 to 65535")
    return int(text)


class AllowList:
    """What EGRESS_ALLOW opens: `host`, `host:port`, `*.domain` (with or without a port), addresses and networks.

    A host that is named may lead to any address; an address or network that is named may be reached by any name.
    Raises ValueError for an entry that is none of these, saying which it is by its place, not by its text.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self._names: set[tuple[str, int | None]] = set()
        self._domains: set[tuple[str, int | None]] = set()
        self._networks: list[tuple[Network, int | None]] = []
        for number, entry in enumerate(entries, 1):
            try:
                self._add(entry)
            except ValueError:
                raise ValueError(
                    f"entry {number} is none of host, host:port, *.domain, address, network (10.0.0.0/8)"
                ) from None

    def _add(self, entry: str) -> None:
        if "/" in entry or (entry.count(":") > 1 and not entry.startswith("[")):
            self._networks.append((ip_network(entry), None))
            return
        wildcard = entry.startswith("*.")
        host, port = parse_authority(entry.removeprefix("*.") if wildcard else entry)
        if isinstance(host, str):
            (self._domains if wildcard else self._names).add((host, port))
        elif wildcard:
            raise ValueError
        else:
            self._networks.append((ip_network(host), port))

    def names(self, host: str, port: int) -> bool:
        """Whether this host is named, itself or by a domain above it."""
        labels = host.split(".")
        above = [".".join(labels[place:]) for place in range(1, len(labels))]
        return any(
            (host, each) in self._names or any((domain, each) in self._domains for domain in above)
            for each in (port, None)
        )

    def holds(self, address: Address, port: int) -> bool:
        """Whether this address is named, itself or by its network."""
        return any(address in network and each in (port, None) for network, each in self._networks)
