"""Download of a file from the first of its mirrors that has it, complete or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from annscope.data.errors import DataError

if TYPE_CHECKING:
    from requests import Response

Progress: TypeAlias = Callable[[str, int, int], None]
"""Progress callback, called as (what, done, total) in bytes; the total is 0 while it is unknown."""

CHUNK_BYTES = 1 << 14  # when a transfer breaks off, an incomplete chunk is lost
TIMEOUT = (10, 30)  # seconds to connect, and between two chunks
_MAX_ATTEMPTS = 10  # consecutive attempts at one mirror
_SILENT = 60  # seconds without a byte after which a partial file must belong to a killed process
_NUMBER = r"\d{1,18}"
_ABANDONED = 24 * 3600  # seconds after which a partial file is deleted


def fetch(
    path: Path,
    mirrors: Sequence[str],
    *,
    what: str,
    check: Callable[[Path, str], None],
    advice: str,
    most: int,
    progress: Progress | None = None,
) -> None:
    """Download `path.name` into `path`, trying `<mirror>/<name>` one after another.

    The file appears under its name only when it is complete and `check(partial file, its URL)` has
    raised no DataError, so that a partial file is never read. A transfer that breaks off is resumed
    (RFC 9110, section 14) as long as the mirror supports it and each attempt gets
    further; then the other mirrors are tried, then once more the one where it broke off. The bytes
    received so far are kept, so that the next call, in this process or another, resumes from there.
    `what` is the name in the progress and the error, `advice` what the error suggests instead. A
    mirror that sends more than `most` bytes, or more than it announces, is abandoned.

    Raises DataError, in one sentence with each mirror's reason, if all of them fail.
    """
    _prepare_folder(path)
    reasons: dict[str, str] = {}
    turns = deque(mirrors)
    while turns:
        mirror = turns.popleft()
        url = f"{mirror.rstrip('/')}/{path.name}"
        partial = _claim(path, url)
        try:
            reason, again = _Transfer(url, partial, what, most, progress).complete(check)
            if reason is None:
                partial.replace(path)
                return
        except DataError as error:
            reason, again = str(error), False
        finally:
            _put_aside(partial, _kept(path, url))
        if again and mirror not in reasons:
            turns.append(mirror)
        reasons[mirror] = reason
    details = "; ".join(f"{urlsplit(mirror).netloc}: {reason}" for mirror, reason in reasons.items())
    raise DataError(f"{what} could not be downloaded ({details}): {advice}")


class _Transfer:
    """Transfer of one file from one URL, appended to `partial`."""

    def __init__(self, url: str, partial: Path, what: str, most: int, progress: Progress | None) -> None:
        self._url, self._partial, self._what, self._most, self._progress = url, partial, what, most, progress
        self._goes_on = True  # whether the server supports ranges, as far as is known
        self._version: str | None = None  # the ETag of the first response
        self._total = 0  # the size of the whole file by that response, 0 while it is unknown

    def complete(self, check: Callable[[Path, str], None]) -> tuple[str | None, bool]:
        """Why the file is not complete and checked (None: it is) and whether another attempt here may help."""
        reason, again = "the transfer broke off", True
        for _ in range(_MAX_ATTEMPTS):
            before = self._size()
            found, again = self._attempt()
            if found is None:
                try:
                    check(self._partial, self._url)
                except DataError as error:
                    self._cut(0)
                    if not before:
                        return str(error), False
                    reason = str(error)
                    continue  # the parts are of different versions: once more, from the beginning
                return None, False
            reason = found
            if not self._goes_on:
                self._cut(0)
            if not again or self._size() <= before:
                break
        return reason, again

    def _attempt(self) -> tuple[str | None, bool]:
        """Why the rest was not received (None: it was) and whether another attempt may help."""
        import requests  # importing it takes a quarter of a second, and most runs never download

        try:
            return self._receive(self._size())
        except requests.HTTPError as error:
            return f"status {error.response.status_code if error.response is not None else 'an error'}", False
        except (requests.ConnectTimeout, requests.exceptions.SSLError):
            return "no secure connection in time", False
        except (requests.Timeout, requests.exceptions.ChunkedEncodingError):
            return "the transfer broke off", True
        except requests.ConnectionError as error:
            # requests reports a read timeout during the transfer as a ConnectionError too.
            return ("the transfer broke off", True) if "timed out" in str(error) else ("no connection", False)
        except requests.RequestException as error:
            return str(error), False
        except OSError as error:
            raise DataError(f"{self._partial.parent} cannot be written: {error.strerror or error}") from error

    def _receive(self, offset: int) -> tuple[str | None, bool]:
        """Request everything from `offset` on, and write it."""
        import requests

        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
            if self._version is not None:
                headers["If-Range"] = self._version
        with requests.get(self._url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            is_part = response.status_code == 206
            start, end, total = _range_of(response) if is_part or response.status_code == 416 else (0, 0, 0)
            if offset and response.status_code == 416:  # there is nothing after `offset`
                return (None, False) if total == offset else self._restart()
            response.raise_for_status()
            version = _version_of(response)
            if is_part:
                is_other = (version and self._version not in {None, version}) or (
                    total and self._total not in {0, total}
                )
                if offset and (start not in {0, offset} or is_other):
                    return self._restart()
                if start not in {0, offset} or end < start or (total and end >= total):
                    return "sent another range than requested", False
                announced = end + 1
            else:
                total = announced = _length(response)
            self._goes_on = is_part or response.headers.get("Accept-Ranges", "").lower() == "bytes"
            self._version, self._total = version, total
            done = self._cut(start)
            with self._partial.open("ab") as file:
                for chunk in response.iter_content(CHUNK_BYTES):
                    done += len(chunk)
                    if done > (announced or self._most) or done > self._most:
                        self._cut(0)
                        return "sent more bytes than announced", False
                    file.write(chunk)
                    if self._progress is not None:
                        self._progress(self._what, done, total)
        expected = total or announced
        return ("the transfer broke off", True) if expected and done != expected else (None, False)

    def _restart(self) -> tuple[str | None, bool]:
        """Request the whole file: what is here and what the server has are different versions."""
        self._version, self._total = None, 0
        return self._receive(self._cut(0))

    def _size(self) -> int:
        return self._partial.stat().st_size

    def _cut(self, size: int) -> int:
        os.truncate(self._partial, size)
        return size


def _version_of(response: Response) -> str | None:
    """The strong ETag of a response; a weak one does not promise equal bytes."""
    version = response.headers.get("ETag") or response.headers.get("Last-Modified")
    return None if version is None or version.startswith("W/") else version


def _length(response: Response) -> int:
    """Content length of the response; 0 if unknown."""
    length = response.headers.get("Content-Length", "")
    return int(length) if re.fullmatch(_NUMBER, length, re.ASCII) else 0


def _range_of(response: Response) -> tuple[int, int, int]:
    """First byte, last byte and total size in the Content-Range of a response; -1, -1 and 0 if missing."""
    field = response.headers.get("Content-Range", "")
    found = re.fullmatch(rf"bytes (?:({_NUMBER})-({_NUMBER})|\*)/({_NUMBER}|\*)", field, re.ASCII)
    if found is None:
        return -1, -1, 0
    start, end, total = found.groups()
    return int(start or -1), int(end or -1), 0 if total == "*" else int(total)


def _prepare_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for abandoned in path.parent.glob(f".{path.name}.*.part"):
            if time.time() - abandoned.stat().st_mtime > _ABANDONED:
                abandoned.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"{path.parent} cannot be written: {error.strerror or error}") from error


def _kept(path: Path, url: str) -> Path:
    """Path of the partial file of a URL, kept until a download resumes it."""
    return path.with_name(f".{path.name}.{hashlib.sha256(url.encode()).hexdigest()[:12]}.part")


def _claim(path: Path, url: str) -> Path:
    """A partial file for this process alone: the one an earlier attempt left of the same URL, else an empty one."""
    try:
        kept = _kept(path, url)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f"{kept.stem}.", suffix=".part", delete=False
        ) as partial:
            mine = Path(partial.name)
        for left in _left(kept, mine):
            try:
                left.replace(mine)
            except FileNotFoundError:  # another process claimed it first
                continue
            os.utime(mine)
            break
        return mine
    except OSError as error:
        raise DataError(f"{path.parent} cannot be written: {error.strerror or error}") from error


def _left(kept: Path, mine: Path) -> Iterator[Path]:
    if kept.exists():
        yield kept
    for other in sorted(kept.parent.glob(f"{kept.stem}.*.part")):
        with contextlib.suppress(FileNotFoundError):  # its process has just finished
            if other != mine and time.time() - other.stat().st_mtime > _SILENT:
                yield other


def _put_aside(partial: Path, kept: Path) -> None:
    """Keep the partial file of an incomplete download."""
    try:
        if partial.stat().st_size:
            partial.replace(kept)
        else:
            partial.unlink()
    except OSError:  # it is complete and renamed, or will be deleted as abandoned
        return
