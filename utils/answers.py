"""Exercises and answers: which exercises there are, what their stubs look like, and what the learner has written.

The sources of the chapters say which exercises there are; the solutions give their signatures and docstrings; the
notebooks and `.answers/` hold what the learner wrote. All this is read as text; only what an exercise names is imported.
"""

import ast
import hashlib
import importlib
import inspect
import json
import linecache
import os
import re
import shlex
import symtable
import textwrap
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from utils.files import write_whole

ROOT = Path(__file__).resolve().parent.parent
DRIVE = Path("/content/drive/MyDrive")
"""Google Drive, where a learner in Colab has mounted it: what lies there outlives the runtime."""
RECORDS = Path(os.environ.get("PPO_COURSE_ANSWERS") or (DRIVE / "ppo-course-answers" if DRIVE.is_dir() else ROOT / ".answers"))
"""Where the answers are recorded that were checked in a notebook."""


class AnswerError(Exception):
    """An answer that cannot be read or run; its message is one sentence for the learner, and all that a notebook shows."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


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
        return ROOT / "chapters" / f"{self.chapter}.ipynb"

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
        """The source of the reference solution."""
        return definition_source((ROOT / (self.module.replace(".", "/") + ".py")).read_text("utf-8"), self.object_name)

    def stub(self) -> str:
        """What the learner starts from: the reference with the bodies to be written emptied."""
        return empty_bodies(self.reference_source(), self.methods or (self.object_name,))


FENCE = re.compile(r'^```python (?P<options>.*\bexercise="[^"]+".*)\n(?P<code>(?:.*\n)*?)```', re.MULTILINE)


def parse_exercise_cell(chapter: str, options: dict[str, Any], code: str) -> list[Exercise]:
    """The exercises of one cell of a chapter's source.

    Args:
        chapter: the stem of the source file.
        options: the fence's options: exercise (names, separated by spaces), difficulty, importance, minutes; optionally
            methods, where the methods to be emptied are not the exercises themselves.
        code: the cell: `from solutions.MODULE import OBJECT`.
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
    """Every exercise of the course, by name, in the order of the chapters."""
    found = {}
    for source in sorted((ROOT / "chapters" / "source").glob("*.md")):
        for match in FENCE.finditer(source.read_text("utf-8")):
            options = dict(option.split("=", 1) for option in shlex.split(match["options"]))
            for exercise in parse_exercise_cell(source.stem, options, match["code"]):
                found[exercise.name] = exercise
    return found


def definition_source(module_source: str, name: str) -> str:
    """The source of one top-level function or class, with its decorators."""
    lines = module_source.splitlines()
    for node in ast.parse(module_source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            return "\n".join(lines[first - 1 : node.end_lineno])
    raise KeyError(name)


def _functions(tree: ast.AST) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def empty_bodies(source: str, names: tuple[str, ...]) -> str:
    """Replace the body of each named function or method by `raise NotImplementedError()`, keeping its docstring."""
    lines = source.splitlines()
    functions = _functions(ast.parse(source))
    for node in sorted((functions[name] for name in names), key=lambda node: -node.lineno):
        has_docstring = ast.get_docstring(node) is not None
        first = node.body[1] if has_docstring else node.body[0]
        start = node.body[0].end_lineno + 1 if has_docstring else first.lineno
        lines[start - 1 : node.end_lineno] = [" " * first.col_offset + "raise NotImplementedError()"]
    return "\n".join(lines)


def is_attempted(source: str, exercise: Exercise) -> bool:
    """Whether any body that the exercise leaves empty has become more than `raise NotImplementedError()`.

    A cell that no longer defines it, or that is not Python any more, counts as attempted: its test will say what is wrong.
    """
    try:
        functions = _functions(ast.parse(_without_magics(source)))
    except SyntaxError:
        return True
    return not all(name in functions and _is_bare(functions[name]) for name in exercise.to_write)


def _is_bare(function: ast.FunctionDef) -> bool:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return [ast.unparse(statement) for statement in body] == ["raise NotImplementedError()"]


def _without_magics(source: str) -> str:
    """A cell's code as plain Python: IPython's magics (`%time`), shell commands (`!ls`) and questions (`torch.where?`) are left out."""
    try:
        ast.parse(source)  # a line of plain Python may begin with % too
        return source
    except SyntaxError:
        source = re.sub(r"^(\s*)([%!?].*|[\w.]+\?+\s*)$", r"\1pass", source, flags=re.MULTILINE)
        return re.sub(r"^(\s*\w+\s*=\s*)[%!].*$", r"\1None", source, flags=re.MULTILINE)


def comes_from_stub(error: BaseException) -> bool:
    """Whether an exception is the `raise NotImplementedError()` of a stub, rather than, say, one of torch's own."""
    if not isinstance(error, NotImplementedError) or error.__traceback__ is None:
        return False
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    return linecache.getline(last.tb_frame.f_code.co_filename, last.tb_lineno).strip() == "raise NotImplementedError()"


# What the learner wrote: in a notebook on disk, or in the record that a check in a notebook leaves.


def source_of(answer: Any) -> str | None:
    """The whole cell in which a notebook defined a function or class, or None if it comes from a file of the course."""
    candidates = [answer] if callable(answer) and not isinstance(answer, type) else list(vars(answer).values())
    functions = [function for function in map(inspect.unwrap, candidates) if hasattr(function, "__code__")]
    if not functions or Path(functions[0].__code__.co_filename).is_relative_to(ROOT):
        return None
    return "".join(linecache.getlines(functions[0].__code__.co_filename)) or None


def record(exercise: Exercise, source: str, passed: bool) -> None:
    """Keep an answer that was checked, with what it needs of the cells before it, and the verdict."""
    entry = {"source": source, "passed": passed, "tests": _tests_digest(), "time": time.time()}
    write_whole(RECORDS / f"{exercise.name}.json", json.dumps(entry, indent=1).encode())


def recorded_verdict(exercise: Exercise, source: str) -> bool | None:
    """Whether an answer passed when it was last checked; None if that was another answer, or with other tests."""
    with suppress(AnswerError):
        entry = read_record(exercise)
        if entry is not None and entry["source"].strip() == source.strip() and entry.get("tests") == _tests_digest():
            return entry["passed"]
    return None


def read_record(exercise: Exercise) -> dict | None:
    """What `record` wrote, or None if the exercise was never checked. Raises AnswerError if it cannot be read."""
    path = RECORDS / f"{exercise.name}.json"
    try:
        entry = json.loads(path.read_text("utf-8"))
        return entry | {"source": str(entry["source"]), "passed": bool(entry["passed"]), "time": float(entry["time"])}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AnswerError(
            f"The record {path} cannot be read ({type(error).__name__}: {error}): check {exercise.name} in its notebook again, which "
            "writes it anew, or delete it."
        ) from None


@cache
def _tests_digest() -> str:
    """What the tests of this version of the course are: an update may make them stricter."""
    texts = [path.read_bytes() for path in sorted((ROOT / "tests").glob("*.py"))]
    return hashlib.sha1(b"".join(texts)).hexdigest()


def read_answer(exercise: Exercise) -> tuple[str | None, str]:
    """The learner's latest answer as a program of its own, or None if the exercise is not attempted; and where it is from.

    It is a cell of the notebook on disk, or a check's record where that is newer or the cell is still its stub.

    Raises:
        AnswerError: the notebook or the record cannot be read, or the notebook has lost the exercise.
    """
    cells = read_notebook(exercise)["cells"] if exercise.notebook.exists() else []
    holding = exercise_cells(exercise, cells)
    attempted = [index for index in holding if is_attempted(cell_source(cells[index]), exercise)]
    entry = read_record(exercise)
    if entry is not None and (not attempted or entry["time"] > exercise.notebook.stat().st_mtime):
        source = entry["source"] if is_attempted(entry["source"], exercise) else None
        return source, f"your last check in {exercise.notebook.name}, which is newer than the saved notebook"
    if not holding and exercise.notebook.exists():
        raise AnswerError(
            f'{exercise.notebook.name} has no cell for {exercise.name} any more: run `reset("{exercise.name}")` in an empty cell there, '
            "and that cell becomes its stub."
        )
    where = str(exercise.notebook.relative_to(ROOT))
    if not attempted:
        return None, where
    defining = [index for index in attempted if _defines(exercise, cell_source(cells[index]))] or attempted
    if len(defining) > 1:
        where += f", the last of the {len(defining)} cells there that define it"
    earlier = [cell_source(cell) for cell in cells[: defining[-1]] if cell["cell_type"] == "code"]
    return with_definitions(cell_source(cells[defining[-1]]), earlier), where


def read_notebook(exercise: Exercise) -> dict[str, Any]:
    """The learner's notebook on disk. Raises AnswerError if it is none."""
    text = ""
    try:
        text = exercise.notebook.read_text("utf-8")
        notebook = json.loads(text)
        for cell in notebook["cells"]:
            cell["cell_type"], cell_source(cell), cell.get("metadata", {}).get("exercise")
        return notebook
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        marks = re.search(r"^(<{7}|>{7}) ", text, re.MULTILINE)
        reason = "it holds the marks of a merge conflict" if marks else f"{type(error).__name__}: {error}"
        reason = "it is empty" if isinstance(error, ValueError) and not text.strip() else reason
        raise AnswerError(
            f"{exercise.notebook.name} cannot be read as a notebook ({reason}): repair it in an editor, or move it away and get a fresh "
            f"one with `git checkout chapters/{exercise.notebook.name}`; nothing in it was changed."
        ) from None


def cell_source(cell: dict[str, Any]) -> str:
    """The text of a notebook's cell."""
    return "".join(cell["source"])


def exercise_cells(exercise: Exercise, cells: list[dict[str, Any]]) -> list[int]:
    """Where the code cells are that hold an exercise: marked with its name, or, since marks may get lost and cells copied, defining it."""
    return [
        index
        for index, cell in enumerate(cells)
        if cell["cell_type"] == "code"
        and (cell.get("metadata", {}).get("exercise") == exercise.cell or _defines(exercise, cell_source(cell)))
    ]


def _defines(exercise: Exercise, source: str) -> bool:
    return re.search(rf"^(def|class) {exercise.object_name}\b", source, re.MULTILINE) is not None


def with_definitions(source: str, earlier_cells: list[str]) -> str:
    """Put before a cell what it uses from earlier cells: imports, functions, classes and constants, and what these use."""
    definitions: dict[str, str] = {}
    for cell in earlier_cells:
        try:
            tree = ast.parse(_without_magics(cell))
        except SyntaxError:
            continue
        for node in tree.body:
            text = ast.get_source_segment(_without_magics(cell), node)
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                definitions[node.name] = "\n".join([f"@{ast.unparse(d)}" for d in node.decorator_list] + [text])
            elif isinstance(node, ast.Import | ast.ImportFrom):
                definitions |= {(alias.asname or alias.name).split(".")[0]: text for alias in node.names}
            elif isinstance(node, ast.Assign):
                definitions |= {target.id: text for target in node.targets if isinstance(target, ast.Name)}
    needed: list[str] = []

    def require(code: str) -> None:
        for name in _names_used(code):
            text = definitions.get(name)
            if text is not None and text not in needed and text != code:
                definitions.pop(name)
                require(text)
                needed.append(text)

    require(source)
    return "\n".join([*dict.fromkeys(needed), source])


def _names_used(code: str) -> list[str]:
    """The names that some code takes from outside itself."""
    try:
        tables = [symtable.symtable(_without_magics(code), "cell", "exec")]
    except SyntaxError:
        return []
    names: dict[str, None] = {}
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            outside = symbol.is_global() if table.get_type() != "module" else not symbol.is_assigned()
            if symbol.is_referenced() and outside:
                names[symbol.get_name()] = None
    return list(names)


def load(source: str, exercise: Exercise) -> Any:
    """Run an answer in a namespace of its own, and return the function or class it defines.

    Raises:
        AnswerError: it is not Python, it fails, or it does not define what the exercise asks for.
    """
    filename = f"<your {exercise.object_name} in {exercise.chapter}>"
    source = _without_magics(source)
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {"__name__": "answer"}
    try:
        exec(compile(source, filename, "exec"), namespace)
    except SyntaxError as error:
        raise AnswerError(
            f"Your cell is not Python yet: {error.msg} in its line {error.lineno}: {(error.text or '').strip()}"
        ) from None
    except (Exception, SystemExit) as error:
        raise AnswerError(f"Your cell does not run: {type(error).__name__}: {error}") from error
    if exercise.object_name not in namespace:
        raise AnswerError(f"Your cell does not define `{exercise.object_name}` any more: put the name back.")
    return namespace[exercise.object_name]


# The learner's own parts in the place of the reference's.


_references: dict[tuple[str, str], Any] = {}  # by module and name: the parts whose place has been taken
_adopted: dict[tuple[str, str], Any] = {}  # and what has taken it


def load_reference(exercise: Exercise) -> Any:
    """The reference solution itself, also where the learner's answer has taken its place."""
    key = (exercise.module, exercise.object_name)
    return _references.get(key) or getattr(importlib.import_module(exercise.module), exercise.object_name)


def adopt(before: str | None = None) -> str:
    """Put the learner's own answers in the place of the reference's parts, where they pass.

    The code of the course calls its parts through their modules, so from now on it calls the learner's. Of a class, the
    learner's methods take the place; whatever the class was given with stays the reference's.

    Args:
        before: a chapter; only answers to exercises of earlier chapters count. All do if it is None.

    Returns:
        Lines that say which parts are the learner's, and why the others are not.
    """
    parts: dict[str, list[str]] = {"Yours, and used from here on": [], "Not attempted yet, so the course's own": []}
    yours, others = parts.values()
    problems = []
    put_back()
    for exercise in exercises().values():
        if before is not None and exercise.chapter >= before:
            continue
        try:
            source, _ = read_answer(exercise)
            if source is None:
                others.append(exercise.name)
            elif _passes(exercise, source):
                _take_place(exercise, load(source, exercise))
                yours.append(exercise.name)
            else:
                problems.append(f"{exercise.name}: yours fails its test, so the course's own is used.")
        except AnswerError as error:
            problems.append(f"{exercise.name}: yours cannot be used, so the course's own is. {error}")
    if not yours and not problems:
        return "The parts from earlier exercises are the course's own: you have not attempted any yet."
    lines = [f"{which}: {', '.join(names)}." for which, names in parts.items() if names] + problems
    return "\n".join(textwrap.fill(line, 100, subsequent_indent="  ", break_long_words=False) for line in lines)


def put_back() -> None:
    """Put the reference's parts back into their places."""
    for (module, name), reference in _references.items():
        setattr(importlib.import_module(module), name, reference)
    _adopted.clear()


@contextmanager
def reference_parts():
    """Within the block the reference's parts are in their places, so that one answer is judged at a time."""
    adopted = dict(_adopted)
    put_back()
    try:
        yield
    finally:
        for key, part in adopted.items():
            _put(key, part)


def _passes(exercise: Exercise, source: str) -> bool:
    """Whether an answer passes: by its record, or else by its test, and then it is on record."""
    passed = recorded_verdict(exercise, source)
    if passed is None:
        checks = importlib.import_module("tests.checks")
        passed = checks.verdict(exercise, load(source, exercise)) is None
        record(exercise, source, passed)
    return passed


def _take_place(exercise: Exercise, answer: Any) -> None:
    key, reference = (exercise.module, exercise.object_name), load_reference(exercise)
    if exercise.methods:  # a class: the part that came with the exercise may have moved on since
        own = {name: part for name, part in vars(answer).items() if name not in vars(reference)}
        own |= {name: getattr(answer, name) for name in exercise.to_write}
        answer = type(reference.__name__, (_adopted.get(key, reference),), own)
    _references[key] = reference
    _put(key, answer)


def _put(key: tuple[str, str], part: Any) -> None:
    _adopted[key] = part
    setattr(importlib.import_module(key[0]), key[1], part)
