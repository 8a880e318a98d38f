"""Who may use the dashboard: decided once, at the start, by where it listens and what it was asked for.

On this machine alone, which is how it starts, its owner needs no token: the system says whose a connection is. As soon
as it listens elsewhere, or answers to another name, a token is compulsory.
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
"""Environment: the token to ask for; one is made up where it is needed and not given."""
ORIGIN = "ANNSCOPE_ORIGIN"
"""Environment: names, with commas between, under which browsers elsewhere reach the dashboard."""


@dataclass(frozen=True)
class Access:
    """Where the dashboard is reached, and what it asks of whoever comes.

    `names` are those it answers to beside this machine's own; with `any_address` it answers to every address that is
    one of numbers, which no name server can make another site's.
    """

    port: int
    token: str | None = field(default=None, repr=False)
    names: frozenset[str] = frozenset()
    any_address: bool = False

    def answers_to(self, host: str) -> bool:
        """Whether a request with this Host is for this dashboard."""
        name = host_name(host)
        return name is not None and (
            name in LOCAL_NAMES or name in self.names or (self.any_address and _is_address(name))
        )

    def is_token(self, text: str) -> bool:
        """Whether a text is the token, found out in a time that does not depend on where it differs."""
        return self.token is not None and hmac.compare_digest(text.encode(), self.token.encode())

    @property
    def cookie(self) -> str:
        """The name of the cookie that stands for the token: browsers do not keep those of two ports apart."""
        return f"annscope-{self.port}"

    @property
    def ticket(self) -> str:
        """What is in the cookie: made of the token, which cannot be found from it."""
        return hashlib.sha256(f"annscope {self.token}".encode()).hexdigest()

    def is_ticket(self, text: str) -> bool:
        """Whether a text is what the cookie must hold."""
        return self.token is not None and hmac.compare_digest(text.encode(), self.ticket.encode())

    def urls(self, address: str, scheme: str = "http") -> list[str]:
        """What to open, the token in it: on this machine, under the names that were given, from other machines."""
        everywhere = address in {"", "0.0.0.0", "::"}
        direct = ["127.0.0.1", *_addresses()] if everywhere else [address]
        roots = [f"{scheme}://{f'[{each}]' if ':' in each else each}:{self.port}" for each in direct]
        roots[1:1] = [f"https://{name}" for name in sorted(self.names)]
        return roots if self.token is None else [f"{root}/?token={quote(self.token, safe='')}" for root in roots]


@cache
def configured() -> Access:
    """As Streamlit's options and the environment say; the same for the whole process."""
    from streamlit import config

    address = config.get_option("server.address") or "0.0.0.0"
    public = config.get_option("browser.serverAddress") if config.is_manually_set("browser.serverAddress") else None
    given = [*os.environ.get(ORIGIN, "").split(","), *config.get_option("server.allowedHosts"), public]
    names = frozenset(name for text in given if text and (name := host_name(text.strip()))) - LOCAL_NAMES
    any_address = address not in LOCAL_NAMES
    token = os.environ.get(TOKEN) or (secrets.token_urlsafe(24) if any_address or names else None)
    return Access(config.get_option("server.port"), token, names, any_address)


def host_name(host: str) -> str | None:
    """The name in a Host header, or in an origin with its scheme; None where there is none."""
    try:
        parts = urlsplit(host if "://" in host else f"//{host}")
        _ = parts.port  # raises for what is none
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
    """The addresses under which other machines may find this one."""
    every = (each for network in psutil.net_if_addrs().values() for each in network)
    return [each.address for each in every if each.family == socket.AF_INET and not each.address.startswith("127.")]
