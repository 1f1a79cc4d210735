"""An answer as a program of its own: its cell, and what that needs of the cells before it."""

import ast
import inspect
import linecache
import re
import symtable
from pathlib import Path
from typing import Any

from utils import paths
from utils.jupyter import PlainError


class AnswerError(PlainError):
    """An answer that cannot be read or run; its message is one sentence for the learner."""


def without_magics(source: str) -> str:
    """Return a cell's code as plain Python, without IPython's magics (`%time`), shell commands (`!ls`) and questions (`torch.where?`)."""
    try:
        ast.parse(source)  # a line of plain Python may begin with % too
        return source
    except SyntaxError:
        source = re.sub(r"^(\s*)([%!?].*|[\w.]+\?+\s*)$", r"\1pass", source, flags=re.MULTILINE)
        return re.sub(r"^(\s*\w+\s*=\s*)[%!].*$", r"\1None", source, flags=re.MULTILINE)


def source_of(answer: Any) -> str | None:
    """Return the whole cell in which a notebook defined a function or class, or None if it comes from a file of the course."""
    candidates = [answer] if callable(answer) and not isinstance(answer, type) else list(vars(answer).values())
    functions = [function for function in map(inspect.unwrap, candidates) if hasattr(function, "__code__")]
    if not functions or Path(functions[0].__code__.co_filename).is_relative_to(paths.ROOT):
        return None
    return "".join(linecache.getlines(functions[0].__code__.co_filename)) or None


def with_definitions(source: str, earlier_cells: list[str]) -> str:
    """Put before a cell what it uses from earlier cells: imports, functions, classes and constants, and what these use."""
    definitions: dict[str, str] = {}
    for cell in earlier_cells:
        try:
            tree = ast.parse(without_magics(cell))
        except SyntaxError:
            continue
        for node in tree.body:
            text = ast.get_source_segment(without_magics(cell), node)
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
    """Return the names that some code takes from outside itself."""
    try:
        tables = [symtable.symtable(without_magics(code), "cell", "exec")]
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
