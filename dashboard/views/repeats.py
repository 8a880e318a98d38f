"""Examples that a data set has more than once, and those that contradict each other."""

from __future__ import annotations

import html

import streamlit as st

from annscope.dashboard.queries.data_sets import Overview, Twins
from annscope.data.png import png_url
from annscope.data.quality import Repeats


def repeats(overview: Overview) -> None:
    """Draw how many examples occur more than once, and which."""
    found = overview.repeats
    st.subheader("Duplicates", anchor=False)
    for line in leaks(found):
        st.warning(line, icon=":material/content_copy:")
    st.markdown(counts(found))
    if overview.twins:
        with st.expander(f"Show {len(overview.twins)} of them", icon=":material/table:"):
            if overview.image_shape is None:
                st.dataframe([_row(twins) for twins in overview.twins], hide_index=True)
            else:
                st.html(f'<ul class="as-twins">{"".join(_item(overview, twins) for twins in overview.twins)}</ul>')


def leaks(found: Repeats) -> list[str]:
    """A sentence for each two splits that share examples, and one if examples contradict each other."""
    lines = [
        f"{_examples(n, second)} {'is' if n == 1 else 'are'} in the training split too: what is measured on them is "
        "memory, not skill."
        for (first, second), n in found.n_between.items()
        if first == "train"
    ]
    if found.n_conflicting:
        lines.append(
            f"{found.n_conflicting:,} examples contradict each other: the same features with different labels, "
            "which no network can learn."
        )
    return lines


def counts(found: Repeats) -> str:
    """How many examples occur more than once within a split."""
    checked = f" Compared: {found.n_checked:,} of {found.n_examples:,} examples, evenly spaced." * found.is_sample
    if not found.n_within and not found.n_between:
        return f"No two examples are the same, as the network sees them.{checked}"
    if not found.n_within:
        return f"Within a split, no two examples are the same.{checked}"
    parts = [_examples(n, split) for split, n in found.n_within.items()]
    return f"Copies of others in their split: {', '.join(parts)}.{checked}"


def _examples(n: int, split: str) -> str:
    return f"{n:,} {'training' if split == 'train' else split} example{'' if n == 1 else 's'}"


def _where(twins: Twins) -> str:
    places = [f"{split}-{row}" for split, row in twins.group.places]
    if twins.lines:
        places = [f"{place} ({line})" for place, line in zip(places, twins.lines, strict=True)]
    more = twins.group.n_examples - len(places)
    return ", ".join(places) + (f" and {more:,} more" if more > 0 else "")


def _classes(twins: Twins) -> str:
    return " / ".join(dict.fromkeys(twins.labels))


def _row(twins: Twins) -> dict[str, object]:
    return {"Examples": _where(twins), "Classes": _classes(twins), **dict(twins.values)}


def _item(overview: Overview, twins: Twins) -> str:
    picture = ""
    if twins.image is not None:
        dark = overview.is_photo or st.context.theme.type == "dark"
        picture = f'<img src="{png_url(twins.image, dark=dark)}" alt="">'
    return f"<li>{picture}<span><b>{html.escape(_classes(twins))}</b><br>{html.escape(_where(twins))}</span></li>"
