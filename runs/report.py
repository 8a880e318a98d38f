"""One HTML page about a network on a split: to print, to keep and to send. It needs nothing but itself."""

from __future__ import annotations

import html
import shlex
from collections.abc import Iterable, Sequence

import numpy as np
from numpy import ndarray

from annscope.core.config import FIELDS
from annscope.core.dataset import Dataset
from annscope.core.evaluation.curves import Calibration
from annscope.core.evaluation.intervals import MAX_RESAMPLES
from annscope.core.evaluation.predictions import Predictions
from annscope.data.png import png_url
from annscope.runs.command_line import command_line
from annscope.runs.interval_words import few, figure_range, figure_words, percent, percent_range, percent_words
from annscope.runs.reader import RunReader
from annscope.runs.terminal import visible

MAX_PAIRS, PER_PAIR = 6, 10
MAX_MATRIX = 40
"""Of more classes the matrix has no room on a page."""
_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #17202c; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; break-after: avoid; }
.lead { font-size: 1.05rem; } .grey, small, caption { color: #566173; } small { display: block; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } caption { text-align: left; }
th, td { padding: .2rem .6rem; border-bottom: 1px solid #e3e6eb; text-align: right; vertical-align: top; }
th:first-child, .text td, .text th { text-align: left; }
.matrix td, .matrix th { padding: .25rem .4rem; text-align: center; }
figure { display: inline-block; margin: 0 .4rem .4rem 0; text-align: center; font-size: 11px; }
figure img { width: 56px; image-rendering: pixelated; border: 1px solid #e3e6eb; }
code { display: block; padding: .5rem .7rem; background: #f6f7f9; white-space: pre-wrap; overflow-wrap: anywhere; }
section, tr, figure { break-inside: avoid; }
@media print { body { margin: 0; max-width: none; } }
"""


def report_html(predictions: Predictions, dataset: Dataset, reader: RunReader) -> str:
    """The page about these predictions of a run's network, as text."""
    line = reader.snapshot_line(predictions.number)
    title = f"{visible(dataset.name)}: run {reader.run}"
    sections = [
        _headline(predictions, line),
        _matrix(predictions),
        _classes(predictions),
        _pairs(predictions, dataset),
        _calibration(predictions),
        _settings(predictions, reader, int(line["step"])),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{_text(title)}</h1>{''.join(sections)}</body></html>\n"
    )


def _text(text: str) -> str:
    return html.escape(visible(text))


def _headline(predictions: Predictions, line: dict[str, object]) -> str:
    n, n_wrong = len(predictions.labels), int((~predictions.right).sum())
    what = "subset accuracy" if predictions.is_multilabel else "accuracy"
    words = (
        f"<p class=lead>On the {predictions.split} split of {n:,} examples, at epoch {line['epoch']} "
        f"(step {line['step']:,}): {what} <b>{percent(predictions.accuracy)}</b> "
        f"({percent_range(predictions.accuracy_interval)}), {n_wrong:,} wrong."
    )
    weakest = predictions.weakest
    if weakest is not None:
        support = int(predictions.classes.support[weakest])
        recall = percent_words(
            float(predictions.classes.recall[weakest]), predictions.intervals["recall"][weakest], support
        )
        taken = predictions.taken_for(weakest)
        mostly = "" if taken is None else f", mostly taken for <b>{_text(predictions.class_names[taken])}</b>"
        words += f"<br>Weakest: <b>{_text(predictions.class_names[weakest])}</b>, recall {recall}{mostly}."
    return f"{words}</p><p class=grey>In brackets and in grey: intervals of 95 %.</p>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, name: str = "", caption: str = "") -> str:
    """A table of cells that are HTML already, the first of each row its heading."""
    top = "".join(f"<th scope=col>{each}</th>" for each in head)
    body = "".join(
        f"<tr><th scope=row>{first}</th>"
        f"{''.join(cell if cell.startswith('<td') else f'<td>{cell}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    about = f"<caption>{caption}</caption>" if caption else ""
    return f"<table class='{name}'>{about}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _matrix(predictions: Predictions) -> str:
    names = [_text(name) for name in predictions.class_names]
    if predictions.is_multilabel:
        rows = [
            (name, *(f"{count:,}" for count in counts.ravel().tolist()))
            for name, counts in zip(names, predictions.confusion, strict=True)
        ]
        head = ("Label", "True negatives", "False positives", "False negatives", "True positives")
        return f"<section><h2>Confusion by label</h2>{_table(head, rows)}</section>"
    if len(names) > MAX_MATRIX:
        return ""
    support = predictions.classes.support
    rows = [
        (
            name,
            *(_cell(int(predictions.confusion[i, j]), int(support[i]), is_right=i == j) for j in range(len(names))),
            f"{support[i]:,}", percent(float(predictions.classes.recall[i])),
        )
        for i, name in enumerate(names)
    ]  # fmt: skip
    precision = [percent(float(value)) for value in predictions.classes.precision]
    table = _table(
        ("", *names, "all", "recall"), [*rows, ("precision", *precision, "", "")], name="matrix",
        caption="Rows: true class; columns: predicted class",
    )  # fmt: skip
    return f"<section><h2>Confusion matrix</h2>{table}</section>"


def _cell(count: int, support: int, *, is_right: bool) -> str:
    if not count:
        return "<td class=grey>·</td>"
    share = count / support
    strength = share if is_right else share**0.5
    color = f"rgb({'47 111 222' if is_right else '217 102 11'} / {0.12 + 0.6 * strength:.2f})"
    return f"<td style='background: {color}; print-color-adjust: exact'>{count:,}</td>"


def _classes(predictions: Predictions) -> str:
    found = predictions.classes
    values = {"precision": found.precision, "recall": found.recall, "f1": found.f1}

    def cell(value: float, about: str) -> str:
        return f"{'n/a' if np.isnan(value) else f'{value:.4f}'}<small>{about}</small>"

    rows = []
    for c in predictions.weakest_first:
        support, n_predicted = int(found.support[c]), int(predictions.is_predicted(c).sum())
        counts = {"precision": n_predicted, "recall": support, "f1": support + n_predicted}
        cells = [
            cell(float(values[name][c]), few(counts[name]) or figure_range(predictions.intervals[name][c]))
            for name in values
        ]
        rows.append((_text(predictions.class_names[c]), *cells, f"{support:,}"))
    n = f"{int(found.support.sum()):,}"
    for how in ("macro", "micro", "weighted"):
        cells = [
            cell(getattr(predictions.averages[name], how), figure_range(predictions.average_intervals[name][how]))
            for name in values
        ]
        rows.append((f"{how} average", *cells, n))
    one = "Label" if predictions.is_multilabel else "Class"
    table = _table((one, "Precision", "Recall", "F1", "Examples"), rows)
    return (
        f"<h2>{'Labels' if predictions.is_multilabel else 'Classes'}, the lowest recall first</h2>{table}"
        "<p class=grey>Intervals by Wilson for "
        f"precision and recall, by a seeded bootstrap of {MAX_RESAMPLES:,} samples for F1 and the averages. n/a: "
        "undefined, and left out of the averages.</p>"
    )


def _pairs(predictions: Predictions, dataset: Dataset) -> str:
    if predictions.is_multilabel:
        return ""
    wrong = predictions.confusion.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[: min(MAX_PAIRS, np.count_nonzero(wrong))]
    names, parts = predictions.class_names, []
    for i, j in (divmod(int(place), len(names)) for place in order):
        places = np.flatnonzero((predictions.labels == i) & (predictions.predicted == j))
        places = places[np.argsort(-predictions.confidence[places], kind="stable")][:PER_PAIR]
        parts.append(
            f"<section><p><b>{_text(names[i])}</b> predicted as <b>{_text(names[j])}</b>: {wrong[i, j]:,} of "
            f"{predictions.classes.support[i]:,}</p>"
            f"{_examples(predictions, dataset, places)}</section>"
        )
    heading = "<h2>Most confused pairs, the most confident mistakes first</h2>"
    return heading + "".join(parts) if parts else "<h2>Most confused pairs</h2><p>There is no mistake.</p>"


def _examples(predictions: Predictions, dataset: Dataset, places: ndarray) -> str:
    """Images, or where the examples come from. Ink is dark on white; photographs are shown as recorded."""
    sources = [dataset.source(predictions.split, int(place)) or f"example {place}" for place in places]
    shares = [f"{100 * predictions.confidence[place]:.0f} %" for place in places]
    if dataset.image_shape is None:
        return f"<p>{', '.join(f'{_text(s)} ({p})' for s, p in zip(sources, shares, strict=True))}</p>"
    white = float((dataset.x_train.max(axis=0) * dataset.divisor + dataset.offset).max()) or 1.0
    raw = (dataset.split(predictions.split)[0][places] * dataset.divisor + dataset.offset) / white
    pixels = np.clip(np.rint(255 * raw), 0, 255).astype(np.uint8).reshape(-1, *dataset.image_shape)
    return "".join(
        f'<figure><img src="{png_url(image, dark=dataset.is_photo)}" alt="{_text(source)}" title="{_text(source)}">'
        f"<figcaption>{share}</figcaption></figure>"
        for image, source, share in zip(pixels, sources, shares, strict=True)
    )


def _calibration(predictions: Predictions) -> str:
    found = predictions.calibration
    return (
        f"<section><h2>Calibration</h2><p>Expected calibration error "
        f"<b>{figure_words(found.expected_error, predictions.calibration_interval)}</b>; bars: the share that is "
        f"right by confidence, with intervals; line: perfect.</p>{_calibration_svg(found)}</section>"
    )


def _calibration_svg(found: Calibration) -> str:
    parts = ['<line x1="30" y1="170" x2="330" y2="10" stroke="#a3adbb" stroke-dasharray="3 3"/>']
    for b in np.flatnonzero(found.count).tolist():
        x, y = 30 + 300 * found.edges[b], 170 - 160 * found.accuracy[b]
        low, high = (170 - 160 * end for end in found.intervals[b])
        parts.append(
            f'<rect x="{x + 1:.1f}" y="{y:.1f}" width="28" height="{170 - y:.1f}" fill="#2F6FDE" opacity=".7"/>'
            f'<path d="M{x + 15:.1f} {low:.1f}V{high:.1f}M{x + 11:.1f} {low:.1f}h8M{x + 11:.1f} {high:.1f}h8" '
            'stroke="#17202c" fill="none"/>'
        )
    marks = "".join(
        f'<text x="{30 + 300 * at:.0f}" y="186" text-anchor="middle">{at:g}</text>'
        f'<text x="24" y="{174 - 160 * at:.0f}" text-anchor="end">{at:g}</text>'
        for at in (0, 0.5, 1)
    )
    return (
        '<svg width="350" height="195" font-size="11" fill="#566173" role="img" aria-label="Calibration curve">'
        f'<path d="M30 10V170H330" stroke="#a3adbb" fill="none"/>{"".join(parts)}{marks}</svg>'
    )


def _settings(predictions: Predictions, reader: RunReader, step: int) -> str:
    config = reader.config
    rows = [
        (html.escape(item.label), _text(item.format(config.get(item))))
        for item in FIELDS.values()
        if not item.advanced or config.get(item) != item.default
    ]
    repeat = ["annscope", "evaluate", reader.run, "--split", predictions.split, "--step", str(step)]
    repeat += ["--report", "report.html"]
    versions = ", ".join(f"{name} {version}" for name, version in reader.description.get("versions", {}).items())
    return (
        f"<h2>Settings</h2>{_table(('Setting', 'Value'), rows, name='text')}"
        f"<section><h2>To repeat it</h2><p>The training:</p><code>{_text(command_line(config))}</code>"
        f"<p>This page, of the run that is here:</p><code>{_text(shlex.join(repeat))}</code>"
        f"<p class=grey>{_text(versions)}</p></section>"
    )
