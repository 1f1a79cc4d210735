"""The exercises of the course and their stubs, read from chapters/source/ and solutions/ as text; nothing is imported."""

import ast
import linecache
import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from utils import paths
from utils.course import programs


@dataclass(frozen=True)
class Exercise:
    """One thing to be written, checked by `tests.test_<name>`."""

    name: str
    chapter: str  # such as 03_rollouts
    module: str  # where the reference is, such as solutions.advantages
    object_name: str  # the function or class that the cell defines
    methods: tuple[str, ...]  # the methods emptied in the stub, if it is a class
    cell: str  # the exercises of one cell share this: their names, joined by spaces
    difficulty: int
    importance: int
    minutes: int

    @property
    def notebook(self) -> Path:
        """The learner's notebook."""
        return paths.ROOT / "chapters" / f"{self.chapter}.ipynb"

    @property
    def to_write(self) -> tuple[str, ...]:
        """The functions or methods that this exercise (not its whole cell) leaves empty."""
        if not self.methods:
            return (self.object_name,)
        return (self.name,) if self.name in self.methods else self.methods

    @property
    def call(self) -> str:
        """The line that checks it in a notebook."""
        return f"tests.test_{self.name}({self.object_name})"

    def reference_source(self) -> str:
        """Return the source of the reference solution."""
        file = paths.ROOT / (self.module.replace(".", "/") + ".py")
        return definition_source(file.read_text("utf-8"), self.object_name)

    def stub(self) -> str:
        """Return what the learner starts from: the reference with the bodies to be written emptied."""
        return empty_bodies(self.reference_source(), self.methods or (self.object_name,))

    def load(self, source: str) -> Any:
        """Run an answer, and return the function or class that it defines. Raises programs.AnswerError if that fails."""
        return programs.run(source, self.object_name, f"<your {self.object_name} in {self.chapter}>")


FENCE = re.compile(r'^```python (?P<options>.*\bexercise="[^"]+".*)\n(?P<code>(?:.*\n)*?)```', re.MULTILINE)


def parse_exercise_cell(chapter: str, options: dict[str, Any], code: str) -> list[Exercise]:
    """Read the exercises of one cell of a chapter's source.

    Args:
        chapter: the stem of the source file.
        options: the fence's options: exercise (names, separated by spaces), difficulty, importance, minutes; optionally
            methods, where the methods to be emptied are not the exercises themselves.
        code: the cell: `from solutions.MODULE import OBJECT`.

    Raises:
        ValueError: the cell is not such an import.
    """
    imported = re.fullmatch(r"from (solutions\.\w+) import (\w+)", code.strip())
    if imported is None:
        raise ValueError(f"{chapter}: an exercise cell must be `from solutions.MODULE import NAME`, not {code.strip()!r}.")
    module, object_name = imported.groups()
    names = options["exercise"].split()
    methods = options.get("methods", "").split() or [name for name in names if name != object_name]
    return [
        Exercise(
            name, chapter, module, object_name, tuple(methods), options["exercise"],
            int(options["difficulty"]), int(options["importance"]), int(options["minutes"]),
        )
        for name in names
    ]  # fmt: skip


@cache
def exercises() -> dict[str, Exercise]:
    """Return every exercise of the course, by name, in the order of the chapters."""
    found = {}
    for source in sorted((paths.ROOT / "chapters" / "source").glob("*.md")):
        for match in FENCE.finditer(source.read_text("utf-8")):
            options = dict(option.split("=", 1) for option in shlex.split(match["options"]))
            for exercise in parse_exercise_cell(source.stem, options, match["code"]):
                found[exercise.name] = exercise
    return found


def definition_source(module_source: str, name: str) -> str:
    """Return the source of one top-level function or class, with its decorators. Raises KeyError if there is none."""
    lines = module_source.splitlines()
    for node in ast.parse(module_source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            return "\n".join(lines[first - 1 : node.end_lineno])
    raise KeyError(name)


def _functions(tree: ast.AST) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def empty_bodies(source: str, names: tuple[str, ...]) -> str:
    """Replace the body of each named function or method by `raise NotImplementedError()`, keeping its docstring.

    Raises:
        SyntaxError: the source is not Python.
        KeyError: it does not define one of the names.
    """
    lines = source.splitlines()
    functions = _functions(ast.parse(source))
    for node in sorted((functions[name] for name in names), key=lambda node: -node.lineno):
        has_docstring = ast.get_docstring(node) is not None
        first = node.body[1] if has_docstring else node.body[0]
        start = node.body[0].end_lineno + 1 if has_docstring else first.lineno
        lines[start - 1 : node.end_lineno] = [" " * first.col_offset + "raise NotImplementedError()"]
    return "\n".join(lines)


def is_attempted(source: str, exercise: Exercise) -> bool:
    """Tell whether any body that the exercise leaves empty has become more than `raise NotImplementedError()`.

    A cell that no longer defines it, or that is not Python any more, counts as attempted: its test will say what is wrong.
    """
    try:
        functions = _functions(ast.parse(programs.without_magics(source)))
    except SyntaxError:
        return True
    return not all(name in functions and _is_bare(functions[name]) for name in exercise.to_write)


def _is_bare(function: ast.FunctionDef) -> bool:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return [ast.unparse(statement) for statement in body] == ["raise NotImplementedError()"]


def comes_from_stub(error: BaseException) -> bool:
    """Tell whether an exception is the `raise NotImplementedError()` of a stub, rather than, say, one of torch's own."""
    if not isinstance(error, NotImplementedError) or error.__traceback__ is None:
        return False
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    return linecache.getline(last.tb_frame.f_code.co_filename, last.tb_lineno).strip() == "raise NotImplementedError()"
