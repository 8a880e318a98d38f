"""The listening socket of the dashboard."""

from __future__ import annotations

import errno
import socket
import sys
import time
from typing import Any

RETRY_SECONDS = 0.5
OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
"""The errors when no file descriptor or memory is left for a connection."""


class Listener(socket.socket):
    """A listening socket that stops accepting for a while when the process has no file descriptor left.

    asyncio would retry once for each possible connection in the backlog, each time with a traceback.
    """

    _paused_until = 0.0

    def accept(self) -> tuple[socket.socket, Any]:
        """As for any socket, but with at most one of the errors `OUT_OF_RESOURCES` in `RETRY_SECONDS`."""
        if time.monotonic() < self._paused_until:
            raise BlockingIOError
        try:
            return super().accept()
        except OSError as error:
            if error.errno in OUT_OF_RESOURCES:
                self._paused_until = time.monotonic() + RETRY_SECONDS
            raise


def listen(host: str, port: int) -> Listener:
    """A socket that listens on an address of this machine. Raises OSError if that is not possible.

    Its protocol is set to TCP explicitly, as asyncio disables Nagle's algorithm only then: otherwise the body of a
    response waits for the browser to acknowledge the header, which takes some 40 ms.
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
