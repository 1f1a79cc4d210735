"""Four lists of wrong and right answers by readers of the notebooks who saw neither tests nor other lists.

What they wrote is kept as it came. In the second list the readers wrote for every exercise 14 wrong answers (30 for
learning_phase) and 4 right ones.

| the first list                                 | wrong | rejected | named | right | accepted |
|------------------------------------------------|-------|----------|-------|-------|----------|
| chapters 00 to 05 and 08, when the list came   |   100 |       77 |    31 |    40 |       38 |
| chapters 06 and 07, when the list came         |    25 |       20 |     9 |    10 |       10 |
| all, after the tests were mended by it         |   125 |      122 |   122 |    50 |       50 |

Only the first two lines measure the tests: since then they have seen the list, so the third says how it was used, not how
well they do on answers that nobody has seen. In the first line 15 of the 31 names were not the whole truth, or another
mistake's. The two right answers were refused because they ran without the names that their chapter imports.

Three answers called wrong are still accepted. An approx_kl takes the logarithm of the ratio. That is the formula of its
docstring as it stands there, and differs only where a ratio is rounded to 0, for log ratios below -103. An actor
and a critic from RAM have their features one level deeper than the exercise says, and work. A FrameStack multiplies bytes
by the masks, which is right for masks that are bools or bytes.

| the second list                                | wrong | rejected | named | right | accepted |
|------------------------------------------------|-------|----------|-------|-------|----------|
| when it came                                   |   366 |      343 |   240 |   102 |       96 |
| after the tests were mended by it              |   366 |      362 |   279 |   102 |      102 |

Of the 6 right answers that were refused, 4 came after a wrong one that had changed the contract which a test kept, and 2 had
functions or imports above a method, which were lost on the way. Four answers called wrong are accepted: a 2-D array in the
place of a list of arrays; two parameter groups, of which the chapter says so; a standard deviation that divides by B; and again
the features one level deeper. In that list, too, a name is counted by its being there, and may be another mistake's.

In the third list the readers wrote 10 wrong and 3 right answers for every exercise (learning_phase: 20 and 4). One of the three
had seen the folded solutions in the notebooks. Two other readers then read each message beside what is wrong, and said whether
it names that (after "This looks as if"), states it as a fact, leaves the learner searching, or misleads.

| the third list                                | wrong | rejected | named | a fact | searching | misleading | right | accepted |
|-----------------------------------------------|-------|----------|-------|--------|-----------|------------|-------|----------|
| with tests that had not seen it               |   260 |      248 |   172 |     52 |        15 |          9 |    76 |       74 |
| the same, but a name needs all failures alike |   260 |      248 |   165 |     64 |        15 |          4 |    76 |       74 |
| after the tests were mended by it             |   260 |      256 |   200 |        |           |            |    76 |       76 |

The last line counts names by their being there. Accepted though called wrong are a 2-D array in the place of a list, two
parameter groups, a standard deviation that divides by B, and the logarithm of a rounded ratio, as in the lists before.

The fourth list (5 wrong and 1 right, 10 and 2 for learning_phase, from notebooks without their solutions) came after that:

| the fourth list                               | wrong | rejected | named | a fact | searching | misleading | right | accepted |
|-----------------------------------------------|-------|----------|-------|--------|-----------|------------|-------|----------|
| with tests that had not seen it               |   130 |      130 |   104 |     21 |         2 |          3 |    26 |       26 |
"""

import ast
import importlib
import re
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

import torch

from utils import paths
from utils.course.exercises import Exercise


class AnswerList:
    """The answers of one list.

    Attributes:
        wrong: by exercise and short name: what is wrong, and the code.
        right: by exercise and short name: the code.
    """

    def __init__(self, files: str):
        """Read the modules of this folder whose names begin so."""
        self.wrong: dict[str, dict[str, tuple[str, str]]] = {}
        self.right: dict[str, dict[str, str]] = {}
        for path in sorted(Path(__file__).parent.glob(f"{files}_*.py")):
            part = importlib.import_module(f"tests.dev.independent.{path.stem}")
            for name, some in part.WRONG.items():
                self.wrong.setdefault(name, {}).update(some)
            for name, some in part.RIGHT.items():
                self.right.setdefault(name, {}).update(some)


LISTS = {
    "the first independent list": AnswerList("chapters"),
    "the second independent list": AnswerList("second"),
    "the third independent list": AnswerList("third"),
    "the fourth independent list": AnswerList("fourth"),
}


def imports_of_chapter(chapter: str) -> str:
    """What the first code cell of a chapter imports."""
    text = (paths.ROOT / "chapters" / "source" / f"{chapter}.md").read_text("utf-8")
    cells = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    first = next(code for code in cells if "from torch import" in code)
    return "\n".join(ast.unparse(node) for node in ast.parse(first).body if isinstance(node, ast.Import | ast.ImportFrom))


@cache
def names_of_chapter(chapter: str) -> dict[str, Any]:
    """What those imports define."""
    namespace = {}
    exec(imports_of_chapter(chapter), namespace)
    return namespace


def parted(code: str, method: str) -> tuple[str, str]:
    """What a reader wrote above a method, such as imports and functions, and the rest."""
    (node,) = [node for node in ast.parse(code).body if getattr(node, "name", None) == method]
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
    lines = code.splitlines()
    return "\n".join(lines[:first]), "\n".join(lines[first:])


def build(exercise: Exercise, code: str) -> Any:
    """The function or class of an answer, among the names that its chapter imports; a method goes into the reference's class."""
    before = ""
    if exercise.methods and not re.search(rf"^class {exercise.object_name}\b", code, re.MULTILINE):
        lines = exercise.reference_source().splitlines()
        before, written = parted(textwrap.dedent(code).strip("\n"), exercise.to_write[0])
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.FunctionDef) and node.name == exercise.to_write[0]:
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                lines[first - 1 : node.end_lineno] = textwrap.indent(written, "    ").splitlines()
                break
        code = f"{before}\n\n" + "\n".join(lines)
    namespace = {
        "F": torch.nn.functional,
        **vars(importlib.import_module(exercise.module)),
        **names_of_chapter(exercise.chapter),
        "__name__": "answer",
    }
    exec(compile(code, f"<independent list: {exercise.name}>", "exec"), namespace)
    return namespace[exercise.object_name]
