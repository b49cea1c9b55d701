"""Which URLs from outside may be connected to: https to a host on the public internet, and nothing else. Pure.

A webhook's signature does not make its URLs safe: an address in it must not make a function reach the instance's own
services, its private network, or anything without TLS. The same applies to a chat's address.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, urljoin, urlsplit

from dialtone.domain.errors import AddressRefused

HTTPS_PORT, HTTP_PORT = 443, 80

MAX_ADDRESS_CHARACTERS = 8_192
"""Telnyx's signed addresses have about 1,000 characters; servers commonly refuse a request line beyond 8 KiB."""

_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the IPv4 address to check is in the last four bytes."""
_IPV4_IN_IPV6 = tuple(
    IPv6Network(each) for each in ("::/96", "::ffff:0:0/96", "2002::/16", "2001::/32", "64:ff9b:1::/48")
)
"""Compatible, mapped, 6to4, Teredo and local NAT64 addresses: no public server uses these."""
_SITE_LOCAL = IPv6Network("fec0::/10")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True)
class Target:
    """The host, port and path of a request, taken from a URL."""

    host: str
    """An ASCII host name, or an IP address without brackets."""
    port: int
    secure: bool
    path: str
    """Path and query, as in a request line."""

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (HTTPS_PORT if self.secure else HTTP_PORT) else f"{host}:{self.port}"


def target_of(address: str, *, local: bool = False) -> Target:
    """Parse a URL. Raises AddressRefused unless it is https or, if `local`, http to this machine.

    The error never repeats the URL: its query may be the signature that grants access.
    """
    if len(address) > MAX_ADDRESS_CHARACTERS:
        raise AddressRefused(f"the address has {len(address)} characters, more than {MAX_ADDRESS_CHARACTERS}")
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        raise AddressRefused("the address cannot be read") from None
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise AddressRefused(f"the address begins with {parts.scheme[:20] or 'nothing'}, not with https")
    if not host or port == 0 or parts.username is not None or parts.password is not None or "\\" in parts.netloc:
        raise AddressRefused("the address has no plain host name")
    secure = parts.scheme == "https"
    path = quote(f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", safe=_PRINTABLE)
    return Target(host, port or (HTTPS_PORT if secure else HTTP_PORT), secure, path)


def redirected(address: str, location: str) -> str:
    """The URL that a redirect leads to, checked like any other. Raises AddressRefused."""
    try:
        return urljoin(address, location)
    except ValueError:
        raise AddressRefused("it redirects to an address that cannot be read") from None


def check_resolved(target: Target, resolved: str, *, local: bool = False) -> None:
    """Raise AddressRefused unless the IP address is on the public internet or, if `local`, is this machine's.

    Without TLS only this machine is allowed, whatever its name.
    """
    found = ip_address(resolved)
    if local and found.is_loopback:
        return
    if not target.secure or not is_public(found):
        raise AddressRefused(f"{target.host} is {resolved}, which is not an address on the public internet")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether a server on the public internet can have this address."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        if address in _SITE_LOCAL or any(address in network for network in _IPV4_IN_IPV6):
            return False
    never = (address.is_private, address.is_loopback, address.is_link_local, address.is_multicast)
    return address.is_global and not any((*never, address.is_reserved, address.is_unspecified))
