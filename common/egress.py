"""Which addresses of the network may be called on somebody's behalf: those of the open internet, and of what
`EGRESS_ALLOW_NETS` names.

A name is looked up once, every answer is judged, and what was judged is what gets dialled: a name that points
elsewhere a moment later (DNS rebinding) changes nothing. What `ipaddress` calls global differs between
releases of Python and lets a dozen ways to spell loopback through, so the rules stand here.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import cache
from urllib.parse import SplitResult, urlsplit, urlunsplit

from django.conf import settings
from django.utils.translation import gettext as _

from common.errors import Refused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LONGEST = 2_000
_UNSPACED = re.compile(r"[!-~]*")
_PORTS = frozenset({80, 443})
# The only IPv6 addresses handed out so far (RFC 4291); all else is local, mapped or a tunnel's.
_OPEN_IPV6 = ipaddress.ip_network("2000::/3")
_CLOSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        # Azure's own services, on an address that looks open.
        "168.63.129.16/32",
        # Teredo and other protocols' addresses, documentation, 6to4 and segment routing.
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)


class Forbidden(OSError):
    """What was to be called does not lie on the open internet."""


def is_open(address: str) -> bool:
    """Whether an address, as the resolver or the socket spells it, may be called."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if any(found in net for net in _allowed()):
        return True
    if isinstance(found, ipaddress.IPv6Address) and found not in _OPEN_IPV6:
        return False
    return not any(found in net for net in _CLOSED)


def check_url(url: str, field: str = "address") -> str:
    """The address of a machine as it is stored. Raises Refused, naming `field`, for what can never be called:
    it is checked again, by address, whenever it is."""
    parts = _parts(url.strip(), field)
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        message = _("A name and a password cannot stand in this address.")
        raise Refused(message, field)
    if not _may_be_dialled(host, parts):
        message = _("This address cannot be reached from here. It has to be open to the internet.")
        raise Refused(message, field)
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path, parts.query, ""))


def is_opened(host: str) -> bool:
    """Whether it is an address of a network that `EGRESS_ALLOW_NETS` names: a sink on this machine."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(found in net for net in _allowed())


def look_up(host: str, port: int) -> list[tuple[int, str]]:
    """(family, address) of every answer. Raises Forbidden where one of them may not be called, and OSError
    where there is none. Blocks while the resolver works."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    answers = [(int(family), str(address[0])) for family, _type, _proto, _name, address in found]
    if not all(is_open(address) for _family, address in answers):
        raise Forbidden(host)
    return answers


def _parts(url: str, field: str) -> SplitResult:
    message = _("This is not the address of a machine. One looks like https://example.org/hook.")
    if len(url) > _LONGEST or not _UNSPACED.fullmatch(url) or "\\" in url:
        raise Refused(message, field)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused(message, field) from error
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or port == 0:
        raise Refused(message, field)
    return parts


def _may_be_dialled(host: str, parts: SplitResult) -> bool:
    """Numbers in every spelling that a resolver takes for an address (decimal, octal, short) are resolved
    without asking anybody, and judged."""
    port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
    try:
        literal = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return port in _PORTS and "." in host.strip(".")
    addresses = [str(entry[4][0]) for entry in literal]
    allowed = any(
        ipaddress.ip_address(one.partition("%")[0]) in net for one in addresses for net in _allowed()
    )
    return allowed or (port in _PORTS and all(is_open(one) for one in addresses))


def _allowed() -> tuple[Network, ...]:
    return _networks(tuple(settings.EGRESS_ALLOW_NETS))


@cache
def _networks(names: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(one) for one in names)
