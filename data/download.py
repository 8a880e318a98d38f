"""Fetching a file from the first of its mirrors that has it, whole or not at all."""

from __future__ import annotations

import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from data.errors import DataError

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as (what, done, total), in bytes, while something is fetched; the total is 0 while it is unknown."""

_CHUNK = 1 << 16
_TIMEOUT = (10, 30)  # seconds to connect, and between two chunks
_ABANDONED = 3600  # seconds after which a partial file can only be a killed process's


def fetch(
    path: Path,
    mirrors: Sequence[str],
    *,
    what: str,
    check: Callable[[Path, str], None],
    advice: str,
    progress: Progress | None = None,
) -> None:
    """Download `path.name` into `path`, trying `<mirror>/<name>` in turn.

    The file appears under its name only when it is complete and `check(partial file, its URL)` has
    raised no DataError, so that nobody ever reads half of one. A transfer that breaks off starts
    anew: first at the mirrors not asked yet, then once more where it broke. `what` is the name in
    the progress and the error, `advice` what the error says to do instead.

    Raises DataError, in one sentence with each mirror's reason, when none of them delivers.
    """
    _make_room(path)
    reasons: dict[str, str] = {}
    turns = deque(mirrors)
    while turns:
        mirror = turns.popleft()
        url = f"{mirror.rstrip('/')}/{path.name}"
        partial = _partial_file(path)
        try:
            reason, again = _transfer(url, partial, _Bar(what, progress))
            if reason is None:
                check(partial, url)
                partial.replace(path)
                return
        except DataError as error:
            reason, again = str(error), False
        finally:
            partial.unlink(missing_ok=True)
        if again and mirror not in reasons:
            turns.append(mirror)
        reasons[mirror] = reason
    details = "; ".join(f"{urlsplit(mirror).netloc}: {reason}" for mirror, reason in reasons.items())
    raise DataError(f"{what} could not be downloaded ({details}): {advice}")


def _transfer(url: str, partial: Path, bar: _Bar) -> tuple[str | None, bool]:
    """Why the transfer failed (None: it did not) and whether trying the same place again may help."""
    import requests  # these two take a third of a second to import, and most runs never download
    from pooch import HTTPDownloader

    downloader = HTTPDownloader(
        progressbar=bar, chunk_size=_CHUNK, timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"}
    )
    try:
        downloader(url, str(partial), None)
    except requests.HTTPError as error:
        return f"answered {error.response.status_code if error.response is not None else 'an error'}", False
    except (requests.ConnectTimeout, requests.exceptions.SSLError):
        return "no secure connection in time", False
    except (requests.Timeout, requests.exceptions.ChunkedEncodingError):
        return "the transfer broke off", True
    except requests.ConnectionError as error:
        # requests reports a read that times out midway as a ConnectionError too.
        return ("the transfer broke off", True) if "timed out" in str(error) else ("no connection", False)
    except requests.RequestException as error:
        return str(error), False
    except OSError as error:
        raise DataError(f"{partial.parent} cannot be written: {error.strerror or error}") from error
    return None, False


class _Bar:
    """What pooch takes for a progress bar, passed on to a `Progress`."""

    def __init__(self, what: str, progress: Progress | None) -> None:
        self.what, self.progress = what, progress
        self.total = 0
        self.done = 0

    def update(self, n_bytes: int) -> None:
        self.done += n_bytes
        if self.progress is not None:
            # pooch counts in whole chunks, so the last one overshoots.
            self.progress(self.what, min(self.done, self.total) if self.total else self.done, self.total)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        """Nothing to tidy up."""


def _make_room(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for abandoned in path.parent.glob(f".{path.name}.*.part"):
            if time.time() - abandoned.stat().st_mtime > _ABANDONED:
                abandoned.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"{path.parent} cannot be written: {error.strerror or error}") from error


def _partial_file(path: Path) -> Path:
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False
        ) as partial:
            return Path(partial.name)
    except OSError as error:
        raise DataError(f"{path.parent} cannot be written: {error.strerror or error}") from error
