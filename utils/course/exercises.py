"""The exercises of the course and their stubs, read from chapters/source/ and solutions/ as text; nothing is imported."""

import ast
import linecache
import re
import shlex
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from utils import paths
from utils.course.programs import AnswerError, NoShell, without_magics


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
        """Return the source of the reference solution, with its decorators. Raises ValueError if there is none."""
        file = self.module.replace(".", "/") + ".py"
        try:
            text = (paths.ROOT / file).read_text("utf-8")
            node = {node.name: node for node in ast.parse(text, file).body if hasattr(node, "name")}[self.object_name]
        except (SyntaxError, UnicodeDecodeError) as error:
            raise ValueError(f"{file} cannot be read as Python ({error}): repair it.") from None
        except (FileNotFoundError, KeyError):
            raise ValueError(
                f"chapters/source/{self.chapter}.md imports {self.object_name} from {self.module}, which has none: write it in {file}, "
                "or correct the import."
            ) from None
        return _text_of(node, text)

    def changed_source(self, changes: Iterable[tuple[str, str]]) -> str:
        """Return the reference with some of its text replaced, every OLD by a NEW. Raises ValueError if it does not contain one."""
        code = self.reference_source()
        for old, new in changes:
            if old not in code:
                raise ValueError(f"The reference of {self.name} does not contain {old!r} any more: copy the new wording.")
            code = code.replace(old, new)
        return code

    def methods_of(self, source: str) -> str:
        """Return the methods that this exercise leaves empty, out of the source of a class."""
        nodes = [node for node in ast.walk(ast.parse(source)) if getattr(node, "name", None) in self.to_write]
        return "\n\n".join(_text_of(node, source) for node in nodes)

    def stub(self) -> str:
        """Return what the learner starts from: the reference with the bodies to be written emptied. Raises ValueError."""
        try:
            return empty_bodies(self.reference_source(), self.methods or (self.object_name,))
        except KeyError as error:
            raise ValueError(
                f"chapters/source/{self.chapter}.md: the exercise {self.cell!r} leaves {error} empty, which {self.object_name} does not "
                "define: correct `exercise` or `methods`."
            ) from None

    def load(self, source: str) -> Any:
        """Run an answer in a namespace of its own, and return the function or class that it defines.

        Raises:
            AnswerError: it is not Python, it fails, or it does not define that.
        """
        source, filename = without_magics(source), f"<your {self.object_name} in {self.chapter}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        namespace = {"__name__": "answer"}
        namespace["get_ipython"] = lambda: NoShell(namespace)
        if str(self.notebook.parent) not in sys.path:  # for a file of the learner's beside the notebook
            sys.path.append(str(self.notebook.parent))
        try:
            exec(compile(source, filename, "exec"), namespace)
        except SyntaxError as error:
            raise AnswerError(
                f"Your cell is not Python yet: {error.msg} in its line {error.lineno}: {(error.text or '').strip()}"
            ) from None
        except (Exception, SystemExit) as error:
            raise AnswerError(f"Your cell does not run: {type(error).__name__}: {error}") from error
        if self.object_name not in namespace:
            raise AnswerError(f"Your cell does not define `{self.object_name}` any more: put the name back.")
        return namespace[self.object_name]


def _text_of(node: ast.FunctionDef | ast.ClassDef, source: str) -> str:
    """Return a function or class as it stands in a source, with its decorators."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])


FENCE = re.compile(r'^```python (?P<options>.*\bexercise="[^"]+".*)\n(?P<code>(?:.*\n)*?)```', re.MULTILINE)


@cache
def exercises() -> dict[str, Exercise]:
    """Return every exercise of the course, by name, in the order of the chapters.

    An exercise cell of chapters/source/ holds nothing but `from solutions.MODULE import OBJECT`. Its fence has the options
    exercise (names, separated by spaces), difficulty, importance and minutes; and methods, where the methods to be emptied
    are not the exercises themselves.

    Raises:
        ValueError: a cell is not such an import, its fence lacks an option, or an exercise is there twice.
    """
    found = {}
    for source in sorted((paths.ROOT / "chapters" / "source").glob("*.md")):
        text = source.read_text("utf-8")
        for match in FENCE.finditer(text):
            where = f"chapters/source/{source.name}, line {text.count(chr(10), 0, match.start()) + 1}"
            code = match["code"].strip()
            imported = re.fullmatch(r"from (solutions\.\w+) import (\w+)", code)
            if imported is None:
                raise ValueError(f"{where}: an exercise cell must be `from solutions.MODULE import NAME`, not {code!r}.")
            module, object_name = imported.groups()
            try:
                options = dict(option.split("=", 1) for option in shlex.split(match["options"]))
                names = options["exercise"].split()
                marks = [int(options[mark]) for mark in ("difficulty", "importance", "minutes")]
            except (KeyError, ValueError) as error:
                raise ValueError(
                    f'{where}: the options of an exercise\'s fence must be exercise="NAME" difficulty=1 importance=1 minutes=5, with '
                    f'whole numbers, and maybe methods="NAMES" ({type(error).__name__}: {error}).'
                ) from None
            of_class = names if object_name[0].isupper() else []
            methods = options.get("methods", "").split() or [name for name in of_class if name != object_name]
            for name in names:
                if name in found:
                    raise ValueError(
                        f"{where}: the exercise {name} is in chapters/source/{found[name].chapter}.md already: rename one."
                    )
                found[name] = Exercise(name, source.stem, module, object_name, tuple(methods), options["exercise"], *marks)
    return found


def exercises_named(names: Iterable[str]) -> list[Exercise]:
    """Return the exercises of some names in the order of the chapters, all of them for no names. Raises ValueError for another."""
    wanted = set(names)
    if unknown := wanted - set(exercises()):
        raise ValueError(f"There is no exercise {', '.join(sorted(unknown))}: `python -m utils.progress` names them all.")
    return [exercise for name, exercise in exercises().items() if name in wanted or not wanted]


def empty_bodies(source: str, names: tuple[str, ...]) -> str:
    """Replace the body of each named function or method by `raise NotImplementedError()`, keeping its docstring.

    Raises:
        SyntaxError: the source is not Python.
        KeyError: it does not define one of the names.
    """
    lines = source.splitlines()
    functions = {node.name: node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
    for node in sorted((functions[name] for name in names), key=lambda node: -node.lineno):
        first = node.body[0]
        start = first.lineno if ast.get_docstring(node) is None else first.end_lineno + 1
        lines[start - 1 : node.end_lineno] = [" " * first.col_offset + "raise NotImplementedError()"]
    return "\n".join(lines)


def is_attempted(source: str, exercise: Exercise) -> bool:
    """Tell whether any body that the exercise leaves empty has become more than `raise NotImplementedError()`.

    A cell that no longer defines it, or that is not Python any more, counts as attempted: its test will say what is wrong.
    """
    try:
        source = without_magics(source)
        return ast.dump(ast.parse(source)) != ast.dump(ast.parse(empty_bodies(source, exercise.to_write)))
    except (SyntaxError, KeyError):
        return True


def comes_from_stub(error: BaseException) -> bool:
    """Tell whether an exception is the `raise NotImplementedError()` of a stub, rather than, say, one of torch's own."""
    last = traceback.extract_tb(error.__traceback__, limit=-1)
    return isinstance(error, NotImplementedError) and [frame.line for frame in last] == ["raise NotImplementedError()"]
