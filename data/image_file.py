"""One image file as grey pixels: any format that Pillow reads, told by its content.

Colours become shades of grey (ITU-R 601-2: 0.299 red + 0.587 green + 0.114 blue), and photographs are oriented by
their EXIF data. What depends on the whole data set, where black and white are in deep images (over 8 bits) and what
is behind transparent ones, is the caller's: `Rendering`, which it chooses by what it has `Seen`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray
from PIL import Image, ImageOps, UnidentifiedImageError

from annscope.data.errors import DataError

MAX_PIXELS_IN_A_FILE = 50_000_000
"""Maximum pixels of one photograph."""
_FIRST_TRIED = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
_NOT_READ = {"EPS", "WMF", "MPEG", "BUFR", "GRIB", "HDF5", "IPTC", "PCD", "SPIDER", "XVTHUMB"}
"""Formats that start another program or hold no pixels, and some of last century that any file may be taken for."""
_SIGNED_BY_NAME = {"TGA": (".tga", ".icb", ".vda", ".vst"), "MSP": (".msp",), "PIXAR": (".pxr",)}
"""Formats without a signature: any file may be taken for one, so that its name has to say so."""


@dataclass(frozen=True)
class Rendering:
    """How the images of a data set become bytes: deep values from `black` to `white`, transparency on `background`."""

    black: float = 0.0
    white: float = 65536.0
    background: int = 255


@dataclass
class Seen:
    """What was seen of a data set's images that the user should know, or that decides how they are rendered.

    `least` and `greatest` are those of deep images, which are `whole` if their values are all whole numbers.
    `ink` and `cover` are the sums of shade times opacity and of opacity over images with transparency.
    """

    is_coloured: bool = False
    is_animated: bool = False
    least: float = np.inf
    greatest: float = -np.inf
    whole: bool = True
    ink: float = 0.0
    cover: float = 0.0

    def rendering(self) -> Rendering:
        """The rendering that suits all the images seen.

        Deep values are rendered by the bits that they use (a scanner's 12 of 16), fractions and negative ones from
        the least to the greatest. What is visible of transparent images and nearly white is put on black.
        """
        black, white = 0.0, 65536.0
        if self.greatest > self.least:
            if self.whole and self.least >= 0:
                white = float(1 << max(8, int(self.greatest).bit_length()))
            else:
                black = min(self.least, 0.0)
                white = black + (self.greatest - black) * 256 / 255
        is_light = self.cover > 0 and self.ink / self.cover > 0.75 * 255
        return Rendering(black, white, 0 if is_light else 255)


NOT_AN_IMAGE, DAMAGED = "not an image", "a damaged image"


class NoImageError(Exception):
    """A file is `NOT_AN_IMAGE`, or `DAMAGED`: the message says which."""


class TooManyPixelsError(DataError):
    """An image is larger than is read."""


def read_image(
    file: BinaryIO, path: Path, side: int, rendering: Rendering, seen: Seen
) -> tuple[UInt8[ndarray, "height width"], bool]:
    """Grey pixels, upright, in a square of `side` pixels where that is not 0; and whether the rendering mattered.

    Raises NoImageError for a file without an image that can be read, TooManyPixelsError before a huge one is decoded.
    """
    with _opened(file, path) as image:
        seen.is_animated |= bool(getattr(image, "is_animated", False))
        return _pixels(image, side, rendering, seen)


def thumbnail(file: BinaryIO, path: Path, side: int) -> Image.Image:
    """The image in its colours, upright, its longer side at most `side` pixels; errors as those of `read_image`."""
    with _opened(file, path) as image:
        image.draft("RGB", (side, side))
        image.thumbnail((side, side))
        return ImageOps.exif_transpose(image).convert("RGBA")


@contextmanager
def _opened(file: BinaryIO, path: Path) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's of odd files; its limit of pixels is far above ours
            with _open(file, path) as image:
                if image.width * image.height > MAX_PIXELS_IN_A_FILE:  # from its header: nothing is decoded yet
                    raise TooManyPixelsError(
                        f"{path} has {image.height:,}x{image.width:,} pixels, "
                        f"more than the {MAX_PIXELS_IN_A_FILE:,} that are read"
                    )
                yield image
    except Image.DecompressionBombError as error:  # raised above twice Pillow's limit, before the size is known
        raise TooManyPixelsError(f"{path} has more pixels than the {MAX_PIXELS_IN_A_FILE:,} that are read") from error
    except (PermissionError, MemoryError):
        raise
    except (DataError, NoImageError):
        raise
    except Exception as error:  # decoders raise all kinds of errors for damaged files
        raise NoImageError(DAMAGED) from error


@cache
def _formats() -> tuple[str, ...]:
    Image.init()
    others = sorted(set(Image.OPEN) - _NOT_READ - set(_FIRST_TRIED) - set(_SIGNED_BY_NAME))
    return (*(name for name in _FIRST_TRIED if name in Image.OPEN), *others)


def _open(file: BinaryIO, path: Path) -> Image.Image:
    try:
        return Image.open(file, formats=_formats())
    except UnidentifiedImageError:
        signed = [name for name, suffixes in _SIGNED_BY_NAME.items() if path.suffix.lower() in suffixes]
        try:
            if signed:
                file.seek(0)
                return Image.open(file, formats=signed)
        except UnidentifiedImageError:
            pass
        raise NoImageError(NOT_AN_IMAGE) from None


def _pixels(
    image: Image.Image, side: int, rendering: Rendering, seen: Seen
) -> tuple[UInt8[ndarray, "height width"], bool]:
    image = ImageOps.exif_transpose(image)
    if image.mode == "F" or image.mode.startswith("I"):
        values = np.asarray(image).astype(np.float64)
        if not np.isfinite(values).all():
            raise NoImageError(DAMAGED)
        seen.least, seen.greatest = min(seen.least, float(values.min())), max(seen.greatest, float(values.max()))
        seen.whole = seen.whole and (image.mode != "F" or bool((values == np.floor(values)).all()))
        return _squared(_rendered(values, rendering), side), True
    depends = False
    if image.has_transparency_data:
        image = image.convert("RGBA")
        opacity = np.asarray(image.getchannel("A"))
        depends = bool((opacity < 255).any())
        if depends:
            shade = np.asarray(image.convert("RGB").convert("L"), np.float64)
            seen.ink += float((shade * opacity).sum())
            seen.cover += float(opacity.sum(dtype=np.float64))
        paper = Image.new("RGBA", image.size, (rendering.background,) * 3 + (255,))
        paper.alpha_composite(image)
        image = paper
    if not seen.is_coloured and image.mode not in {"1", "L", "LA"}:
        red, green, blue = np.moveaxis(np.asarray(image.convert("RGB")), -1, 0)
        seen.is_coloured = bool((red != green).any() or (green != blue).any())
    return _squared(np.array(image.convert("L")), side), depends


def _rendered(values: Float[ndarray, "height width"], rendering: Rendering) -> UInt8[ndarray, "height width"]:
    scaled = np.floor((values - rendering.black) * (256 / (rendering.white - rendering.black)))
    return scaled.clip(0, 255).astype(np.uint8)


def _squared(gray: UInt8[ndarray, "height width"], side: int) -> UInt8[ndarray, "height width"]:
    return fitted(gray, (side, side)) if side else gray


def fitted(gray: UInt8[ndarray, "h w"], shape: tuple[int, int]) -> UInt8[ndarray, "height width"]:
    """The image scaled into one of `shape`, with its aspect ratio, on the median of its own edge."""
    edge = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    scale = min(shape[0] / gray.shape[0], shape[1] / gray.shape[1])
    height, width = (min(most, max(1, round(length * scale))) for most, length in zip(shape, gray.shape, strict=True))
    sheet = Image.new("L", (shape[1], shape[0]), int(np.median(edge)))
    smaller = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    sheet.paste(
        Image.fromarray(gray).resize((width, height), smaller), ((shape[1] - width) // 2, (shape[0] - height) // 2)
    )
    return np.array(sheet)
