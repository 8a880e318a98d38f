"""Annotations of a run: what a person says of it (a name, a note, tags, a star), in `labels.json` beside its record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypedDict

from annscope.core.errors import AnnscopeError, shortened
from annscope.runs.atomic import read_file, replace_file, to_json
from annscope.runs.record import RecordError
from annscope.runs.schema import check, parse_json

FILE = "labels.json"
MAX_NAME, MAX_NOTE, MAX_TAG, MAX_TAGS = 80, 4_000, 40, 20
MAX_BYTES = 2**16


class AnnotationError(AnnscopeError):
    """A name, note or tag that a run cannot have: the message says the rule."""


class _Content(TypedDict):
    name: str
    note: str
    tags: list[str]
    starred: bool


@dataclass(frozen=True)
class Annotations:
    """What a person says of a run. It is no part of what is computed."""

    name: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    starred: bool = False

    def __post_init__(self) -> None:
        _check_length("name", self.name, MAX_NAME)
        _check_length("note", self.note, MAX_NOTE)
        if len(self.tags) > MAX_TAGS:
            raise AnnotationError(f"A run can have {MAX_TAGS} tags, not {len(self.tags)}.")
        for tag in self.tags:
            _check_length("tag", tag, MAX_TAG)
            if not tag or "," in tag or tag != tag.strip():
                raise AnnotationError(f"A tag is a word or more without a comma, not {tag!r}.")

    def tagged(self, tags: Iterable[str]) -> Annotations:
        """The same with these tags as well, each once."""
        return replace(self, tags=tuple(dict.fromkeys((*self.tags, *tags))))

    def untagged(self, tags: Iterable[str]) -> Annotations:
        """The same without these tags. Raises AnnotationError for one that is not there."""
        gone = set(tags)
        for tag in gone - set(self.tags):
            has = f"it has {', '.join(self.tags)}" if self.tags else "it has none"
            raise AnnotationError(f"The run has no tag {shortened(tag)!r}; {has}.")
        return replace(self, tags=tuple(tag for tag in self.tags if tag not in gone))


def _check_length(what: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise AnnotationError(f"A {what} has at most {limit:,} characters, this one has {len(text):,}.")
    if what != "note" and not text.isprintable():
        raise AnnotationError(f"A {what} is one line of visible characters, not {shortened(text)!r}.")


def read_annotations(directory: Path) -> Annotations:
    """The annotations of the run in a directory; empty ones where nothing was said. Raises RecordError if damaged."""
    try:
        values = parse_json(read_file(directory / FILE, MAX_BYTES))
        check(values, _Content)
        return Annotations(values["name"], values["note"], tuple(values["tags"]), values["starred"])
    except FileNotFoundError:
        return Annotations()
    except OSError as error:
        raise RecordError(f"{FILE} of run {directory.name} cannot be read: {error.strerror or error}.") from error
    except (ValueError, AnnotationError) as error:
        raise RecordError(f"{FILE} of run {directory.name} is damaged: {error}.") from error


def write_annotations(directory: Path, annotations: Annotations) -> None:
    """Replace the annotations of the run in a directory. Raises StorageError."""
    replace_file(directory / FILE, to_json(asdict(annotations)).encode(), durable=True)
