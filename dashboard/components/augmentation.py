"""What augmentation does, to look at: a few training images, each as the next epochs would meet it."""

from __future__ import annotations

import base64
import io

import numpy as np
import streamlit as st
from jaxtyping import Float
from numpy import ndarray
from PIL import Image

from annscope.core.errors import AnnscopeError
from annscope.dashboard import escaping
from annscope.dashboard.augmented import augmented
from annscope.dashboard.components import controls
from annscope.data.datasets import is_ready


def pictures() -> None:
    """Draw them with the settings as they stand, or say why there are none."""
    config = controls.config_now()
    if config is None:
        return
    if not is_ready(config.data):
        st.caption("Its images can be shown once the data set is downloaded: the first run does that.")
        return
    try:
        with st.spinner("Loading the images", show_time=True):
            found = augmented(config)
    except AnnscopeError as error:
        st.error(escaping.markdown(str(error)))
        return
    dark = st.context.theme.type == "dark"
    tiles = []
    for i, (plain, met) in enumerate(zip(found.plain, found.met, strict=True), start=1):
        names = [f"Training image {i} as it is", *(f"as epoch {e} meets it" for e in range(1, len(met) + 1))]
        tiles += [
            f'<img src="{_address(image, dark=dark)}" alt="{name}" title="{name}">'
            for image, name in zip([plain, *met], names, strict=True)
        ]
    st.html(f'<div class="annscope-augmented">{"".join(tiles)}</div>')
    if np.array_equal(found.met, np.repeat(found.plain[:, None], len(found.met[0]), axis=1)):
        st.caption("Nothing is done to the training images: move a slider and see.")
    else:
        st.caption(f"Left as they are, then as epochs 1 to {len(found.met[0])} meet them.")


def _address(image: Float[ndarray, "height width"], *, dark: bool) -> str:
    """The image as a PNG in an address; ink is dark on a light page."""
    shades = np.rint(255 * (image if dark else 1 - image)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(shades).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
