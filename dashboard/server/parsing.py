"""Request parsing with limits: numbers in addresses, JSON in bodies.

An invalid request raises BadRequestError, which the routes turn into a response with status 400.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from numpy import ndarray
from starlette.requests import ClientDisconnect, Request

from annscope.core.errors import AnnscopeError, shortened
from annscope.core.explain.what_if import Change
from annscope.dashboard.queries.films import FORMATS, MAX_MS, FilmFrame
from annscope.dashboard.queries.photos import WHOLE, Wanted
from annscope.dashboard.queries.weight_changes import Since
from annscope.data.examples import MAX_CLASSES
from annscope.runs.painted import MAX_POINTS

MAX_BYTES = 4_000_000
"""The longest body: enough for 100,000 numbers written out in full."""
MAX_PHOTO_BYTES = 20_000_000
"""The largest image file given to Draw."""
MAX_FILM_BYTES = 192_000_000
"""The longest film: a thousand frames of some 190 kB."""
BODY_SECONDS = 10.0
"""How long a body may take to arrive."""
FILM_SECONDS = 60.0
"""How long the frames of a film may take."""
PART_SECONDS = 2.0
"""How long one part of it may take: the shutdown of the server waits for it as well."""
MAX_DIGITS = 9
MAX_CHANGES = 10_000


class BadRequestError(AnnscopeError):
    """An invalid request; the message names the rule and what was sent."""


def whole_number(name: str, text: str) -> int:
    """A number, 0 or more, from an address."""
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise BadRequestError(f"{name} must be a whole number, 0 or more, got {shortened(text)!r}.")
    return int(text)


def since(text: str) -> Since:
    """The snapshot that others are compared with: a number, or "last", the one before each."""
    return "last" if text == "last" else whole_number("since", text)


async def json_body(request: Request) -> Mapping[str, Any]:
    """The JSON object that a request carries."""
    return _json_object(await _body(request, MAX_BYTES, BODY_SECONDS))


async def photo(request: Request) -> tuple[bytes, Wanted]:
    """The image file that a request carries, and what of it is to be read, by its address."""
    query = request.query_params
    given = query.get("name", "")
    name = f"“{shortened(given)}”" if given else "What was pasted"
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_PHOTO_BYTES:
        raise BadRequestError(
            f"{name} has {int(length) / 1e6:.1f} MB; an image may have up to {MAX_PHOTO_BYTES / 1e6:.0f} MB."
        )
    inverted = query.get("inverted")
    if inverted not in {None, "true", "false"}:
        raise BadRequestError(f"inverted must be true or false, got {shortened(inverted or '')!r}.")
    wanted = Wanted(name, _crop(query.get("crop")), None if inverted is None else inverted == "true")
    content = await _body(request, MAX_PHOTO_BYTES, FILM_SECONDS)
    if not content:
        raise BadRequestError(f"{name} is empty.")
    return content, wanted


def _crop(text: str | None) -> tuple[float, float, float, float]:
    if text is None:
        return WHOLE
    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError:
        left = top = right = bottom = math.nan
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise BadRequestError(
            "crop must be left,top,right,bottom as shares from 0 to 1 of the width and the height, "
            f"got {shortened(text or '')!r}."
        )
    return left, top, right, bottom


async def film_frames(request: Request) -> tuple[list[FilmFrame], str]:
    """The frames of a film and its format: JSON, which its length in 4 bytes precedes, then one PNG after the other.

    The JSON is {"format": "webp", "frames": [[bytes of the PNG, milliseconds], ...]}.
    """
    content = await _body(request, MAX_FILM_BYTES, FILM_SECONDS)
    start = 4 + int.from_bytes(content[:4], "little")
    about = _json_object(content[4:start])
    form, sizes = about.get("format"), about.get("frames")
    if not isinstance(form, str) or form not in FORMATS:
        raise BadRequestError(f"format must be one of {list(FORMATS)}, got {shortened(json.dumps(form))}.")
    if not isinstance(sizes, list) or not all(_is_frame(size) for size in sizes):
        raise BadRequestError(f"frames must be a list of [bytes, milliseconds up to {MAX_MS:,}].")
    if start + sum(size for size, _ in sizes) != len(content):
        raise BadRequestError("The frames must fill the rest of the body.")
    frames = []
    for size, ms in sizes:
        frames.append(FilmFrame(content[start : start + size], ms))
        start += size
    return frames, form


def _is_frame(size: object) -> bool:
    return (
        isinstance(size, list)
        and len(size) == 2
        and all(_is_whole(each) and each >= 0 for each in size)
        and size[1] <= MAX_MS
    )


def _json_object(content: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(content, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        raise BadRequestError("The body must be JSON.") from None
    if not isinstance(body, dict):
        raise BadRequestError("The body must be a JSON object.")
    return body


async def _body(request: Request, most: int, seconds: float) -> bytes:
    """The body of a request, of `most` bytes that arrive within so many seconds."""
    parts, size, stream = [], 0, request.stream()
    try:
        async with asyncio.timeout(seconds):
            while (part := await asyncio.wait_for(anext(stream, None), PART_SECONDS)) is not None:
                size += len(part)
                if size > most:
                    raise BadRequestError(f"The body may have {most:,} bytes at most.")
                parts.append(part)
    except TimeoutError:
        raise BadRequestError("The body did not arrive in time.") from None
    except ClientDisconnect:
        raise BadRequestError("The body did not arrive.") from None
    return b"".join(parts)


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def features(body: Mapping[str, Any]) -> ndarray:
    """The numbers `x`, an example's features."""
    x = body.get("x")
    if not isinstance(x, list) or not all(_is_finite(value) for value in x):
        raise BadRequestError("x must be a list of finite numbers.")
    return np.array(x, dtype=np.float64)


def points(body: Mapping[str, Any]) -> list[tuple[float, float, int]]:
    """The `points` painted by hand: two coordinates and a class, counted from 0."""
    given = body.get("points")
    if not isinstance(given, list) or len(given) > MAX_POINTS or not all(_is_point(point) for point in given):
        raise BadRequestError(
            f"points must be a list of at most {MAX_POINTS:,} [x, y, class] of two finite numbers and a whole one, "
            f"0 to {MAX_CLASSES - 1}."
        )
    return [(float(x), float(y), label) for x, y, label in given]


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 3
        and all(_is_finite(value) for value in point[:2])
        and _is_whole(point[2])
        and 0 <= point[2] < MAX_CLASSES
    )


def count(body: Mapping[str, Any], name: str, default: int) -> int:
    """A whole number that may be omitted."""
    value = body.get(name, default)
    if not _is_whole(value):
        raise BadRequestError(f"{name} must be a whole number, got {shortened(json.dumps(value))}.")
    return int(value)


def changes(body: Mapping[str, Any]) -> list[Change]:
    """The changes of weights for a `what-if` request."""
    given = body.get("changes")
    if not isinstance(given, list) or not all(_is_change(change) for change in given):
        raise BadRequestError(
            "changes must be a list of objects with layer and unit, and input and value where a weight is set."
        )
    if len(given) > MAX_CHANGES:
        raise BadRequestError(f"At most {MAX_CHANGES:,} changes can be made at once.")
    return [Change(**change) for change in given]


def _is_change(change: object) -> bool:
    if not isinstance(change, dict) or not {"layer", "unit"} <= set(change) <= {"layer", "unit", "input", "value"}:
        return False
    places = [change["layer"], change["unit"], *([] if change.get("input") is None else [change["input"]])]
    return all(_is_whole(place) for place in places) and (change.get("value") is None or _is_finite(change["value"]))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MAX_DIGITS


def _is_finite(value: object) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number beyond every float
        return False
