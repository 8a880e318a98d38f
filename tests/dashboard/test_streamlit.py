"""Streamlit's internals that the dashboard uses, which no release of Streamlit promises: all of them, by name."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit import delta_generator
from streamlit.components.v2 import types
from streamlit.runtime import pages_manager
from streamlit.web import bootstrap

ROOT = Path(__file__).parents[2]
PUBLIC = {"streamlit", "streamlit.testing.v1"}
PRIVATE = {
    ("streamlit.components.v2.types", "ComponentRenderer"),
    ("streamlit.delta_generator", "DeltaGenerator"),
    ("streamlit.runtime.pages_manager", "PagesManager"),
    ("streamlit.web", "bootstrap"),
}


def taken() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((alias.name, "") for alias in node.names if alias.name.startswith("streamlit."))
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "streamlit":
                yield from ((node.module or "", alias.name) for alias in node.names if node.module not in PUBLIC)


def test_every_private_name_is_known_here() -> None:
    """An internal module of Streamlit is imported only with a test of what it must offer, in this file."""
    assert set(taken()) == PRIVATE


def test_the_folder_of_pages_can_be_left_alone() -> None:
    """`PagesManager.uses_pages_directory` decides whether the modules in `pages/` are run as scripts."""
    assert isinstance(inspect.getattr_static(pages_manager.PagesManager, "uses_pages_directory"), bool | None)


def test_options_can_be_given_before_the_server_runs() -> None:
    """`bootstrap.load_config_options` takes options by their dotted names, and they hold."""
    before = st.get_option("server.port")
    try:
        bootstrap.load_config_options({"server.port": 8599})
        assert st.get_option("server.port") == 8599
    finally:
        bootstrap.load_config_options({"server.port": before})


def test_a_component_is_a_function() -> None:
    """`ComponentRenderer` is the type of what `st.components.v2.component` gives."""
    assert callable(types.ComponentRenderer)
    assert next(iter(inspect.signature(st.components.v2.component).parameters)) == "name"


def test_a_container_is_a_delta_generator() -> None:
    """`DeltaGenerator` is the type of what `st.container` gives."""
    assert isinstance(st.container(), delta_generator.DeltaGenerator)


@pytest.mark.parametrize("name", ["routes", "lifespan", "middleware"])
def test_the_dashboard_can_be_an_application(name: str) -> None:
    """`st.App` takes our routes, what is done before and after, and the checks of every request."""
    assert name in inspect.signature(st.App).parameters
