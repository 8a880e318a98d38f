"""Access control: who may use the dashboard, decided once at startup by its address and options.

On this machine alone, the default, its owner needs no token: the system tells which user a connection belongs to. If
it listens on another address, or accepts another host name, a token is required.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
import socket
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote, urlsplit

import psutil

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
TOKEN = "ANNSCOPE_TOKEN"
"""Environment: the token; one is generated if it is required and not given."""
ORIGIN = "ANNSCOPE_ORIGIN"
"""Environment: comma-separated host names by which other machines reach the dashboard."""


@dataclass(frozen=True)
class Access:
    """Where the dashboard is reached, and whether it requires a token.

    `names` are the host names that it accepts beside this machine's own; with `any_address` it accepts every numeric
    address, which DNS rebinding cannot forge.
    """

    port: int
    token: str | None = field(default=None, repr=False)
    names: frozenset[str] = frozenset()
    any_address: bool = False

    def accepts_host(self, host: str) -> bool:
        """Whether a request with this Host is for this dashboard."""
        name = host_name(host)
        return name is not None and (
            name in LOCAL_NAMES or name in self.names or (self.any_address and _is_address(name))
        )

    def is_token(self, text: str) -> bool:
        """Whether a text is the token, compared in constant time."""
        return self.token is not None and hmac.compare_digest(text.encode(), self.token.encode())

    @property
    def cookie(self) -> str:
        """The name of the cookie, with the port: browsers share cookies between the ports of a host."""
        return f"annscope-{self.port}"

    @property
    def ticket(self) -> str:
        """The value of the cookie: a hash of the token."""
        return hashlib.sha256(f"annscope {self.token}".encode()).hexdigest()

    def is_ticket(self, text: str) -> bool:
        """Whether a text is the right value of the cookie."""
        return self.token is not None and hmac.compare_digest(text.encode(), self.ticket.encode())

    def urls(self, address: str, scheme: str = "http") -> list[str]:
        """The URLs to open, with the token: on this machine, by the given host names, from other machines."""
        everywhere = address in {"", "0.0.0.0", "::"}
        direct = ["127.0.0.1", *_addresses()] if everywhere else [address]
        roots = [f"{scheme}://{f'[{each}]' if ':' in each else each}:{self.port}" for each in direct]
        roots[1:1] = [f"https://{name}" for name in sorted(self.names)]
        return roots if self.token is None else [f"{root}/?token={quote(self.token, safe='')}" for root in roots]


@cache
def configured() -> Access:
    """The access control by Streamlit's options and the environment; cached for the process."""
    from streamlit import config

    address = config.get_option("server.address") or "0.0.0.0"
    public = config.get_option("browser.serverAddress") if config.is_manually_set("browser.serverAddress") else None
    given = [*os.environ.get(ORIGIN, "").split(","), *config.get_option("server.allowedHosts"), public]
    names = frozenset(name for text in given if text and (name := host_name(text.strip()))) - LOCAL_NAMES
    any_address = address not in LOCAL_NAMES
    token = os.environ.get(TOKEN) or (secrets.token_urlsafe(24) if any_address or names else None)
    return Access(config.get_option("server.port"), token, names, any_address)


def host_name(host: str) -> str | None:
    """The host name in a Host header, or in an origin with its scheme; None if it is invalid."""
    try:
        parts = urlsplit(host if "://" in host else f"//{host}")
        _ = parts.port  # raises for an invalid port
    except ValueError:
        return None
    return None if parts.username or parts.path.strip("/") or parts.query or parts.fragment else parts.hostname


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _addresses() -> list[str]:
    """The addresses by which other machines may reach this one."""
    every = (each for network in psutil.net_if_addrs().values() for each in network)
    return [each.address for each in every if each.family == socket.AF_INET and not each.address.startswith("127.")]
