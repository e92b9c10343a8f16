"""Mutants of each room: is every small change of a function found by the tests of its room?

`PYTHONPATH=tests python tests/mutation/mutate.py [ROOM ...]` (extra `dev`) makes one change at a time, and
prints those that no test finds. `equivalent.py` has those that nothing can find, and why. Exit status 1 where
another one survives, or where one that is listed there does not any more.

The changes are mutmut's. Its own runs take several times as long, and leave out properties, in which half the
rules stand; so the tests are collected once, and each mutant is a fork of that process in which the function
has other code. A fork runs the tests that call the function, the fastest first, up to the first that fails.
Instead of a room there may be the beginning of `FILE:FUNCTION`, such as `core/rules.py:Facts.`.
What is not in a function, such as a table, is not changed, nor what a function did while it was imported.
"""

from __future__ import annotations

import difflib
import gc
import importlib
import os
import resource
import sys
import textwrap
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from mmap import mmap
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple

import libcst as cst
import pytest
from mutation.equivalent import EQUIVALENT, Equivalent
from mutmut.mutation.file_mutation import Mutation, create_mutations, deep_replace

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "restart_engine"
ROOMS = {"core": ["core/*.py"], "wire": ["wire/*.py", "strict_json.py"], "endpoint": ["endpoint/*.py"]}
"""The files to change; the tests are those in the folder with the room's name."""
PROCESSES = 2
SECONDS = 60
"""Of processor time, after which a mutant that goes round in a circle counts as killed."""
SURVIVED, KILLED = 0, 1
Key = tuple[str, str]
"""A file and a function's qualified name in it."""


class Place(NamedTuple):
    """A function of a module, and the class that it is a method of."""

    file: str
    owner: cst.ClassDef | None
    function: cst.FunctionDef

    @property
    def key(self) -> Key:
        """What it is found by."""
        return self.file, self.name

    @property
    def name(self) -> str:
        """Its qualified name."""
        return (
            f"{self.owner.name.value}.{self.function.name.value}" if self.owner else self.function.name.value
        )

    def put(self, changed: cst.FunctionDef, functions: list[FunctionType]) -> None:
        """Gives the functions of this place the code and the defaults of a changed one."""
        statement: cst.FunctionDef | cst.ClassDef = changed
        if self.owner:
            body = self.owner.body.with_changes(body=[changed])
            statement = self.owner.with_changes(body=body, decorators=[], bases=[], keywords=[])
        source = f"from __future__ import annotations\n{cst.Module([statement]).code}"
        for function in functions:
            scope = dict(function.__globals__)
            exec(compile(source, str(PACKAGE / self.file), "exec", dont_inherit=True), scope)  # noqa: S102  # our own
            for name in self.name.split("."):
                made = scope[name]
                scope = vars(made)
            made = getattr(
                made, "__func__", made
            )  # Python makes `__init_subclass__` a class method by itself
            function.__code__ = made.__code__
            function.__defaults__, function.__kwdefaults__ = made.__defaults__, made.__kwdefaults__


class Mutant(NamedTuple):
    """One change in a function."""

    room: str
    place: Place
    mutation: Mutation

    def changed(self) -> cst.FunctionDef:
        """The function with the change."""
        new = deep_replace(self.place.function, self.mutation.original_node, self.mutation.mutated_node)
        assert isinstance(new, cst.FunctionDef)
        return new

    def difference(self) -> list[str]:
        """The lines that differ."""
        was, is_ = (cst.Module([f]).code.splitlines() for f in (self.place.function, self.changed()))
        lines = list(difflib.unified_diff(was, is_, n=0, lineterm=""))[2:]
        return [line for line in lines if not line.startswith("@@")]

    def equivalent(self) -> Equivalent | None:
        """Why nothing can find it, where that is listed."""
        lines = self.difference()
        for row in EQUIVALENT:
            if (row.file, row.function) == (self.place.file, self.place.name) and any(
                row.text in line for line in lines
            ):
                return row
        return None


def mutants_of(room: str) -> Iterator[Mutant]:
    """Every change in every function of the room."""
    for pattern in ROOMS[room]:
        for path in sorted(PACKAGE.glob(pattern)):
            # mutmut passes over decorated functions
            source = "".join(
                line
                for line in path.read_text("utf-8").splitlines(keepends=True)
                if line.strip() not in {"@property", "@cached_property", "@classmethod", "@staticmethod"}
            )
            module, mutations, _, _ = create_mutations(str(path), source)
            owners: dict[int, cst.ClassDef | None] = {}
            for statement in module.body:
                if isinstance(statement, cst.FunctionDef):
                    owners[id(statement)] = None
                elif isinstance(statement, cst.ClassDef):
                    owners |= {id(each): statement for each in statement.body.body}
            for mutation in mutations:
                function = mutation.contained_by_top_level_function
                if isinstance(function, cst.FunctionDef) and not function.decorators:
                    file = str(path.relative_to(PACKAGE))
                    yield Mutant(room, Place(file, owners[id(function)], function), mutation)


def recording(function: cst.FunctionDef, key: str) -> cst.FunctionDef:
    """The function, which says first that it was called."""
    call = cst.parse_statement(f"__import__('sys').called.add({key!r})\n")
    assert isinstance(function.body, cst.IndentedBlock)
    return function.with_changes(body=function.body.with_changes(body=[call, *function.body.body]))


def imported_functions() -> dict[Key, list[FunctionType]]:
    """The functions of each file and name, wherever a property, a factory or attrs keeps them."""
    found: dict[Key, list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename.startswith(f"{PACKAGE}/"):
            found[each.__code__.co_filename.removeprefix(f"{PACKAGE}/"), each.__qualname__].append(each)
    return found


class Plugin:
    """Runs the collected tests once, and then again for each mutant."""

    def __init__(self, asked: tuple[str, ...]) -> None:
        every = (mutant for room in ROOMS for mutant in mutants_of(room))
        self.mutants = [
            mutant for mutant in every if mutant.room in asked or ":".join(mutant.place.key).startswith(asked)
        ]
        self.statuses: list[int] = [KILLED] * len(self.mutants)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of pytest's own."""
        session.config.option.tbstyle = "native"  # the others read the source of every frame
        self.session = session
        for file in {mutant.place.file for mutant in self.mutants}:
            importlib.import_module(f"restart_engine.{file.removesuffix('.py').replace('/', '.')}")
        self.functions = imported_functions()
        self.tests = self.tests_by_function()
        gc.collect()
        gc.freeze()
        self.run_mutants()
        return True

    def passes(self, test: pytest.Item) -> bool:
        """Whether the test passes, and all before it in this process did."""
        test.config.hook.pytest_runtest_protocol(item=test, nextitem=None)
        return self.session.testsfailed == 0

    def tests_by_function(self) -> dict[Key, list[int]]:
        """For each function of a room the room's tests that call it, by their index: the fastest first."""
        called: set[str] = set()
        vars(sys)["called"] = called
        before: list[tuple[FunctionType, CodeType]] = []
        for place in {mutant.place.key: mutant.place for mutant in self.mutants}.values():
            assert self.functions[place.key], f"{place.key} is not there any more once it is imported"
            before += [(function, function.__code__) for function in self.functions[place.key]]
            place.put(recording(place.function, ":".join(place.key)), self.functions[place.key])
        found: dict[Key, list[tuple[float, int]]] = defaultdict(list)
        for index, test in enumerate(self.session.items):
            called.clear()
            start = time.process_time()
            if not self.passes(test):
                raise SystemExit(f"{test.nodeid} fails without a mutant")
            took = time.process_time() - start
            room = test.path.relative_to(ROOT / "tests").parts[0]
            for key in called:
                file, _, name = key.partition(":")
                if any(Path(file).match(pattern) for pattern in ROOMS[room]):
                    # a test of few functions finds more for its time
                    found[file, name].append((took * len(called), index))
        for function, code in before:
            function.__code__ = code
        return {key: [index for _, index in sorted(timed)] for key, timed in found.items()}

    def run_mutants(self) -> None:
        """Each in a process of its own, some at a time."""
        running: dict[int, int] = {}
        # where a process leaves the index of the test that found its mutant: it often finds the next as well
        finders = memoryview(mmap(-1, 4 * len(self.mutants))).cast("i")

        def wait() -> None:
            pid, status = os.wait()
            number = running.pop(pid)
            self.statuses[number] = status
            if number % 250 == 249:
                print(f"{number + 1} of {len(self.mutants)}", flush=True)
            if finders[number]:
                tests = self.tests[self.mutants[number].place.key]
                tests.remove(finders[number] - 1)
                tests.insert(0, finders[number] - 1)

        for number, mutant in enumerate(self.mutants):
            if len(running) == PROCESSES:
                wait()
            pid = os.fork()
            if not pid:
                in_fork(partial(self.run_mutant, mutant, finders[number : number + 1]))
            running[pid] = number
        while running:
            wait()

    def run_mutant(self, mutant: Mutant, finder: memoryview) -> int:
        """Whether it is killed; the process ends by a signal where it takes far too long."""
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        mutant.place.put(mutant.changed(), self.functions[mutant.place.key])
        for index in self.tests.get(mutant.place.key, ()):
            if not self.passes(self.session.items[index]):
                finder[0] = index + 1
                return KILLED
        return SURVIVED


def in_fork(run: Callable[[], int]) -> None:
    """Ends this process with what is run, which prints nothing."""
    status = KILLED
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        status = run()
    finally:
        os._exit(status)


def report(rooms: list[str], results: list[tuple[Mutant, int]]) -> bool:
    """Prints what is left; whether that is exactly what is listed."""
    left = [mutant for mutant, status in results if status == SURVIVED]
    used = Counter(mutant.equivalent() for mutant in left)
    for mutant in left:
        if mutant.equivalent() is None:
            print(f"\n{mutant.place.file}: {mutant.place.name}")
            print(textwrap.indent("\n".join(mutant.difference()), "  "))
    tried = {mutant.place.key for mutant, _ in results}
    gone = [row for row in EQUIVALENT if (row.file, row.function) in tried and row not in used]
    for row in gone:
        print(
            f"\nlisted as equivalent, but found or not made any more: {row.file}, {row.function}, {row.text}"
        )
    print()
    for room in rooms:
        every = [status for mutant, status in results if mutant.room == room]
        alive = [mutant for mutant in left if mutant.room == room]
        listed = sum(mutant.equivalent() is not None for mutant in alive)
        print(
            f"{room}: {len(every)} mutants, {len(every) - len(alive)} killed, {listed} equivalent,"
            f" {len(alive) - listed} survive"
        )
    return not used[None] and not gone


def main(asked: list[str]) -> int:
    """The exit status."""
    os.chdir(ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    start = time.monotonic()
    plugin = Plugin(tuple(asked))
    rooms = sorted({mutant.room for mutant in plugin.mutants})
    options = ["-o", "addopts=--import-mode=importlib", "-s", "--hypothesis-profile=mutation"]
    options += ["-p", "_hypothesis_pytestplugin"]
    options += [f"-pno:{left_out}" for left_out in ("terminal", "cacheprovider", "logging")]
    status = pytest.main([*options, *(f"tests/{room}" for room in rooms)], plugins=[plugin])
    if status:
        return int(status)
    fine = report(rooms, list(zip(plugin.mutants, plugin.statuses, strict=True)))
    print(f"{(time.monotonic() - start) / 60:.1f} minutes")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(ROOMS)))
