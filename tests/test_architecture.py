"""The shape of the project: imports go one way, and the mathematics has no input or output."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from annscope.core.evaluation.metrics import confusion_matrix

ROOT = Path(__file__).parents[1]
LAYERS = ["core", "annscope", "data", "runs", "dashboard"]
CORE_MAY_IMPORT = {"numpy", "jaxtyping", "core", "__future__", "abc", "collections", "dataclasses", "difflib",
                   "functools", "itertools", "math", "operator", "random", "typing"}  # fmt: skip
INPUT_OUTPUT = {"open", "print", "input", "exec", "eval"}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).glob("*.py" if package == "annscope" else "**/*.py"))


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Each package that a module imports anywhere, with the line; of annscope, its part: "core" for `annscope.core`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield part(alias.name), node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            for alias in node.names:
                yield part(f"{node.module}.{alias.name}"), node.lineno


def part(module: str) -> str:
    first, *rest = module.split(".")
    return rest[0] if first == "annscope" and rest and rest[0] in LAYERS else first


@pytest.mark.parametrize("package", LAYERS)
def test_imports_go_one_way(package: str) -> None:
    """No package knows of one that is built on it, so each can be read and used without what stands above."""
    above = [*LAYERS[LAYERS.index(package) + 1 :], "tests", "benchmarks", "scripts"]
    wrong = [
        f"{path}:{line} imports {name}" for path in modules(package) for name, line in imported(path) if name in above
    ]
    assert wrong == []


LEVELS = (
    {"errors"}, {"snapshot", "dataset"}, {"functions"}, {"config"}, {"images", "recipes", "cadence"}, {"network"},
    {"textbook", "pure_python"}, {"engines"}, {"evaluation"}, {"training"}, {"explain"},
)  # fmt: skip
"""The parts of the core, from the bottom up: each may import those below it."""


def test_the_core_is_built_from_the_bottom_up() -> None:
    """The readable path (functions, network, textbook) knows nothing of the fast one, so it can be read alone."""
    level_of = {name: level for level, names in enumerate(LEVELS) for name in names}
    wrong = [
        f"{path}:{line} imports {other}"
        for path in modules("core")
        if (part := path.relative_to(ROOT / "core").parts[0].removesuffix(".py")) != "__init__"
        for other, line in imported_of_core(path)
        if other != part and level_of[other] >= level_of[part]
    ]
    assert wrong == []


def imported_of_core(path: Path) -> Iterator[tuple[str, int]]:
    """Each module or folder of the core that a module imports, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("annscope.core"):
            inside = (node.module or "").split(".")[2:3]
            yield from ((name, node.lineno) for name in inside or [alias.name for alias in node.names])


def test_the_mathematics_imports_numpy_and_nothing_that_reads_or_waits() -> None:
    """The core can be trusted to have no files, clock, threads or processes: it cannot reach them."""
    wrong = [
        f"{path}:{line} imports {name}"
        for path in modules("core")
        for name, line in imported(path)
        if name not in CORE_MAY_IMPORT
    ]
    assert wrong == []


def test_the_mathematics_neither_prints_nor_opens() -> None:
    """Nothing in the core writes to a screen or a file."""
    wrong = [
        f"{path}:{node.lineno} calls {node.func.id}"
        for path in modules("core")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in INPUT_OUTPUT
    ]
    assert wrong == []


def test_no_inheritance_is_deeper_than_one() -> None:
    """A class is abstract or final: what it does stands in it and in one other class, not on a ladder of them."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for package in LAYERS
        for path in modules(package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.endswith("Error")
    }
    assert [name for name, above in bases.items() if any(bases.get(base, set()) & set(bases) for base in above)] == []


def test_figures_do_not_know_streamlit() -> None:
    """A figure is a pure function of the record, so it can be made and checked without a page."""
    wrong = [
        f"{path}:{line}"
        for path in modules("dashboard/figures")
        for name, line in imported(path)
        if name == "streamlit"
    ]
    assert wrong == []


def test_data_builds_on_the_types_of_core_alone() -> None:
    """Reading data never needs the network's mathematics."""
    allowed = {"annscope.core.config", "annscope.core.dataset", "annscope.core.errors"}
    wrong = [
        f"{path}:{node.lineno} imports {node.module}"
        for path in modules("data")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("annscope.core")
        and node.module not in allowed
    ]
    assert wrong == []


def test_shapes_are_checked() -> None:
    """An array of the wrong shape anywhere in the core fails the test that passes it on."""
    with pytest.raises(TypeCheckError):
        confusion_matrix(np.zeros(3, np.int64), np.zeros((3, 2, 2), np.int64), 2)


def test_every_folder_of_modules_is_installed() -> None:
    """A new folder cannot be forgotten: what is installed is what is in the repository."""
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = {"annscope"} | {
        ".".join(("annscope", *path.parent.relative_to(ROOT).parts))
        for package in tables["package-dir"].values()
        for path in (ROOT / package).rglob("__init__.py")
    }
    assert set(tables["packages"]) == folders
    assert {path.parent for package in LAYERS for path in modules(package)} == {
        ROOT / name.removeprefix("annscope.").replace(".", "/") for name in folders
    }, "every folder with modules has an __init__.py"


def test_the_estimator_builds_on_core_and_scikit_learn_alone() -> None:
    """Using the estimator imports no dashboard, no data sets and no records of runs."""
    allowed = {"__future__", "annscope", "collections", "core", "dataclasses", "math", "numpy", "sklearn", "typing",
               "warnings"}  # fmt: skip
    wrong = [
        f"{path}:{line} imports {name}"
        for path in modules("annscope")
        for name, line in imported(path)
        if name not in allowed
    ]
    assert wrong == []


def test_the_theme_is_installed() -> None:
    """An installed annscope has the settings that Streamlit reads beside its script."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert ".streamlit/config.toml" in data["annscope.dashboard"]
    assert (ROOT / "dashboard" / ".streamlit" / "config.toml").is_file()


def test_everything_imported_is_declared() -> None:
    """What the packages import is among the requirements or the extras, not there by the grace of another package."""
    declared = {re.split(r"[>=\[ ]", line)[0] for line in (ROOT / "requirements.txt").read_text().splitlines()}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    declared |= {re.split(r"[>=]", each)[0] for extra in extras.values() for each in extra}
    known_as = {"sklearn": "scikit-learn", "PIL": "pillow"}
    wrong = {
        f"{path}:{line} imports {name}"
        for package in LAYERS
        for path in modules(package)
        for name, line in imported(path)
        if name not in {*sys.stdlib_module_names, *LAYERS} and known_as.get(name, name) not in declared
    }
    assert wrong == set()


def test_tests_use_public_names_alone() -> None:
    """What a module calls private can be changed without a change of any test."""
    wrong = [
        f"{path}:{line} uses {name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for name, line in private_names(path)
    ]
    assert wrong == []


def private_names(path: Path) -> Iterator[tuple[str, int]]:
    """Each private name of others that a module imports, reads, or names to replace it, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) not in {"self", "cls", "os"}:
            names = [node.attr]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("attr"):
            names = [str(each.value).rpartition(".")[2] for each in node.args if isinstance(each, ast.Constant)]
        yield from ((name, node.lineno) for name in names if re.match(r"_[a-zA-Z]", name))
