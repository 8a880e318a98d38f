"""How a component that is drawn in the browser gets its code: ES modules in `frontend/src/`, all asked for at once."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from annscope.dashboard.server.assets import ASSETS, asset, assets_version

# Streamlit takes a text without a line break for the name of a file.
_LOADER = """
export default function (component) {
  let gone = false;
  let unmount;
  const module = new URL(component.data.module, window.location.origin);
  for (const name of component.data.imports) {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = new URL(name, window.location.origin).href;
    if (!document.head.querySelector(`link[href="${link.href}"]`)) document.head.append(link);
  }
  import(module.href).then(
    (module) => { if (!gone) unmount = module.mount(component); },
    (error) => {
      component.parentElement.textContent = `WHAT could not be loaded: ${error.message}`;
      throw error;
    },
  );
  return () => {
    gone = true;
    if (typeof unmount === "function") unmount();
  };
}
"""
_IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?["'](\.\.?/[\w/.-]+\.js)["'];""", re.MULTILINE)


def in_browser(name: str, what: str) -> ComponentRenderer:
    """A component whose data, `code(...)` among it, goes to the `mount` of a module; `what` is told if none comes."""
    return st.components.v2.component(name, js=_LOADER.replace("WHAT", what), isolate_styles=False)


def code(entry: str) -> dict[str, Any]:
    """The address of a component's module, and the addresses of all that it imports.

    Without these, the browser would learn of them one layer of imports after the other.
    """
    version = assets_version()
    return {"module": asset(entry, version), "imports": [asset(name, version) for name in _imports(entry, version)]}


@lru_cache
def _imports(entry: str, _version: str) -> list[str]:
    """The modules that a module imports, and those that they import, near ones first; cached for each version."""
    found = [entry]
    for name in found:  # which grows meanwhile
        for relative in _IMPORT.findall((ASSETS / name).read_text(encoding="utf-8")):
            other = posixpath.normpath(posixpath.join(posixpath.dirname(name), relative))
            if other not in found:
                found.append(other)
    return found[1:]
