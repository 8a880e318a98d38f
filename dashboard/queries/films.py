"""Films: moving pictures from frames that a browser drew, as animated WebP or GIF."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from annscope.core.errors import AnnscopeError

FORMATS = {"webp": "image/webp", "gif": "image/gif"}
"""The media type of each format."""
MAX_FRAMES = 1000
MAX_PIXELS = 4_000_000
"""Of a frame."""
MAX_FILM_PIXELS = 500_000_000
"""Of all frames: a GIF is held in memory until it is written."""
MAX_MS = 65_000
"""How long a frame may stay: GIF counts in 16 bits of hundredths of a second, which are ten times as many."""
QUALITY = 80


class FilmError(AnnscopeError):
    """Frames that make no film; the message says which and why."""


@dataclass(frozen=True)
class FilmFrame:
    """One picture as a PNG file, and how many milliseconds it stays."""

    png: bytes
    ms: int


def film(frames: Sequence[FilmFrame], form: str) -> bytes:
    """The frames as one file that repeats forever, in one of `FORMATS`.

    Raises FilmError for no frames, too many or too large ones, and for one that is no PNG, too large or of another size
    than the first.
    """
    if not 1 <= len(frames) <= MAX_FRAMES:
        raise FilmError(f"A film has 1 to {MAX_FRAMES:,} frames, not {len(frames):,}.")
    pictures = _pictures(frames)
    first = next(pictures)
    if first.width * first.height * len(frames) > MAX_FILM_PIXELS:
        raise FilmError(
            f"{len(frames)} frames of {first.width:,} x {first.height:,} pixels are too many for one film: "
            "choose a smaller size or a shorter time."
        )
    target = io.BytesIO()
    durations = [frame.ms for frame in frames]
    if form == "gif":
        first, pictures = _with_palette(first), map(_with_palette, pictures)
    options = {"quality": QUALITY, "method": 2} if form == "webp" else {"optimize": False}
    first.save(target, form, save_all=True, append_images=pictures, duration=durations, loop=0, **options)
    return target.getvalue()


def _pictures(frames: Iterable[FilmFrame]) -> Iterator[Image.Image]:
    size: tuple[int, int] | None = None
    for number, frame in enumerate(frames, 1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                picture = Image.open(io.BytesIO(frame.png), formats=["PNG"])
            if picture.width * picture.height > MAX_PIXELS:
                raise FilmError(
                    f"A frame may have {MAX_PIXELS:,} pixels at most, but frame {number} has "
                    f"{picture.width:,} x {picture.height:,}."
                )
            size = size or picture.size
            if picture.size != size:
                raise FilmError(f"Frame {number} is {picture.size} pixels large, but the first one {size}.")
            yield picture.convert("RGB")
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise FilmError(f"Frame {number} cannot be read as a PNG picture.") from None


def _with_palette(picture: Image.Image) -> Image.Image:
    # Without dithering lines stay sharp, and what stands still is the same from frame to frame.
    return picture.quantize(256, dither=Image.Dither.NONE)
