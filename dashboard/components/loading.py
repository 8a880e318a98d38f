"""Loading of browser components: their ES modules in `frontend/src/`, all requested at once."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from annscope.dashboard import state
from annscope.dashboard.server.assets import ASSETS, asset, assets_version

# Streamlit treats a text without a line break as the name of a file.
_LINKED = """
const absolute = (address) => new URL(address, window.location.origin).href;
const linked = (rel, address) => {
  const known = document.getElementById(address);
  if (known) return known;
  const link = Object.assign(document.createElement("link"), { rel, href: absolute(address), id: address });
  document.head.append(link);
  return link;
};
"""
_LOADER = f"""{_LINKED}
export default function (component) {{
  let gone = false;
  let unmount;
  const styled = component.data.styles.map((address) => {{
    const link = linked("stylesheet", address);
    return link.sheet ?? new Promise((resolve) => {{
      for (const type of ["load", "error"]) link.addEventListener(type, resolve);
    }});
  }});
  for (const address of component.data.imports) linked("modulepreload", address);
  Promise.all([import(absolute(component.data.module)), ...styled]).then(
    ([module]) => {{ if (!gone) unmount = module.mount(component); }},
    (error) => {{
      component.parentElement.textContent = `WHAT could not be loaded: ${{error.message}}`;
      throw error;
    }},
  );
  return () => {{
    gone = true;
    if (typeof unmount === "function") unmount();
  }};
}}
"""
_AHEAD = f"""{_LINKED}
export default function ({{ data }}) {{
  const whenIdle = window.requestIdleCallback ?? ((act) => setTimeout(act, 300));
  whenIdle(() => {{
    for (const address of data.styles) linked("stylesheet", address);
    for (const address of data.imports) linked("modulepreload", address);
    import(absolute(data.module)).catch(() => {{}}); // the component itself says what is wrong
  }});
}}
"""
_ahead = st.components.v2.component("annscope_ahead", js=_AHEAD, isolate_styles=False)
_IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?["'](\.\.?/[\w/.-]+\.js)["'];""", re.MULTILINE)


def in_browser(name: str, what: str) -> ComponentRenderer:
    """A component whose data, including `code(...)`, goes to the `mount` of a module; `what` names it in errors."""
    return st.components.v2.component(name, js=_LOADER.replace("WHAT", what), isolate_styles=False)


def load_ahead(entry: str) -> None:
    """Have the browser load a component that the page shows after the next click, as soon as it is idle."""
    _ahead(key=state.AHEAD, data=code(entry))


def code(entry: str) -> dict[str, Any]:
    """The addresses of a component's module, of all that it imports, and of the style sheets of these.

    Without them, the browser would find the imports one level after the other. The style sheet of a module
    has the module's name; a sheet comes before those of the modules that import its own, which may override it.
    """
    return _code(entry, assets_version())


@lru_cache(maxsize=32)
def _code(entry: str, version: str) -> dict[str, Any]:
    imports = _imports(entry, version)
    styles = [Path(name).with_suffix(".css").as_posix() for name in [*imports, entry]]
    return {
        "module": asset(entry, version),
        "imports": [asset(name, version) for name in imports],
        "styles": [asset(name, version) for name in styles if (ASSETS / name).is_file()],
    }


@lru_cache
def _imports(entry: str, _version: str) -> list[str]:
    """The modules that a module imports, directly or not, each after those that it imports; cached for each version."""
    order: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        seen.add(name)
        for relative in _IMPORT.findall((ASSETS / name).read_text(encoding="utf-8")):
            other = posixpath.normpath(posixpath.join(posixpath.dirname(name), relative))
            if other not in seen:
                visit(other)
        order.append(name)

    visit(entry)
    return order[:-1]
