"""An answer as a program of its own: its cell, and what that needs of the other cells."""

import ast
import builtins
import inspect
import linecache
import pprint
import re
import symtable
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from utils import jupyter, paths
from utils.jupyter import PlainError

TRANSPARENT = ("time", "capture", "prun")
"""Cell magics that run their cell in the notebook's namespace; what other ones stand on is not Python, or leaves no names."""


class AnswerError(PlainError):
    """An answer that cannot be read or run; its message is one sentence for the learner."""


def without_magics(source: str) -> str:
    """Return a cell's code as plain Python: what is left of magics, shell commands and questions are calls of `get_ipython()`."""
    cell_magic = re.match(r"(?:[ \t]*\n)*%%(\w+).*\n?", source)
    if cell_magic is not None:
        rest = source[cell_magic.end() :]
        blank = "\n" * cell_magic.group().count("\n")  # so that lines keep their numbers
        return blank + without_magics(rest) if cell_magic[1] in TRANSPARENT else ""
    try:
        ast.parse(source)  # a line of plain Python may begin with % too
        return source
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager  # only here: it takes a moment

        try:
            return TransformerManager().transform_cell(source)
        except SyntaxError:
            return source


class NoShell:
    """What `get_ipython()` is where an answer runs outside a notebook: `%time` runs its statement, other magics do nothing."""

    def __init__(self, namespace: dict[str, Any]):
        """`namespace` is that of the answer."""
        self.namespace = namespace

    def run_line_magic(self, name: str, line: str, *_, **__) -> None:
        """Run a line after `%`."""
        if name == "time":
            exec(line, self.namespace)

    def getoutput(self, *_, **__) -> list[str]:
        """Run a line after `!`, of which the output is wanted: there is none."""
        return []

    def __getattr__(self, name: str):
        """Return a function that does nothing."""
        return lambda *_, **__: None


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a cell."""

    node: ast.stmt
    text: str

    @cached_property
    def table(self) -> symtable.SymbolTable:
        """Python's own account of its names."""
        return symtable.symtable(self.text, "cell", "exec")

    @cached_property
    def binds(self) -> set[str]:
        """The names that it gives a value, in whatever form."""
        return {symbol.get_name() for symbol in self.table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}

    @cached_property
    def uses(self) -> list[str]:
        """The names that it takes from outside itself."""
        return names_used(self.text)

    @cached_property
    def changes(self) -> set[str]:
        """The names whose objects it may change: `TABLE[0] = 1`, `limits.low = 1`, `names.append("x")`."""
        found = set()
        for node in _walk_what_runs(self.node):
            is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
            targets = [node.value.func] if is_call else getattr(node, "targets", [getattr(node, "target", None)])
            for target in targets:
                is_part = isinstance(target, ast.Attribute | ast.Subscript)
                while isinstance(target, ast.Attribute | ast.Subscript):
                    target = target.value
                if is_part and isinstance(target, ast.Name):
                    found.add(target.id)
        return found

    @property
    def is_import(self) -> bool:
        """Whether it is an import."""
        return isinstance(self.node, ast.Import | ast.ImportFrom)

    @property
    def imports_all(self) -> bool:
        """Whether it is `from ... import *`."""
        return isinstance(self.node, ast.ImportFrom) and self.node.names[0].name == "*"

    @property
    def is_fresh(self) -> bool:
        """Whether its names have their values from it alone, whatever they were before."""
        definition = isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or self.is_import
        assignment = isinstance(self.node, ast.Assign | ast.AnnAssign) and self.node.value is not None
        read = {node.id for node in ast.walk(self.node) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        return definition or (assignment and not self.binds & read)

    @property
    def is_deferred(self) -> bool:
        """Whether it defines code that runs later, with the values that names have then."""
        return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) for node in ast.walk(self.node))

    @cached_property
    def sets_when_called(self) -> set[str]:
        """The global names to which a function that it defines gives values."""
        found, tables = set(), self.table.get_children()
        while tables:
            table = tables.pop()
            tables += table.get_children()
            found |= {s.get_name() for s in table.get_symbols() if s.is_declared_global() and s.is_assigned()}
        return found


def _walk_what_runs(node: ast.AST) -> Iterable[ast.AST]:
    """Walk over a statement without the bodies of the functions that it defines."""
    yield node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from _walk_what_runs(child)


def statements_of(cell: str) -> list[Statement]:
    """Return the statements at the top level of a cell; none of one that is not Python."""
    plain = without_magics(cell)
    try:
        tree = ast.parse(plain)
    except SyntaxError:
        return []
    lines, found = plain.splitlines(), []
    for node in tree.body:
        decorators = getattr(node, "decorator_list", [])
        if decorators:
            text = "\n".join(lines[min(d.lineno for d in decorators) - 1 : node.end_lineno])
        else:
            text = ast.get_source_segment(plain, node)
            magic = re.fullmatch(r"get_ipython\(\)\.run_line_magic\('time', '(.*)'\)", text)
            if magic is not None:  # its statement may bind names
                found += statements_of(ast.literal_eval(f"'{magic[1]}'"))
                continue
        found.append(Statement(node, text))
    return found


@dataclass(frozen=True)
class Program:
    """An answer that runs alone."""

    source: str
    cell: str
    """The text of its cell, a part of it."""


def program_of(answer: Any, name: str) -> Program | None:
    """Return the program of a function or class that was defined in a notebook, or None if it comes from a file of the course.

    Args:
        answer: the function or class.
        name: what the exercise calls it.
    """
    shell = jupyter.shell()
    cells = [] if shell is None else list(shell.history_manager.input_hist_raw)
    cell = None
    if shell is not None and shell.user_ns.get(name) is answer:
        defining = [(cell, statement) for cell in cells for statement in statements_of(cell) if name in statement.binds]
        from_course = bool(defining) and (getattr(defining[-1][1].node, "module", None) or "").startswith("solutions.")
        cell = defining[-1][0] if defining and not from_course else None
    if cell is None:
        candidates = [answer] if callable(answer) and not isinstance(answer, type) else list(vars(answer).values())
        functions = [function for function in map(inspect.unwrap, candidates) if hasattr(function, "__code__")]
        if not functions or Path(functions[0].__code__.co_filename).is_relative_to(paths.ROOT):
            return None
        cell = "".join(linecache.getlines(functions[0].__code__.co_filename))
    if not cell:
        return None
    return Program(with_definitions(cell, cells, namespace=None if shell is None else shell.user_ns)[0], cell)


def with_definitions(
    source: str, cells: Iterable[str], later_cells: Iterable[str] = (), namespace: dict[str, Any] | None = None
) -> tuple[str, list[str]]:
    """Put before a cell what it uses of other cells: every statement that gives a value to a needed name, or changes it.

    Args:
        source: the cell.
        cells: the cells before it, in the order in which they were run.
        later_cells: cells after it; they count for names that no cell before it binds.
        namespace: the notebook's, if it is running: what no statement binds is taken from there, where that is possible.

    Returns:
        The program, and the names that it uses and nothing defines.
    """
    statements = [statement for cell in cells for statement in statements_of(cell)]
    first_later = len(statements)
    statements += [statement for cell in later_cells for statement in statements_of(cell)]
    binders = _binders(statements)
    needed, missing, done = set(), [], set()
    waiting = [(name, first_later, True) for name in names_used(without_magics(source))]
    while waiting:
        name, position, is_deferred = waiting.pop(0)
        if (name, position) in done or hasattr(builtins, name) or name in ("get_ipython", "__name__"):
            continue
        done.add((name, position))
        found = [i for i in binders.get(name, []) if i < first_later] or binders.get(name, [])
        earlier = [i for i in found if i < position] or found
        fresh = [i for i in earlier if statements[i].is_fresh and name in statements[i].binds]
        last = [i for i in found if i >= (fresh[-1] if fresh else 0) and (is_deferred or i < position or earlier is found)]
        if not last and name not in missing:
            missing.append(name)
        for i in last:
            needed.add(i)
            waiting += [
                (other, i, statements[i].is_deferred) for other in statements[i].uses if other not in statements[i].binds
            ]
    if missing:
        needed |= {i for i, statement in enumerate(statements) if statement.imports_all}
    taken = []
    for name in list(missing):
        text = None if namespace is None or name not in namespace else definition_of(name, namespace)
        if text is not None:
            taken.append(text)
            missing.remove(name)
    texts = dict.fromkeys(taken + [statements[i].text for i in sorted(needed)])
    return "\n".join([*texts, without_magics(source)]), missing


def _binders(statements: list[Statement]) -> dict[str, list[int]]:
    """Return for each name the statements that bind it or change what it stands for, by their numbers."""
    binders: dict[str, list[int]] = {}
    imported, setters = set(), {}
    for i, statement in enumerate(statements):
        called = set().union(*(setters.get(name, ()) for name in statement.uses))
        for name in statement.binds | called | (statement.changes - imported):
            binders.setdefault(name, []).append(i)
        imported = imported | statement.binds if statement.is_import else imported - statement.binds
        if statement.sets_when_called:
            setters |= {name: statement.sets_when_called for name in statement.binds}
    return binders


def definition_of(name: str, namespace: dict[str, Any]) -> str | None:
    """Return code that gives a name the value that it has in a running notebook, with what that needs; None where there is none."""
    value = namespace[name]
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}"
    module, qualname = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
    if isinstance(module, str) and module != "__main__" and getattr(sys.modules.get(module), qualname or "?", None) is value:
        return f"from {module} import {qualname} as {name}"
    if inspect.isfunction(value) or inspect.isclass(value):
        try:
            text = textwrap.dedent(inspect.getsource(value))
            statement = Statement(ast.parse(text).body[0], text)
        except (OSError, TypeError, SyntaxError):
            return None
        others = {other: definition_of(other, namespace) for other in statement.uses if other in namespace and other != name}
        alias = [] if name in statement.binds else [f"{name} = {value.__name__}"]
        return "\n".join([*filter(None, others.values()), text.rstrip(), *alias])
    try:
        text = pprint.pformat(value, sort_dicts=False)
        return f"{name} = {text}" if ast.literal_eval(text) == value else None
    except (ValueError, SyntaxError, TypeError, RuntimeError):
        return None


def names_used(code: str) -> list[str]:
    """Return the names that some plain Python takes from outside itself."""
    try:
        tables = [symtable.symtable(code, "cell", "exec")]
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
