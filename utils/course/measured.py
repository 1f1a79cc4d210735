"""Figures that were measured, and are named in the chapters' sources: one file of them, chapters/measured.json.

In the prose of a source, `{{ expression : format }}` stands for a figure. The expression is one that a learner could type there
too: it is evaluated in a run of the solved chapter, at that place, by `python chapters/measure.py`. A figure that no chapter
can measure in reasonable time has a name, SECTION.FIGURE: chapters/by_hand.py measures it, or it was written into the file with the
command that gave it.

What to expect of a training is a curve over several seeds: those are in chapters/curves.json.
"""

import ast
import hashlib
import json
import re
from functools import cache

from utils.paths import ROOT

FILE = ROOT / "chapters" / "measured.json"
CURVES = ROOT / "chapters" / "curves.json"
PLACE = re.compile(r"\{\{ (?P<expression>(?:(?!\}\}).)+?) :(?: (?P<format>\S+))? \}\}")


@cache
def read() -> dict[str, dict]:
    """Return the file: for each chapter, or section, its figures, and how, where and from what they were measured."""
    return json.loads(FILE.read_text("utf-8"))


@cache
def read_curves() -> dict[str, dict]:
    """Return the file of curves: for each, how, where and from what it was measured, and what `expected_curve` describes."""
    return json.loads(CURVES.read_text("utf-8"))


def expected_curve(name: str) -> dict:
    """Return a stored curve: its `seeds`, and for each of its `steps` the `low`est, the `mean` and the `high`est of their runs.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in read_curves():
        raise ValueError(
            f"chapters/curves.json has no curve {name!r}, only {', '.join(read_curves()) or 'none at all'}: "
            f"`python chapters/measure.py --curves {name}` measures those that chapters/measure.py knows."
        )
    return read_curves()[name]


def expressions(text: str) -> list[str]:
    """Return what is to be measured for a text."""
    return [match["expression"] for match in PLACE.finditer(text)]


def fill_in(text: str, stem: str) -> str:
    """Put the figures into the text of a chapter. Raises ValueError if one was never measured."""

    def figure(match: re.Match) -> str:
        value = _look_up(match["expression"], stem)
        return format(value, match["format"] or "").replace("-", "−")

    filled = PLACE.sub(figure, text)
    if broken := re.search(r"\{\{.*", re.sub(r"`[^`\n]*`|\$[^$]*\$", "", filled)):
        raise ValueError(
            f"chapters/source/{stem}.md: a figure has the form {{{{ expression : .1f }}}}, with its spaces, not {broken[0][:60]!r}."
        )
    return filled


def _look_up(expression: str, stem: str):
    figures = read().get(stem, {}).get("figures", {})
    if expression in figures:
        return figures[expression]
    if is_by_hand(expression):
        section, _, name = expression.partition(".")
        return read()[section]["figures"][name]
    raise ValueError(
        f"chapters/source/{stem}.md names the figure {{{{ {expression} }}}}, which chapters/measured.json has not: "
        f"`python chapters/measure.py {stem[:2]}` measures it."
    )


CUES = re.compile(
    r"\b(in our runs?|in one run of ours|of ours|our (three|four|two) runs|we (measured|saw|trained|ran)|measured with|over seeds)\b",
    re.IGNORECASE,
)
"""Words by which a sentence says that it tells of something measured."""
CHAPTER_NUMBER = re.compile(r"chapters? \d\d|\[\d\d [^\]]*\]|`\d\d`", re.IGNORECASE)
"""Numbers that may stand in such a sentence all the same."""


def typed(text: str) -> list[str]:
    """Return the sentences of a text that tell of something measured, and in which a number is typed."""
    prose = re.sub(r"^```.*?^```|`[^`\n]*`|\$[^$\n]*\$", "x", PLACE.sub("x", text), flags=re.MULTILINE | re.DOTALL)
    sentences = re.split(r"(?<=[.:?!])\s+(?=[A-Z])|\n\s*\n|\n- ", prose)
    return [
        " ".join(one.split())
        for one in sentences
        if CUES.search(one) and re.search(r"(?<![\w\[(])\d", CHAPTER_NUMBER.sub("x", one))
    ]


def is_by_hand(expression: str) -> bool:
    """Tell whether a figure is named by a section of the file that is no chapter."""
    section, _, name = expression.partition(".")
    return name in read().get(section, {}).get("figures", {}) and not section[:2].isdigit()


def stale() -> list[str]:
    """Say which figures and curves are older than the code that they were measured with."""
    said = []
    for name, entry in [*read().items(), *read_curves().items()]:
        changed = [path for path, digests in entry.get("code", {}).items() if not set(digests) <= set(digests_of(path))]
        if changed:
            files = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
            said.append(f"The figures of {name} are older than {files}: `{entry['command']}` measures them again.")
    return said


def digests_of(path: str) -> list[str]:
    """Return short digests of the code in a file of the course, whatever its prose says. Empty if there is no such file.

    A module has one for each of its statements and imported names: a new function beside the others makes no figure older.
    """
    file = ROOT / path
    if not file.exists():
        return []
    text = file.read_text("utf-8")
    if file.suffix == ".md":
        parts = ["".join(re.findall(r"^```python.*?^```", text, re.MULTILINE | re.DOTALL))]
    else:
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
                del node.body[0]
        parts = [part for node in tree.body for part in _parts_of(node)]
    return sorted({hashlib.sha1(part.encode()).hexdigest()[:6] for part in parts})


def _parts_of(node: ast.stmt) -> list[str]:
    """Return a statement as text; of an import, each name for itself."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return [ast.unparse(node)]
    text = ast.unparse(node)
    return [f"{text.rpartition('import ')[0]}import {ast.unparse(name)}" for name in node.names]
