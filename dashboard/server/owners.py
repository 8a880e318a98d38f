"""Owner of a connection: which user of this machine is at the other end (Linux only).

Queried from the kernel by netlink (`sock_diag(7)`), which looks up a single socket: the same table as a file,
`/proc/net/tcp`, takes some 30 ms to read on a machine with much memory.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import sys
from functools import cache

ROOT = 0
Address = tuple[str, int]

_INET_DIAG, _BY_FAMILY, _REQUEST, _ANY_STATE, _NO_COOKIE = 4, 20, 1, 0xFFFFFFFF, 0xFFFFFFFF
_HEADER = struct.Struct("=IHHII")
_ABOUT = struct.Struct("=BBBBI")
_RESPONSE = struct.Struct("=BBBB48xIIIII")


class UnknownOwnerError(OSError):
    """The owner of a socket cannot be determined: there is no such socket, or the system does not tell."""


def owner(ours: Address, theirs: Address) -> int:
    """The user id of the process on this machine that is connected from `theirs` to `ours`.

    Raises UnknownOwnerError when there is no such program (any more).
    """
    here, there = _plain(ours[0]), _plain(theirs[0])
    family = socket.AF_INET if here.version == 4 else socket.AF_INET6
    # Seen from the other end, whose source is `theirs`.
    ends = struct.pack("!HH16s16s", theirs[1], ours[1], there.packed, here.packed)
    about = _ABOUT.pack(family, socket.IPPROTO_TCP, 0, 0, _ANY_STATE) + ends
    about += struct.pack("=III", 0, _NO_COOKIE, _NO_COOKIE)
    message = _HEADER.pack(_HEADER.size + len(about), _BY_FAMILY, _REQUEST, 1, 0) + about
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _INET_DIAG) as kernel:
            kernel.send(message)
            response = kernel.recv(65_536)
    except OSError as error:
        raise UnknownOwnerError(str(error)) from error
    if len(response) < _HEADER.size + _RESPONSE.size or _HEADER.unpack_from(response)[1] != _BY_FAMILY:
        raise UnknownOwnerError("there is no such connection")
    *_, user, inode = _RESPONSE.unpack_from(response, _HEADER.size)
    if inode == 0:
        # The process has closed it; the kernel then reports root for any owner.
        raise UnknownOwnerError("the connection is closed")
    return int(user)


def _plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed


@cache
def is_supported() -> bool:
    """Whether this system tells the owner of a connection: tried on one of our own."""
    if sys.platform != "linux":
        return False
    try:
        with (
            socket.create_server(("127.0.0.1", 0)) as listener,
            socket.create_connection(listener.getsockname()) as connection,
        ):
            return owner(listener.getsockname(), connection.getsockname()) == os.getuid()
    except OSError:
        return False
