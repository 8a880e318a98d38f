"""Synthetic photographs of digits, and how many of them a network reads: `python -m scripts.photos --count 400`.

Real digits of MNIST become strokes of a pen or a pencil on plain, ruled or squared paper, under uneven light and soft
shadows, a little turned and off centre, with blur, noise and JPEG's losses. `--strange` draws the papers, lights and
pens that were never used while `data/photo.py` was written.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy import ndarray
from PIL import Image
from scipy import ndimage

from annscope.core.config import RunConfig
from annscope.core.images.centering import MNIST_BOX, as_mnist
from annscope.core.network import Network
from annscope.core.training import Trainer
from annscope.data.datasets import load_dataset
from annscope.data.photo import STROKE_SHARE, ink_of, open_photo

SURE = 0.9  # probability
_FINER = 4  # times as large as MNIST: where the middle of strokes is found
LIGHTS = ("even", "window", "lamp", "dusk")
PAPERS = ("plain", "ruled", "squared")
STRANGE_LIGHTS = ("two lamps", "corner", "stripes of shade", "overexposed")
STRANGE_PAPERS = ("plain", "narrow ruled", "ruled with margin", "squared, tilted", "desk", "blackboard")
TOOLS = ("pen", "pencil")


@dataclass(frozen=True)
class Photo:
    """A photograph as the bytes of a JPEG, what is on it and what it was made of."""

    content: bytes
    digit: int
    about: str


@dataclass(frozen=True, eq=False)
class Judge:
    """A trained network, its accuracy on held-out digits, and those [n, 28, 28] of them that it is sure of."""

    network: Network
    accuracy: float
    digits: ndarray
    labels: ndarray

    def known(self, rng: np.random.Generator) -> tuple[ndarray, int]:
        """A digit, 0 bare to 1 full ink, that the network is sure of also when it is drawn as a clean stroke."""
        while True:
            k = int(rng.integers(len(self.labels)))
            clean = as_mnist(_strokes(self.digits[k], 100, STROKE_SHARE)).reshape(1, -1)
            if self.network.predict_proba(clean)[0, self.labels[k]] > SURE:
                return self.digits[k], int(self.labels[k])

    def reads(self, photo: Photo) -> bool:
        """Whether the digit of a photograph is read."""
        ink = ink_of(open_photo(photo.content, "photo.jpg").gray)
        image = as_mnist(ink.image).reshape(1, -1)
        return bool(self.network.predict_proba(image)[0].argmax() == photo.digit)


def trained_judge() -> Judge:
    """A network of some 95 % on held-out digits, trained on mnist-5k in a few seconds."""
    config = RunConfig().with_values(
        {"data": "mnist-5k", "hidden": (100,), "epochs": 12, "shift": 1, "rotate": 10.0, "zoom": 0.1}
    )
    dataset = load_dataset(config.data)
    trainer = Trainer(dataset, config)
    while not trainer.finished:
        trainer.advance(trainer.total_steps)
    network = Network(config.network, dataset.n_features, dataset.n_classes, trainer.snapshot().parameters)
    x, labels = np.concatenate([dataset.x_val, dataset.x_test]), np.concatenate([dataset.y_val, dataset.y_test])
    probabilities = network.predict_proba(x)
    accuracy = float((probabilities.argmax(axis=1) == labels).mean())
    is_sure = probabilities[np.arange(len(labels)), labels] > SURE
    return Judge(network, accuracy, x[is_sure].reshape(-1, 28, 28).astype(np.float64), labels[is_sure])


def photographs(judge: Judge, count: int, seed: int, *, strange: bool = False) -> Iterator[Photo]:
    """So many photographs of known digits, every light with every paper and tool in turn."""
    lights, papers = (STRANGE_LIGHTS, STRANGE_PAPERS) if strange else (LIGHTS, PAPERS)
    kinds = list(product(TOOLS, papers, lights))
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        tool, paper, light = kinds[i % len(kinds)]
        digit, label = judge.known(rng)
        content = _photograph(digit, rng, tool, paper, light, strange=strange)
        yield Photo(content, label, f"{tool}, {paper} paper, {light}")


def _photograph(digit: ndarray, rng: np.random.Generator, tool: str, paper: str, light: str, *, strange: bool) -> bytes:
    height, width = (int(rng.integers(700, 1100)) for _ in range(2)) if strange else (640, 500)
    size = rng.uniform(0.25, 0.6) * min(height, width)
    share = rng.uniform(0.035, 0.07) if tool == "pencil" else rng.uniform(0.045, 0.14)
    ink = _strokes(digit, size, share)
    ink = ndimage.rotate(ink, rng.uniform(-10, 10), order=1, reshape=True)
    page = np.zeros((height, width))
    room_down, room_across = height - ink.shape[0], width - ink.shape[1]
    top = int(np.clip(room_down / 2 + rng.uniform(-0.2, 0.2) * height, 0.06 * height, room_down - 0.06 * height))
    left = int(np.clip(room_across / 2 + rng.uniform(-0.2, 0.2) * width, 0.06 * width, room_across - 0.06 * width))
    page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    down, across = np.mgrid[0:height, 0:width] / max(height, width)

    lines = _lines(paper, rng, height, width)
    depth = rng.uniform(0.35, 0.5) if tool == "pencil" else rng.uniform(0.65, 0.9)
    if tool == "pencil":
        grain = ndimage.gaussian_filter(rng.normal(size=(height, width)), 1.2)
        depth = np.clip(depth + 0.12 * grain / grain.std(), 0.2, 0.7)
    tone = rng.uniform(0.8, 0.97)
    reflected = tone * (1 - lines) * (1 - depth * page)
    if paper == "blackboard":
        reflected = 0.16 + 0.08 * lines + rng.uniform(0.45, 0.65) * page
    if paper == "desk":
        edge = across * np.cos(0.2) + down * np.sin(0.2)
        reflected = np.where(edge < rng.uniform(0.04, 0.09), 0.3 + 0.06 * np.sin(90 * down), reflected)
    seen = reflected * _light(light, rng, down, across) * _shadow(rng, down, across, hard=strange)
    seen = ndimage.gaussian_filter(seen, rng.uniform(0.5, 1.8))
    seen = 255 * seen + rng.normal(scale=rng.uniform(1.5, 7), size=seen.shape)
    hue = np.array([1.0, rng.uniform(0.93, 1), rng.uniform(0.82, 1)])
    colours = np.clip(seen[..., None] * hue, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(colours).save(file, "JPEG", quality=int(rng.integers(55, 92)))
    return file.getvalue()


def _strokes(digit: ndarray, size: float, share: float) -> ndarray:
    """Ink [h, w] from 0 to 1: a digit of `size` pixels, drawn along its middle `share` of that wide."""
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    cut = np.pad(digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 2)
    fine = np.clip(ndimage.zoom(cut, _FINER, order=3), 0, 1)
    scale = size / (MNIST_BOX * _FINER)
    middle = ndimage.zoom(ndimage.distance_transform_edt(~_skeleton(fine > 0.45)), scale, order=1)
    return np.clip(0.5 + (share * size / 2 - middle * scale) / 2, 0, 1)


def _skeleton(mask: ndarray) -> ndarray:
    """The middle lines of a shape (Zhang and Suen 1984)."""
    image = np.pad(mask, 1).astype(np.uint8)
    changed = True
    while changed:
        changed = False
        for step in (0, 1):
            ring = [np.roll(image, shift, (0, 1)) for shift in
                    ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))]  # fmt: skip
            n = sum(each.astype(int) for each in ring)
            turns = sum(((a == 0) & (b == 1)).astype(int) for a, b in zip(ring, ring[1:] + ring[:1], strict=True))
            up, right, low, left = ring[0], ring[2], ring[4], ring[6]
            free = (up * right * low == 0) & (right * low * left == 0) if step == 0 else (
                (up * right * left == 0) & (up * low * left == 0))  # fmt: skip
            gone = (image == 1) & (n >= 2) & (n <= 6) & (turns == 1) & free
            changed |= bool(gone.any())
            image[gone] = 0
    return image[1:-1, 1:-1].astype(bool)


def _lines(paper: str, rng: np.random.Generator, height: int, width: int) -> ndarray:
    """How much darker the ruling makes each point [height, width] of a sheet."""
    down, across = np.mgrid[0:height, 0:width].astype(float)
    tilt = np.tan(np.radians(rng.uniform(-4, 4) if "tilted" in paper else rng.uniform(-1.5, 1.5)))
    down, across = down + tilt * across, across - tilt * down
    lines = np.zeros((height, width))
    if paper in {"plain", "desk", "blackboard"}:
        return lines
    gap = rng.uniform(28, 45) if "narrow" in paper or "tilted" in paper else rng.uniform(45, 90)
    wide, deep = rng.uniform(1.2, 3.2), rng.uniform(0.12, 0.4)
    places = [down] + [across] * ("squared" in paper)
    for place in places:
        off = np.abs((place + rng.uniform(0, gap)) % gap - gap / 2)
        lines = np.maximum(lines, deep * np.clip(wide / 2 + 0.5 - off, 0, 1))
    if "margin" in paper:
        lines = np.maximum(lines, 0.4 * np.clip(2 - np.abs(across - 0.12 * width), 0, 1))
    return lines


def _light(light: str, rng: np.random.Generator, down: ndarray, across: ndarray) -> ndarray:
    """How bright each point is lit, 0 to some 1."""
    turn = rng.uniform(0, 2 * np.pi)
    along = np.cos(turn) * (across - 0.5) + np.sin(turn) * (down - 0.5)
    far = np.hypot(down - rng.uniform(0, 0.7), across - rng.uniform(0, 0.7))
    if light == "window":
        return 0.7 + rng.uniform(0.3, 0.5) * along
    if light == "lamp":
        return 1.05 / (1 + 1.6 * far**2)
    if light == "dusk":
        return 0.35 + 0.1 * along
    if light == "two lamps":
        return 0.55 / (1 + 4 * far**2) + 0.45 + 0.2 * along
    if light == "corner":
        return 1 / (1 + 2.5 * np.hypot(down, across) ** 2)
    if light == "stripes of shade":
        return 0.75 + 0.13 * np.tanh(3 * np.sin(9 * along))
    if light == "overexposed":
        return 1.15 + 0.2 * along
    return np.full_like(down, 0.95)


def _shadow(rng: np.random.Generator, down: ndarray, across: ndarray, *, hard: bool) -> ndarray:
    """The shadow of a hand or a head over part of the sheet, in two of three photographs."""
    if rng.random() < 1 / 3:
        return np.ones_like(down)
    turn, soft = rng.uniform(0, 2 * np.pi), rng.uniform(0.015, 0.05) if hard else rng.uniform(0.03, 0.12)
    side = np.cos(turn) * (across - rng.uniform(0.2, 0.6)) + np.sin(turn) * (down - rng.uniform(0.2, 0.8))
    bend = 0.05 * np.sin(6 * (across * np.sin(turn) - down * np.cos(turn)) + turn)
    return 1 - rng.uniform(0.25, 0.6) / (1 + np.exp(-(side + bend) / soft))


def main() -> None:
    """Print how many photographs are read, and which are not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--strange", action="store_true", help="other papers, lights and sizes")
    options = parser.parse_args()
    judge = trained_judge()
    print(f"accuracy on held-out digits: {judge.accuracy:.3f}")
    photos = photographs(judge, options.count, options.seed, strange=options.strange)
    missed = [photo for photo in photos if not judge.reads(photo)]
    for photo in missed:
        print(f"not read: {photo.digit} in {photo.about}")
    print(f"{options.count - len(missed)} of {options.count} read")


if __name__ == "__main__":
    main()
