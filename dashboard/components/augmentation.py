"""Augmentation preview in the sidebar: a few training images, each as the first epochs would see it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from annscope.core.errors import AnnscopeError
from annscope.dashboard import escaping
from annscope.dashboard.augmented import augmented
from annscope.dashboard.components import controls
from annscope.data.datasets import is_ready
from annscope.data.png import png_url


def pictures() -> None:
    """Draw the preview for the current settings, or the reason why there is none."""
    config = controls.config_now()
    if config is None:
        return
    if not is_ready(config.data):
        st.caption("Its images can be shown once the data set is downloaded: the first run downloads it.")
        return
    try:
        with st.spinner("Loading the images", show_time=True):
            found = augmented(config)
    except AnnscopeError as error:
        st.error(escaping.markdown(str(error)))
        return
    dark = found.is_photo or st.context.theme.type == "dark"
    tiles = []
    for i, (original, epochs) in enumerate(zip(found.originals, found.augmented, strict=True), start=1):
        names = [f"Training image {i}, original", *(f"augmented in epoch {e}" for e in range(1, len(epochs) + 1))]
        tiles += [
            f'<img src="{png_url(np.rint(255 * image).astype(np.uint8), dark=dark)}" alt="{name}" title="{name}">'
            for image, name in zip([original, *epochs], names, strict=True)
        ]
    st.html(f'<div class="annscope-augmented">{"".join(tiles)}</div>')
    n_epochs = len(found.augmented[0])
    if np.array_equal(found.augmented, np.repeat(found.originals[:, None], n_epochs, axis=1)):
        st.caption("The training images are not augmented: move a slider to see the effect.")
    else:
        st.caption(f"Left: the original. Then: augmented, in epochs 1 to {n_epochs}.")
