"""A dashboard process and a browser for it: shared by the browser tests, the benchmarks and the pictures."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
from playwright.sync_api import Browser, Playwright

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium(playwright: Playwright) -> str | None:
    """Path of Chromium: `ANNSCOPE_CHROMIUM`, the system's, or Playwright's; None if there is none."""
    named = os.environ.get("ANNSCOPE_CHROMIUM")
    if named:
        return named
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        found = shutil.which(name)
        if found:
            return found
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def open_chromium(playwright: Playwright) -> Browser:
    """Launch headless Chromium. Raises FileNotFoundError if there is none."""
    path = find_chromium(playwright)
    if path is None:
        raise FileNotFoundError("no Chromium or Chrome found; `make browser` fetches one")
    return playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)


LOG = "dashboard.log"
"""The file in the home of a dashboard that has what it printed."""


@dataclass(frozen=True)
class Served:
    """A running dashboard."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]

    def workers(self) -> list[psutil.Process]:
        """The processes that the dashboard started."""
        return psutil.Process(self.process.pid).children(recursive=True)


def free_port() -> int:
    """A TCP port that is free at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


ANNSCOPE = ("-m", "annscope.dashboard", "--headless", "--port")
STREAMLIT = ("-m", "streamlit", "run", "dashboard/app.py", "--server.headless", "true", "--server.port")
"""The two ways to start the dashboard, as arguments of Python, to be followed by a port."""


@contextmanager
def dashboard(
    home: Path,
    *options: str,
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
    start: Sequence[str] = ANNSCOPE,
) -> Iterator[Served]:
    """Run a dashboard on `port`, else on a free one, with `home` as its ANNSCOPE_HOME; it ends with the context.

    Raises RuntimeError with the server's output if it does not respond within a minute.
    """
    port = port or free_port()
    home.mkdir(parents=True, exist_ok=True)
    log = home / LOG
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", *start, str(port), *options],
            env={**os.environ, **(environment or {}), "ANNSCOPE_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_it_responds(f"{url}/_stcore/health", process, log)
        yield Served(url, home, process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_responds(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urlopen(url, timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the dashboard did not respond; it printed:\n{log.read_text(errors='replace')}")
