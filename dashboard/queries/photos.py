"""Photographs given to a run's network: read as pen on paper, or as the images of its data set are."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.images.centering import MNIST_BOX, MNIST_SIDE, as_box, as_mnist
from annscope.dashboard.queries.examples import ExampleError, form_of
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.data.image_file import fitted
from annscope.data.photo import ink_of, open_photo

WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Wanted:
    """What of a photograph is read, and how.

    `crop` are the left, top, right and bottom edges as shares of its width and height. `inverted` reads ink as dark on
    light if True and as light on dark if False, and turns a photograph into its negative if True; None finds out.
    """

    name: str = "The image"
    crop: tuple[float, float, float, float] = WHOLE
    inverted: bool | None = None


def read(run: str, content: bytes, wanted: Wanted) -> dict[str, Any]:
    """An image file as input of a run's network, as JSON values.

    "image" is what the network is given, row by row, 0 to 1; "ink" the larger drawing that it came from, as bytes in
    base64 with its height and width, which is that image itself where the data are photographs. "preview" is a small
    JPEG of the whole original.

    Raises DataError for a file that cannot be read, ExampleError for a run on something else than images, and where no
    ink stands out.
    """
    reader = get_live_run(run).reader
    about = reader.description["dataset"]
    if about is None or about["image_shape"] is None:
        raise ExampleError(f"The network of run {run} is not given images.")
    shape = (about["image_shape"][0], about["image_shape"][1])
    is_photo = about.get("is_photo", False)
    photo = open_photo(content, wanted.name)
    gray = photo.cropped(*wanted.crop)
    dropped = " Colours became shades of grey." if photo.is_coloured else ""
    if is_photo:
        image = fitted(gray, shape) / 255
        inverted = bool(wanted.inverted)
        drawing = image = 1 - image if inverted else image
        said = f"Read as the images of the data set are: grey, fitted into {shape[0]} × {shape[1]} pixels.{dropped}"
    else:
        ink = ink_of(gray, dark_on_light=wanted.inverted)
        if not ink.image.size:
            part = wanted.name if wanted.crop == WHOLE else f"this part of {wanted.name}"
            raise ExampleError(f"No ink stands out from its paper in {part}.")
        drawing, inverted = ink.image, ink.dark_on_light
        image = as_network_input(drawing, shape, form_of(reader.config.data))
        said = f"Read as pen on paper: light, ruling and what touches the edge are removed.{dropped}"
    height, width = drawing.shape
    return {
        "image": image.ravel().tolist(),
        "ink": base64.b64encode(np.rint(255 * drawing).astype(np.uint8).tobytes()).decode(),
        "height": height,
        "width": width,
        "preview": "data:image/jpeg;base64," + base64.b64encode(photo.preview).decode(),
        "is_photo": is_photo,
        "inverted": inverted,
        "said": said,
    }


def as_network_input(ink: Float[ndarray, "h w"], shape: tuple[int, int], form: str) -> Float[ndarray, "height width"]:
    """Ink in the form of a data set of images of this shape, as on the drawing pad."""
    if form == "mass" and shape[0] == shape[1]:
        return as_mnist(ink, shape[0], round(shape[0] * MNIST_BOX / MNIST_SIDE))
    return as_box(ink, *shape)
