"""What a request says, read within bounds: numbers in addresses, JSON in bodies.

Whatever is wrong with it is a BadRequestError with one sentence, which the routes answer with status 400.
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

MOST_BYTES = 4_000_000
"""The longest body: enough for 100,000 numbers written out in full."""
BODY_SECONDS = 10.0
"""How long a body may take to arrive."""
PART_SECONDS = 2.0
"""How long one part of it may take: a server that is told to end waits for it as well."""
MOST_DIGITS = 9
MOST_CHANGES = 10_000


class BadRequestError(AnnscopeError):
    """A request that breaks a rule of its route; the text names the rule and what was sent."""


def whole_number(name: str, text: str) -> int:
    """A number, 0 or more, from an address."""
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise BadRequestError(f"{name} must be a whole number, 0 or more, got {shortened(text)!r}.")
    return int(text)


async def json_body(request: Request) -> Mapping[str, Any]:
    """The JSON object that a request carries."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            content = await _body(request)
    except TimeoutError:
        raise BadRequestError("The body did not arrive in time.") from None
    except ClientDisconnect:
        raise BadRequestError("The body did not arrive.") from None
    try:
        asked = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadRequestError("The body must be JSON.") from None
    if not isinstance(asked, dict):
        raise BadRequestError("The body must be a JSON object.")
    return asked


async def _body(request: Request) -> bytes:
    parts, size, stream = [], 0, request.stream()
    while (part := await asyncio.wait_for(anext(stream, None), PART_SECONDS)) is not None:
        size += len(part)
        if size > MOST_BYTES:
            raise BadRequestError(f"The body may have {MOST_BYTES:,} bytes at most.")
        parts.append(part)
    return b"".join(parts)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def features(asked: Mapping[str, Any]) -> ndarray:
    """The numbers `x`, an example's features."""
    x = asked.get("x")
    if not isinstance(x, list) or not all(_is_finite(value) for value in x):
        raise BadRequestError("x must be a list of finite numbers.")
    return np.array(x, dtype=np.float64)


def count(asked: Mapping[str, Any], name: str, default: int) -> int:
    """A whole number that may be left out."""
    value = asked.get(name, default)
    if not _is_whole(value):
        raise BadRequestError(f"{name} must be a whole number, got {shortened(json.dumps(value))}.")
    return int(value)


def changes(asked: Mapping[str, Any]) -> list[Change]:
    """The changes by hand that `what-if` is asked about."""
    given = asked.get("changes")
    if not isinstance(given, list) or not all(_is_change(change) for change in given):
        raise BadRequestError(
            "changes must be a list of objects with layer and unit, and input and value where a weight is set."
        )
    if len(given) > MOST_CHANGES:
        raise BadRequestError(f"At most {MOST_CHANGES:,} changes can be asked about at once.")
    return [Change(**change) for change in given]


def _is_change(change: object) -> bool:
    if not isinstance(change, dict) or not {"layer", "unit"} <= set(change) <= {"layer", "unit", "input", "value"}:
        return False
    places = [change["layer"], change["unit"], *([] if change.get("input") is None else [change["input"]])]
    return all(_is_whole(place) for place in places) and (change.get("value") is None or _is_finite(change["value"]))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MOST_DIGITS


def _is_finite(value: object) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number beyond every float
        return False
