"""Mutation testing of the core: `python -m scripts.mutants`.

Each mutant is the core with one small change (a sign, a bound, a number, a statement left out) in a copy of the
repository; the tests of the core that reach the changed lines run against it, the quickest first, until one fails.
Which tests these are is measured first, and all of them must pass. A mutant that no test kills is a survivor: a test is
missing, or the mutant is equivalent. Changes that are always equivalent are not made (`_changes` lists them with
reasons); other equivalent mutants are listed in `equivalent_mutants.toml`, each with its reason, and skipped. A random
sample of all mutants estimates the mutation score, with an interval; a seed draws the same sample from the same code.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import math
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import beartype  # noqa: F401
import coverage
import hypothesis.extra.numpy
import jaxtyping  # noqa: F401
import psutil
import pytest
import sklearn.metrics
import sklearn.neural_network  # noqa: F401
from hypothesis import Phase

ROOT = Path(__file__).parents[1]
COPIED = ("annscope", "core", "data", "runs", "scripts", "tests", "pyproject.toml")
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
MEMORY = 4 * 2**30
"""Memory limit of the tests of a mutant, in bytes."""
MIN_SECONDS, PATIENCE = 60, 5
"""Limit of their CPU time: these seconds, and a multiple of what they take on the original core."""
BLOCKED_SECONDS, LEAST_WORK = 120, 0.1
"""They are blocked if they use no more CPU time than the second number of seconds in the first number of seconds. Time
in which they, or this process, are stopped (SIGSTOP) does not count."""
LOOK_SECONDS = 0.1
"""How often that is checked."""
SIZES = {
    "BATCH", "LARGEST_BATCH", "BLOCK", "TILE", "NUMBERS_IN_CACHE", "SMALL_PRODUCT", "LEAST_ROWS", "_PARTS",
    "LEAST_SHARE", "CACHE_LINE", "BLOCK_BYTES", "MOST_SLOTS", "MOST_IN_PLACE", "LARGE_BYTES", "CHUNK_BYTES", "CHUNKS",
    "LEAST_ZEROS", "LEAST_SAVING", "UNITS", "MOST_NUMBERS", "MOST_WORK", "LEAST_WORK", "FIELD_BYTES",
}  # fmt: skip
"""Constants for speed alone: the size from which another algorithm is used, or how much is done at once."""
CONTROLS = {"low", "high", "step", "advanced"}
"""Arguments of a setting's declaration that describe its slider."""
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
    """Mutant number `index` of a module, in the statement on these `lines`."""

    module: str
    index: int
    lines: tuple[int, int]
    what: str

    def __str__(self) -> str:
        return f"{self.module}:{self.lines[0]}: {self.what}"


class _Mutations(ast.NodeTransformer):
    """AST transformer of a module that makes change number `target`, and lists all possible changes."""

    def __init__(self, target: int = -1) -> None:
        self.target = target
        self.found: list[tuple[tuple[int, int], str]] = []
        self._inside: list[str] = []
        self._times = Counter[str]()
        self._lines = (0, 0)

    def visit(self, node: ast.AST) -> ast.AST:
        if _is_equivalent(node):
            return node
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)  # only the head of a compound statement
            last = body[0].lineno - 1 if isinstance(body, list) else node.end_lineno or node.lineno
            self._lines = (node.lineno, max(node.lineno, last))
        made: ast.AST = node
        for changed in _changes(node):
            what = f"{'.'.join(self._inside) or 'module'}: {_text(node)} -> {_text(changed)}"
            self._times[what] += 1
            self.found.append((self._lines, f"{what} #{n}" if (n := self._times[what]) > 1 else what))
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
            node.kw_defaults = [default and self.visit(default) for default in node.kw_defaults]  # type: ignore[misc]
            return node
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            self._inside.append(node.name)
            if isinstance(node, ast.FunctionDef):
                node.args = self.visit(node.args)  # type: ignore[assignment]
            node.body = [self.visit(statement) for statement in node.body]  # type: ignore[misc]
            self._inside.pop()
            return node
        return self.generic_visit(node)


def _is_equivalent(node: ast.AST) -> bool:
    """Whether no change within this node can affect a user."""
    match node:
        case ast.Raise() | ast.JoinedStr() | ast.Import() | ast.ImportFrom():
            return True  # messages and names
        case ast.Expr(value=ast.Constant()):
            return True  # a docstring
        case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
            return True  # a type
        case ast.Call(func=ast.Name(id="isinstance")):
            return True  # types: another one is no small mistake but a crash
        case ast.Assign(targets=[target, *_]) if _names(target) & SIZES:
            return True  # two algorithms that give the same numbers, which tests compare
        case ast.Compare() if _names(node) & SIZES:
            return True  # the same: which of them is used
        case ast.BinOp(op=ast.FloorDiv(), left=ast.Name(id=name)) if name in SIZES:
            return True  # the same: how much is done at once
        case ast.keyword(arg=name) if name in CONTROLS or name in ("strict", "copy"):
            return True  # a slider's range; a check of lengths that the code itself made; an equal copy
        case ast.Assign(targets=[ast.Attribute(attr="writeable")]):
            return True  # a guard against changes that no code makes
    return False


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """The possible replacements of a node."""
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
    """Whether `a | b` is a union of types."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and "None" in ast.unparse(node)


def _text(node: ast.AST) -> str:
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return text if len(text) <= 70 else text[:67] + "..."


def mutants_of(module: str) -> list[Mutant]:
    """Every mutant of a module, whose path is relative to the repository."""
    mutations = _Mutations()
    mutations.visit(ast.parse((ROOT / module).read_text(encoding="utf-8")))
    return [Mutant(module, i, lines, what) for i, (lines, what) in enumerate(mutations.found)]


def mutated(mutant: Mutant) -> str:
    """The source of the mutated module."""
    tree = _Mutations(mutant.index).visit(ast.parse((ROOT / mutant.module).read_text(encoding="utf-8")))
    return ast.unparse(ast.fix_missing_locations(tree))


@dataclass(frozen=True)
class Reach:
    """Coverage and duration of every test of the core: which lines of which module it reaches."""

    seconds: dict[str, float]
    tests: dict[str, dict[str, list[str]]]

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that reach the mutant's lines, quickest first; for lines run on import, all of the module's."""
        lines = self.tests.get(mutant.module, {})
        first, last = mutant.lines
        found = {test for line in range(first, last + 1) for test in lines.get(str(line), ())}
        if not found:
            found = {test for tests in lines.values() for test in tests}
        return sorted(found, key=lambda test: self.seconds[test])


class _Watch:
    """Pytest plugin that records which lines of the core each test reaches, and its duration."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._seconds = folder, dict[str, float]()
        # Not by the project's own rules, which name packages: files are found by their real paths, links resolved.
        self._core = str((folder / "core").resolve())
        self._coverage = coverage.Coverage(data_file=None, config_file=False, include=[f"{self._core}/**"])
        self._coverage.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration

    def pytest_runtest_logfinish(self) -> None:
        self._coverage.switch_context("")

    def reach(self) -> Reach:
        self._coverage.stop()
        data = self._coverage.get_data()
        tests: dict[str, dict[str, list[str]]] = {}
        for name in data.measured_files():
            by_line = data.contexts_by_lineno(name)
            reached = {str(line): [test for test in found if test] for line, found in by_line.items()}
            module = f"core/{Path(name).relative_to(self._core).as_posix()}"
            tests[module] = {line: found for line, found in reached.items() if found}
        return Reach(self._seconds, tests)


class _Selection:
    """Pytest plugin that runs only these tests, in this order."""

    def __init__(self, tests: list[str]) -> None:
        self._place = {test: i for i, test in enumerate(tests)}

    def pytest_configure(self) -> None:
        # The first failing example is enough: no shrinking.
        phases = (Phase.explicit, Phase.generate)
        hypothesis.settings.register_profile("mutants", hypothesis.settings.get_profile("patient"), phases=phases)
        hypothesis.settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid in self._place]
        items[:] = sorted(chosen, key=lambda item: self._place[item.nodeid])


def measured(folder: Path, into: Path) -> Reach:
    """Run all tests of the core once, in a copy of the repository; exits if one fails.

    Their coverage is cached in the file `into`.
    """

    def run() -> int:
        watch = _Watch(folder)
        status = _pytest(["tests/core"], watch)
        reach = watch.reach()
        if not status and any(reach.tests.values()):
            into.write_text(json.dumps({"seconds": reach.seconds, "tests": reach.tests}), encoding="utf-8")
        return status

    if not into.exists():
        status = os.waitpid(_begin(folder, run), 0)[1]
        if status or not into.exists():
            sys.exit("The tests already fail without a mutant, or reach nothing of the core; fix that first.")
    return Reach(**json.loads(into.read_text(encoding="utf-8")))


def begin(mutant: Mutant, tests: list[str], seconds: float, folder: Path) -> int:
    """Start these tests of a mutant in a copy of the repository; the process exits with 0 if all pass."""
    (folder / mutant.module).write_text(mutated(mutant), encoding="utf-8")
    os.utime(folder / mutant.module, (0, 0))  # older than any bytecode, so that stale bytecode is not used
    shutil.rmtree(folder / ".hypothesis", ignore_errors=True)  # the failures of another mutant

    def run() -> int:
        sys.dont_write_bytecode = True
        limit = int(MIN_SECONDS + PATIENCE * seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        # The module's own tests are the most likely to fail; only what they pass is worth importing all others.
        own = [test for test in tests if Path(test.partition("::")[0]).stem == f"test_{Path(mutant.module).stem}"]
        others = [test for test in tests if test not in set(own)]
        status = 0
        for part in filter(None, (own, others)):
            status = _pytest(["-x", *sorted({test.partition("::")[0] for test in part})], _Selection(part))
            if status:
                break
        return status

    return _begin(folder, run)


class Watched:
    """The tests of a mutant, which may wait for what never comes."""

    def __init__(self, child: int) -> None:
        self._process, self._worked, self._idle = psutil.Process(child), 0.0, 0.0

    def is_blocked(self, seconds: float) -> bool:
        """Whether they have waited too long; `seconds` have passed since the last call."""
        if self._process.status() == psutil.STATUS_STOPPED:
            return False
        used = self._process.cpu_times()
        worked = used.user + used.system
        self._idle += seconds
        if worked - self._worked > LEAST_WORK:
            self._worked, self._idle = worked, 0.0
        return self._idle > BLOCKED_SECONDS


def wait_for_one(watched: Mapping[int, Watched]) -> tuple[int, int]:
    """Wait until one of these processes ends, ending those that are blocked; gives its id and exit code."""
    while True:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child:
            return child, os.waitstatus_to_exitcode(status)
        time.sleep(LOOK_SECONDS)
        for each, process in watched.items():
            if process.is_blocked(LOOK_SECONDS):
                os.killpg(each, signal.SIGKILL)


def end(child: int, folder: Path, mutant: Mutant) -> None:
    """Clean up after a mutant: the processes it started, and its change."""
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    shutil.copy2(ROOT / mutant.module, folder / mutant.module)


def _begin(folder: Path, run: Callable[[], int]) -> int:
    child = os.fork()  # slow imports happen once
    if child:
        with suppress(PermissionError, ProcessLookupError):  # it has exited already
            os.setpgid(child, child)
        return child
    status = 1
    try:
        os.setpgid(0, 0)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        status = run()
    finally:
        os._exit(status)


def _pytest(arguments: list[str], plugin: object) -> int:
    options = ["-q", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main([*options, *arguments], plugins=[plugin]))


def interval(k: int, n: int) -> tuple[float, float]:
    """95 % confidence interval of a proportion of which `k` of `n` were drawn (Wilson 1927)."""
    z = 1.96
    middle, width = (k + z * z / 2) / (n + z * z), z * math.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return middle - width, middle + width


def main() -> None:
    """Draw mutants, run the tests against each, and print the survivors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="number of mutants; 0, the default, is all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="number of processes")
    parser.add_argument("--reach", type=Path, metavar="FILE", help="file in which the coverage of the tests is cached")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="modules, such as 'core/explain/*'")
    arguments = parser.parse_args()
    modules = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "core").rglob("*.py"))]
    every = [mutant for module in modules for mutant in mutants_of(module)]
    equivalent = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))
    _reject_unknown(equivalent, every)
    wanted = [mutant for mutant in every if mutant.what not in equivalent.get(mutant.module, {})]
    order = random.Random(arguments.seed).sample(every, len(every))
    kept = {mutant for mutant in wanted if fnmatch(mutant.module, arguments.only)}
    drawn = [mutant for mutant in order if mutant in kept][: arguments.sample or None]
    for number in (signal.SIGINT, signal.SIGTERM):  # also if it was started in the background
        signal.signal(number, lambda *_: sys.exit("Ended early."))
    killed, done = 0, 0
    running: dict[int, tuple[Mutant, Path]] = {}
    watched: dict[int, Watched] = {}
    with tempfile.TemporaryDirectory() as temporary:
        free = [_copy_to(Path(temporary) / "0")]
        reach = measured(free[0], (arguments.reach or Path(temporary) / "reach.json").resolve())
        print(f"{len(reach.seconds):,} tests of the core, {sum(reach.seconds.values()):.0f} s.", flush=True)
        # With the present bytecode.
        free += [shutil.copytree(free[0], Path(temporary) / str(i), True) for i in range(1, arguments.workers)]
        coming = iter(drawn)
        try:
            while True:
                while free and (mutant := next(coming, None)) is not None:
                    folder, tests = free.pop(), reach.tests_of(mutant)
                    seconds = sum(reach.seconds[test] for test in tests)
                    child = begin(mutant, tests, seconds, folder)
                    running[child], watched[child] = (mutant, folder), Watched(child)
                if not running:
                    break
                child, code = wait_for_one(watched)
                mutant, folder = running.pop(child)
                del watched[child]
                end(child, folder, mutant)
                free.append(folder)
                done += 1
                survived = code == 0
                killed += not survived
                how = "SURVIVED" if survived else "killed" if code > 0 else "endless"
                print(f"{how:8} {done}/{len(drawn)} {mutant}", flush=True)
        finally:
            for child, (mutant, folder) in running.items():
                end(child, folder, mutant)
                os.waitpid(child, 0)
    low, high = interval(killed, done)
    print(f"{killed} of {done} mutants killed: {killed / done:.1%} (95 % interval {low:.1%} to {high:.1%}), ", end="")
    print(f"drawn with seed {arguments.seed} from {len(kept):,} of {arguments.only}; of all, ", end="")
    print(f"{len(every) - len(wanted)} are equivalent.")


def _reject_unknown(equivalent: dict[str, dict[str, str]], every: list[Mutant]) -> None:
    """Exit if the list of equivalent mutants has entries for code that no longer exists."""
    known = {(mutant.module, mutant.what) for mutant in every}
    for module, reasons in equivalent.items():
        for what in reasons:
            if (module, what) not in known:
                sys.exit(f"{EQUIVALENT.name}: there is no mutant of {module} {what!r} (any more)")


def _copy_to(folder: Path) -> Path:
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, symlinks=True, ignore=shutil.ignore_patterns("browser"))
        else:
            shutil.copy(source, folder / name)
    return folder


if __name__ == "__main__":
    main()
