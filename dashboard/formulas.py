"""Formulas of the class metrics with their values filled in, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from annscope.core.evaluation.curves import averages, macro_with_zeros, specificity
from annscope.core.evaluation.metrics import class_metrics, each_by_itself
from annscope.core.snapshot import Confusion
from annscope.dashboard import escaping

MAX_NAMED = 8
UNDEFINED = r"\text{n/a}"


def formulas(confusion: Confusion, label: int) -> str:
    """Precision, recall, F1 and specificity of one class or label, each with the counts it is computed from."""
    (tn, fp), (fn, tp) = each_by_itself(confusion)[label].tolist()
    found = class_metrics(confusion)
    lines = (
        (r"\text{precision}", "tp", "tp + fp", f"{tp}", f"{tp} + {fp}", found.precision[label]),
        (r"\text{recall}", "tp", "tp + fn", f"{tp}", f"{tp} + {fn}", found.recall[label]),
        ("F_1", "2\\,tp", "2\\,tp + fp + fn", f"2 \\cdot {tp}", f"2 \\cdot {tp} + {fp} + {fn}", found.f1[label]),
        (r"\text{specificity}", "tn", "tn + fp", f"{tn}", f"{tn} + {fp}", specificity(confusion)[label]),
    )
    rows = [
        f"{name} &= \\frac{{{above}}}{{{below}}} = \\frac{{{numbers}}}{{{all_numbers}}} = {_value(value, UNDEFINED)}"
        for name, above, below, numbers, all_numbers, value in lines
    ]
    counts = (
        f"True positives **{tp:,}**, false positives **{fp:,}**, false negatives **{fn:,}**, true negatives **{tn:,}**."
    )
    body = " \\\\[6pt] ".join(rows)
    return f"{counts}\n\n$$\\begin{{aligned}}{body}\\end{{aligned}}$$"


def undefined_in_words(confusion: Confusion, names: Sequence[str]) -> str:
    """Which classes are never predicted or have no examples, and what becomes of them in the macro averages.

    Markdown; nothing if no average differs from scikit-learn's.
    """
    mean, with_zeros, found = averages(confusion), macro_with_zeros(confusion), class_metrics(confusion)
    sentences = []
    for figure, what in (("precision", "Never predicted"), ("recall", "Without an example")):
        left_out = [escaping.markdown(name) for name, value in zip(names, getattr(found, figure), strict=True)
                    if value != value]  # fmt: skip
        own, zeros = mean[figure].macro, with_zeros[figure]
        if not left_out or own == zeros:
            continue
        more = f" and {len(left_out) - MAX_NAMED} more" if len(left_out) > MAX_NAMED else ""
        sentences.append(
            f"{what}: {', '.join(left_out[:MAX_NAMED])}{more}. Macro {figure} is **{_value(own)}** over the "
            f"{_counted(len(names) - len(left_out), of_labels=confusion.ndim == 3)}; "
            f"**{_value(zeros)}** with 0 for the others, as scikit-learn (zero_division=0)."
        )
    return " ".join(sentences)


def _counted(n: int, *, of_labels: bool) -> str:
    if n == 1:
        return f"one {'label' if of_labels else 'class'} that has one"
    return f"{n} {'labels' if of_labels else 'classes'} that have one"


def averages_in_words(confusion: Confusion) -> str:
    """The macro, weighted and micro averages of the F1 of all classes or labels, explained by their values."""
    found, mean = class_metrics(confusion), averages(confusion)["f1"]
    known = [(float(value), int(n)) for value, n in zip(found.f1, found.support, strict=True) if value == value]
    left_out = len(found.f1) - len(known)
    of_labels = confusion.ndim == 3
    all_of_them = "labels" if of_labels else "classes"
    total = sum(weight for _, weight in known)
    note = f" {left_out} {all_of_them} for which it is undefined are omitted." if left_out else ""
    return (
        f"- **Macro** is the unweighted mean over the {len(known)} {all_of_them}, however rare each "
        f"is; for F1 ({' + '.join(f'{value:.3f}' for value, _ in known[:3])}{' + …' if len(known) > 3 else ''}) / "
        f"{len(known)} = **{_value(mean.macro)}**.{note}\n"
        f"- **Weighted** is the mean weighted by support, the examples of each {'label' if of_labels else 'class'}; "
        f"for F1 "
        f"({' + '.join(f'{weight:,} · {value:.3f}' for value, weight in known[:2])}{' + …' if len(known) > 2 else ''})"
        f" / {total:,} = **{_value(mean.weighted)}**.\n"
        + (_micro_of_labels(confusion) if of_labels else _micro_of_classes(confusion))
        + f" = **{_value(mean.micro)}**."
    )


def _micro_of_classes(confusion: Confusion) -> str:
    return (
        "- **Micro** pools the counts of all classes before dividing. With one predicted class for each example, every "
        "mistake is a false positive of one class and a false negative of another, so micro precision, recall and "
        f"F1 are all the accuracy: {int(confusion.trace()):,} / {int(confusion.sum()):,}"
    )


def _micro_of_labels(confusion: Confusion) -> str:
    (_, fp), (fn, tp) = confusion.sum(axis=0).tolist()
    return (
        "- **Samples** is the mean over the examples of the metric computed from the labels of each one.\n"
        "- **Micro** pools the counts of all labels before dividing; for F1 "
        f"2 · {tp:,} / (2 · {tp:,} + {fp:,} + {fn:,})"
    )


def _value(value: float, undefined: str = "n/a") -> str:
    return undefined if value != value else f"{value:.4f}"
