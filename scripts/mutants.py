"""`python -m scripts.mutants`: are the tests of the core good enough to notice a mistake? Make some, one at a time.

Each mutant is the core with one small change (a sign, a bound, a number, a statement left out) in a copy of the
repository; the tests that name its module run against it until one fails. What no test notices is a survivor: a test
is missing, or the change means nothing (another block size, say). A random sample of all possible mutants says how
often, with an interval; the same seed draws the same sample from the same code.
"""

from __future__ import annotations

import argparse
import ast
import copy
import math
import os
import random
import re
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis.extra.numpy  # noqa: F401
import pytest
import sklearn.metrics
import sklearn.neural_network  # noqa: F401

ROOT = Path(__file__).parents[1]
COPIED = ("annscope", "core", "data", "runs", "scripts", "tests", "pyproject.toml")
SECONDS, MEMORY = 300, 4 * 2**30
"""How much of a processor and how many bytes the tests of a mutant may take: one that never ends is found."""
MOST_FILES = 4
"""Files of tests that a mutant is run against."""
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
FUNCTIONS = {
    "add": "subtract", "subtract": "add", "multiply": "divide", "divide": "multiply", "maximum": "minimum",
    "minimum": "maximum", "max": "min", "min": "max", "greater": "less", "less": "greater", "any": "all", "all": "any",
    "zeros": "ones", "ones": "zeros", "sum": "mean", "mean": "sum", "floor": "ceil", "ceil": "floor",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """Number `index` of the changes that can be made to a module."""

    module: Path
    index: int
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: {self.what}"


class _Mutations(ast.NodeTransformer):
    """Walks over a module; makes change number `target`, and notes all that could be made."""

    def __init__(self, target: int = -1) -> None:
        self.target = target
        self.found: list[tuple[int, str]] = []

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom):
            return node  # what is said, and names
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return node  # a docstring
        made: ast.AST = node
        for changed in _changes(node):
            self.found.append((getattr(node, "lineno", 0), f"{_text(node)} -> {_text(changed)}"))
            if len(self.found) - 1 == self.target:
                made = changed
        if made is not node:
            return made
        if isinstance(node, ast.AnnAssign):
            if node.value is not None:
                node.value = self.visit(node.value)  # type: ignore[assignment]
            return node
        if isinstance(node, ast.arguments):
            node.defaults = [self.visit(default) for default in node.defaults]  # type: ignore[misc]
            return node
        if isinstance(node, ast.FunctionDef):
            node.args = self.visit(node.args)  # type: ignore[assignment]
            node.body = [self.visit(statement) for statement in node.body]  # type: ignore[misc]
            return node
        return self.generic_visit(node)


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """What a node can be changed into."""
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.BoolOp(op=op):
            if type(op) in SWAPS and not _is_of_types(node):
                yield _with(node, op=SWAPS[type(op)]())
        case ast.Compare(ops=[op]):
            yield _with(node, ops=[SWAPS[type(op)]()])
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield _with(node, value=not value)
        case ast.Constant(value=int(value)):
            yield _with(node, value=value + 1)
        case ast.Constant(value=float(value)):
            yield _with(node, value=value * 2 or 1.0)
        case ast.Attribute(attr=name) if name in FUNCTIONS:
            yield _with(node, attr=FUNCTIONS[name])
        case ast.Name(id=name, ctx=ast.Load()) if name in ("max", "min", "any", "all"):
            yield _with(node, id=FUNCTIONS[name])
        case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield _with(node, test=ast.UnaryOp(ast.Not(), test))
    if (
        isinstance(node, ast.AugAssign)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        or (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript))
    ):
        yield ast.Pass()


def _with(node: ast.AST, **fields: object) -> ast.AST:
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _is_of_types(node: ast.AST) -> bool:
    """Whether `a | b` says that something has one of two types."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and "None" in ast.unparse(node)


def _text(node: ast.AST) -> str:
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return text if len(text) <= 70 else text[:67] + "..."


def mutants_of(module: Path) -> list[Mutant]:
    """Every mutant of a module, whose path is relative to the repository."""
    mutations = _Mutations()
    mutations.visit(ast.parse((ROOT / module).read_text(encoding="utf-8")))
    return [Mutant(module, i, line, what) for i, (line, what) in enumerate(mutations.found)]


def mutated(mutant: Mutant) -> str:
    """The source of the module with the change."""
    tree = _Mutations(mutant.index).visit(ast.parse((ROOT / mutant.module).read_text(encoding="utf-8")))
    return ast.unparse(ast.fix_missing_locations(tree))


def tests_of(module: Path) -> list[str]:
    """The files of tests that name a module or one that imports it, a few of them: its own first, then the shortest."""
    name = _imported_as(ROOT / module)
    names = re.compile(rf"\b{re.escape(name)}\b")
    core = sorted((ROOT / "core").rglob("*.py"))
    above = [_imported_as(path) for path in core if names.search(path.read_text(encoding="utf-8"))]
    near = re.compile(rf"\b({'|'.join(map(re.escape, [name, *above]))})\b")
    files = sorted((ROOT / "tests" / "core").rglob("test_*.py"), key=lambda path: path.stat().st_size)
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    own = [path for path in files if path.stem == f"test_{module.stem}"]
    naming = [path for path in files if names.search(texts[path])]
    indirect = [path for path in files if near.search(texts[path])]
    chosen = list(dict.fromkeys([*own, *naming, *indirect]))[:MOST_FILES]
    return [str(path.relative_to(ROOT)) for path in chosen]


def _imported_as(path: Path) -> str:
    return ".".join(("annscope", *path.relative_to(ROOT).with_suffix("").parts))


def begin(module: Path, source: str, folder: Path) -> int:
    """Run the tests of a module that reads so in this copy of the repository; the process ends with 0 if all pass."""
    (folder / module).write_text(source, encoding="utf-8")
    child = os.fork()  # what takes long to import is imported once
    if child:
        return child
    status = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        status = int(pytest.main([*options, *tests_of(module)]))
    finally:
        os._exit(status)


def interval(k: int, n: int) -> tuple[float, float]:
    """Between which shares the true one lies, with 95 % confidence, when `k` of `n` were drawn (Wilson 1927)."""
    z = 1.96
    middle, width = (k + z * z / 2) / (n + z * z), z * math.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return middle - width, middle + width


def main() -> None:
    """Draw mutants, run the tests against each, and say which survived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="so many mutants; 0, the default, is all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="so many at a time")
    arguments = parser.parse_args()
    modules = [path.relative_to(ROOT) for path in sorted((ROOT / "core").rglob("*.py"))]
    every = [mutant for module in modules for mutant in mutants_of(module)]
    drawn = random.Random(arguments.seed).sample(every, min(arguments.sample or len(every), len(every)))
    sys.dont_write_bytecode = True
    killed, done = 0, 0
    running: dict[int, tuple[Mutant, Path]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        free = [_copy_to(Path(temporary) / str(i)) for i in range(arguments.workers)]
        unchanged = begin(drawn[0].module, (ROOT / drawn[0].module).read_text(encoding="utf-8"), free[0])
        if os.waitpid(unchanged, 0)[1]:
            sys.exit("The tests fail as it is; mend that first.")
        coming = iter(drawn)
        while True:
            while free and (mutant := next(coming, None)) is not None:
                folder = free.pop()
                running[begin(mutant.module, mutated(mutant), folder)] = mutant, folder
            if not running:
                break
            child, status = os.wait()
            mutant, folder = running.pop(child)
            shutil.copy(ROOT / mutant.module, folder / mutant.module)
            free.append(folder)
            done += 1
            killed += status != 0
            print(f"{'killed  ' if status else 'SURVIVED'} {done}/{len(drawn)} {mutant}", flush=True)
    low, high = interval(killed, done)
    print(f"{killed} of {done} mutants killed: {killed / done:.1%} (95 % interval {low:.1%} to {high:.1%}), ", end="")
    print(f"drawn with seed {arguments.seed} from {len(every):,}.")


def _copy_to(folder: Path) -> Path:
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            leave_out = shutil.ignore_patterns("__pycache__", "browser")
            shutil.copytree(source, folder / name, symlinks=True, ignore=leave_out)
        else:
            shutil.copy(source, folder / name)
    return folder


if __name__ == "__main__":
    main()
