"""Settings of all tests: checked shapes, Hypothesis without deadlines, and Ctrl-C."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

ROOT = Path(__file__).parents[1]
# Shapes are checked in every module of the core that has any. The others check what they are given themselves, and
# tests give it wrongly (`core.config`), or call functions millions of times (`core.pure_python`).
install_import_hook(
    [
        ".".join(["annscope", *path.relative_to(ROOT).with_suffix("").parts])
        for path in sorted((ROOT / "core").rglob("*.py"))
        if "from jaxtyping import" in path.read_text(encoding="utf-8")
    ],
    "beartype.beartype",
)


@pytest.fixture(autouse=True, scope="session")
def ctrl_c() -> Iterator[None]:
    """Ctrl-C interrupts, also where the tests were started in the background and have inherited that it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
