"""The socket on which the dashboard listens."""

from __future__ import annotations

import errno
import socket
import sys
import time
from typing import Any

RETRY_SECONDS = 0.5
NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
"""The errors of a system that has no file descriptor or memory left for a connection."""


class Listener(socket.socket):
    """A socket that listens on a port; it rests for a while when the process has no file descriptor left.

    asyncio would try as often as connections may wait, with a traceback each, and then as often again for each.
    """

    _resting_until = 0.0

    def accept(self) -> tuple[socket.socket, Any]:
        """As of any socket, with at most one error in `RETRY_SECONDS` that says there is no room."""
        if time.monotonic() < self._resting_until:
            raise BlockingIOError
        try:
            return super().accept()
        except OSError as error:
            if error.errno in NO_ROOM:
                self._resting_until = time.monotonic() + RETRY_SECONDS
            raise


def listen(host: str, port: int) -> Listener:
    """A socket that listens on an address of this machine. Raises OSError where that cannot be.

    It says that it speaks TCP, as asyncio sends small packets at once only on those that do: on others
    the body of an answer waits for the browser to acknowledge the head, which takes some 40 ms.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = Listener(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def is_free(host: str, port: int) -> bool:
    """Whether a server can listen on a port of this machine."""
    try:
        listen(host, port).close()
    except OSError:
        return False
    return True


def next_free_port(host: str, port: int) -> int | None:
    """The nearest free port above a taken one."""
    return next((other for other in range(port + 1, min(port + 100, 65536)) if is_free(host, other)), None)
