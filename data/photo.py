"""The ink of a photograph: a figure in pen, pencil or chalk, free of light, shadows, ruling and what lies around it.

`open_photo` reads the bytes of a file as any image of a data set is read; `ink_of` takes its grey values and gives ink
[h, w], 0 bare and 1 full, as `core.images.centering` takes it. Light varies slowly over a sheet
and multiplies what it reflects: the sheet's own brightness is estimated everywhere (a grey closing, which removes
strokes, then a blur) and divided out. Ruling is what is thin, straight and crosses the whole picture. What is left is
told from the sheet by Otsu's threshold (1979), and drawn with strokes as wide as MNIST's.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray
from PIL import Image
from scipy import ndimage

from annscope.data.errors import DataError
from annscope.data.image_file import NOT_AN_IMAGE, NoImageError, Rendering, Seen, read_image, thumbnail

_WORKING_SIDE = 640
"""The longer side, in pixels, of the picture in which ink is looked for."""
_SHEET_SIDE = 96
"""The longer side of the one in which the sheet's brightness is estimated."""
STROKE_SHARE = 0.155
"""Width of MNIST's strokes, as a share of the longer side of the digit (the mean over its training set)."""
_FIGURE_SIDE = 200
"""The longer side of the figure that is returned, before its strokes are brought to width."""
_LEAST_CONTRAST = 0.08
"""The least share of the sheet's light that a stroke takes away."""


_PREVIEW_SIDE = 640


@dataclass(frozen=True, eq=False)
class Photo:
    """A photograph, upright: its grey values, a smaller JPEG of it in its colours, and whether it has any."""

    gray: UInt8[ndarray, "height width"]
    preview: bytes
    is_coloured: bool

    def cropped(self, left: float, top: float, right: float, bottom: float) -> UInt8[ndarray, "height width"]:
        """The grey values of a part, whose edges are shares of the width and the height; at least one pixel of each."""
        spans = []
        for first, last, length in ((top, bottom, self.gray.shape[0]), (left, right, self.gray.shape[1])):
            start = min(length - 1, max(0, round(first * length)))
            spans.append(slice(start, max(start + 1, round(last * length))))
        return self.gray[spans[0], spans[1]]


def open_photo(content: bytes, name: str) -> Photo:
    """Read the bytes of an image file, which messages call `name`.

    Raises DataError for what is no image, is damaged, or has too many pixels by its header.
    """
    path, seen = Path(name), Seen()
    try:
        gray, depends = read_image(io.BytesIO(content), path, 0, Rendering(), seen)
        rendering = seen.rendering()
        if depends and rendering != Rendering():
            gray, _ = read_image(io.BytesIO(content), path, 0, rendering, seen)
        is_deep = seen.greatest >= seen.least
        small = Image.fromarray(gray) if is_deep else thumbnail(io.BytesIO(content), path, _PREVIEW_SIDE)
    except NoImageError as error:
        kinds = "PNG, JPEG, WebP, GIF, BMP or TIFF"
        raise DataError(
            f"{name} is no image that can be read, such as a {kinds}" if str(error) == NOT_AN_IMAGE
            else f"{name} is a damaged image"
        ) from error  # fmt: skip
    file = io.BytesIO()
    sheet = Image.new("RGBA", small.size, (rendering.background,) * 3 + (255,))
    sheet.alpha_composite(small.convert("RGBA"))
    sheet.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
    sheet.convert("RGB").save(file, "JPEG", quality=85)
    return Photo(gray, file.getvalue(), seen.is_coloured)


@dataclass(frozen=True, eq=False)
class Ink:
    """The figure found, cut out; without rows where there is none. `dark_on_light` says which way it was read."""

    image: Float[ndarray, "h w"]
    dark_on_light: bool


def ink_of(gray: UInt8[ndarray, "height width"], *, dark_on_light: bool | None = None) -> Ink:
    """The largest figure in a photograph, with what is near it; `dark_on_light` None finds out which way it is."""
    light = _smaller(gray, _WORKING_SIDE)
    if dark_on_light is None:
        dark_on_light = _is_dark_on_light(light)
    darkness = _without_ruling(_darkness(light if dark_on_light else 255.0 - light))
    figure = _figure(darkness)
    return Ink(np.empty((0, 0)) if figure is None else _with_stroke_width(figure), dark_on_light)


def _smaller(gray: ndarray, side: int) -> Float[ndarray, "h w"]:
    """The picture scaled so that its longer side has at most so many pixels, each the mean of its area."""
    scale = side / max(gray.shape)
    if scale >= 1:
        return gray.astype(np.float64)
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    return np.asarray(Image.fromarray(gray).resize(size, Image.Resampling.BOX), np.float64)


def _enlarged(image: ndarray, shape: tuple[int, ...]) -> Float[ndarray, "h w"]:
    size = (shape[1], shape[0])
    return np.asarray(Image.fromarray(image.astype(np.float32)).resize(size, Image.Resampling.BICUBIC), np.float64)


def _is_dark_on_light(light: Float[ndarray, "h w"]) -> bool:
    """Whether what stands out from its surroundings, by the third moment of the differences, is darker than they."""
    small = _smaller(light.astype(np.float32), _SHEET_SIDE * 2 // 3)
    around = ndimage.median_filter(small, size=max(3, max(small.shape) // 4), mode="nearest")
    apart = (small - around) / np.maximum(np.maximum(small, around), 8) * _window(small.shape)
    return bool((apart**3).sum() <= 0)


def _window(shape: tuple[int, ...]) -> Float[ndarray, "h w"]:
    """Weights that fall to 0 at the edge, where something else than the sheet may lie."""
    down, across = (np.minimum(1, 8 * np.minimum(at, 1 - at)) for at in (np.linspace(0, 1, n) for n in shape))
    window: ndarray = np.outer(down, across)
    return window


def _darkness(light: Float[ndarray, "h w"]) -> Float[ndarray, "h w"]:
    """The share of its sheet's light that is missing at each pixel, 0 to 1."""
    small = ndimage.gaussian_filter(_smaller(light.astype(np.float32), _SHEET_SIDE), 0.7)
    sheet = ndimage.grey_closing(small, size=(max(3, max(small.shape) // 5),) * 2, mode="nearest")
    sheet = _enlarged(ndimage.gaussian_filter(sheet, max(small.shape) / 40), light.shape)
    seen = ndimage.gaussian_filter(light, 0.8)
    missing: ndarray = np.clip(1 - seen / np.maximum(sheet, 1), 0, 1)
    return missing


# ---- ruling

_LONG = 0.22
"""Length of the straight pieces that ruling is found by, as a share of the picture's width."""
_THICK = 0.011
"""The thickest line of a ruling, as a share of the picture's longer side."""
_TILTS = np.arange(-6, 6.01, 0.5)
"""Degrees by which ruling may be tilted."""


def _without_ruling(darkness: Float[ndarray, "h w"]) -> Float[ndarray, "h w"]:
    for _ in range(2):
        darkness = _without_lines(darkness).T
    return darkness


def _without_lines(darkness: Float[ndarray, "h w"]) -> Float[ndarray, "h w"]:
    """Without thin lines that go from the left to the right; strokes that cross them are closed again."""
    height, width = darkness.shape
    most = max(2, round(_THICK * max(height, width)))
    ridge = ndimage.grey_closing(darkness, (3, 1)) - ndimage.grey_opening(darkness, (2 * most + 1, 1))
    ridge = np.clip(ridge, 0, None)
    shifts = _shifts(ridge)
    level = _sheared(ridge, shifts)
    noise = 1.4826 * np.median(level[level > 0]) if (level > 0).any() else 0.0
    # The mean along a piece of line stands out where single pixels do not.
    means = ndimage.uniform_filter1d(level, max(3, round(0.06 * width)), axis=1)
    dark = means > max(0.02, noise)
    length = max(3, round(_LONG * width))
    shortened = ndimage.minimum_filter1d(dark.view(np.uint8), length, axis=1)
    long = ndimage.maximum_filter1d(shortened, length, axis=1).view(bool)
    parts, n = ndimage.label(ndimage.binary_dilation(long, np.ones((3, 9), bool)))
    if not n:
        return darkness
    spans = np.array([(part[1].stop - part[1].start) / width for part in ndimage.find_objects(parts)])
    lines = (spans > 0.85)[parts - 1] & (parts > 0)
    if not lines.any():
        return darkness
    straight = _sheared(darkness, shifts)
    lines = ndimage.binary_dilation(lines & long, np.ones((3, 1), bool))
    return _sheared(_bridged(straight, lines), -shifts)[:height]


def _shifts(ridge: Float[ndarray, "h w"]) -> ndarray:
    """By how many rows each column is to move for the lines to lie level: the tilt whose row sums vary most."""
    width = ridge.shape[1]
    at = np.arange(width) - width / 2
    rows, columns = np.nonzero(ridge[:, ::4])
    columns *= 4
    weights = ridge[rows, columns]
    best, best_shifts = -1.0, np.zeros(width, int)
    for tilt in _TILTS[np.argsort(np.abs(_TILTS))]:
        shifts = np.round(-np.tan(np.radians(tilt)) * at).astype(int)
        sums = np.bincount(rows + shifts[columns] + width, weights, minlength=ridge.shape[0] + 2 * width)
        score = float((sums**2).sum())
        if score > best * 1.02:
            best, best_shifts = score, shifts
    return best_shifts


def _sheared(image: ndarray, shifts: ndarray) -> ndarray:
    """Each column moved down by its shift; the rows that leave come in again on the other side."""
    rows = (np.arange(image.shape[0])[:, None] - shifts[None, :]) % image.shape[0]
    sheared: ndarray = image[rows, np.arange(image.shape[1])[None, :]]
    return sheared


def _bridged(image: ndarray, gaps: Bool[ndarray, "h w"]) -> ndarray:
    """The image with its gaps filled from the nearest pixels above and below, in proportion."""
    n = image.shape[0]
    rows = np.broadcast_to(np.arange(n)[:, None], image.shape)
    above = np.maximum.accumulate(np.where(gaps, -1, rows), axis=0)
    below = np.minimum.accumulate(np.where(gaps, n, rows)[::-1], axis=0)[::-1]
    above, below = np.where(above < 0, below, above), np.where(below >= n, above, below)
    above, below = above.clip(0, n - 1), below.clip(0, n - 1)
    columns = np.broadcast_to(np.arange(image.shape[1])[None, :], image.shape)
    share = (rows - above) / np.maximum(below - above, 1)
    bridged: ndarray = image[above, columns] * (1 - share) + image[below, columns] * share
    return bridged


# ---- the figure


def otsu(values: Float[ndarray, " n"]) -> float:
    """The threshold that divides values into two groups with the greatest variance between them (Otsu 1979)."""
    counts, edges = np.histogram(values, bins=256)
    middles = (edges[:-1] + edges[1:]) / 2
    below, total = np.cumsum(counts), counts.sum()
    sums = np.cumsum(counts * middles)
    above = total - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(middles[np.nanargmax(between)])


def _figure(darkness: Float[ndarray, "h w"]) -> Float[ndarray, "rows columns"] | None:
    """The darkness of the largest figure, cut out and divided by its threshold's double; None where there is none."""
    ground = float(np.median(darkness))
    noise = 1.4826 * float(np.median(np.abs(darkness - ground)))
    faint = ground + max(_LEAST_CONTRAST, 3.5 * noise)
    standing_out = darkness[darkness > faint]
    if len(standing_out) < 8:
        return None
    threshold = max(faint, 0.75 * otsu(darkness[darkness > ground]))
    mask = darkness > threshold
    parts, n = ndimage.label(mask, np.ones((3, 3)))
    if not n:
        return None
    areas = np.bincount(parts.ravel())[1:]
    boxes = ndimage.find_objects(parts)
    ends = np.array([[box[0].start, box[0].stop, box[1].start, box[1].stop] for box in boxes])
    height, width = darkness.shape
    inside = (ends[:, 0] > 1) & (ends[:, 1] < height - 1) & (ends[:, 2] > 1) & (ends[:, 3] < width - 1)
    if not inside.any():
        inside[:] = True
    masses = np.bincount(parts.ravel(), darkness.ravel())[1:] * inside
    largest = int(masses.argmax())
    top, bottom, left, right = ends[largest]
    reach = 0.15 * max(bottom - top, right - left)
    apart = np.maximum.reduce([top - ends[:, 1], ends[:, 0] - bottom, left - ends[:, 3], ends[:, 2] - right, 0 * areas])
    kept = inside & (apart <= reach) & (areas >= 0.03 * areas[largest])
    if areas[largest] < 12:
        return None
    chosen = np.concatenate([[False], kept])[parts]
    near = ndimage.binary_dilation(chosen, iterations=2)
    rows, columns = np.flatnonzero(chosen.any(axis=1)), np.flatnonzero(chosen.any(axis=0))
    cut = np.pad(np.where(near, darkness, 0), 3)[rows[0] : rows[-1] + 7, columns[0] : columns[-1] + 7]
    return np.clip(cut / (2 * threshold), 0, 1)


def _with_stroke_width(figure: Float[ndarray, "rows columns"]) -> Float[ndarray, "h w"]:
    """The figure, half of whose full value is its outline, with strokes of MNIST's width."""
    fine = ndimage.zoom(figure, _FIGURE_SIDE / max(figure.shape), order=1)
    fine = ndimage.gaussian_filter(fine, 1.5)
    mask = fine > 0.5
    if not mask.any():
        return np.empty((0, 0))
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    inner = ndimage.distance_transform_edt(mask)
    width = 4 * float(inner[mask].mean())  # of a bar, whose distances from its edge are evenly spread
    more = (STROKE_SHARE * box - width) / (2 * (1 - STROKE_SHARE))
    more = max(more, -0.3 * width)
    border = int(np.ceil(max(more, 0))) + 2
    mask = np.pad(mask, border)
    outside = ndimage.distance_transform_edt(~mask) - ndimage.distance_transform_edt(mask)
    ink: ndarray = np.clip(0.5 + (more - outside) / 2, 0, 1)
    return ink
