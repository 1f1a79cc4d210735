"""An answer is the same program everywhere: what the notebook accepts, its record, pytest, the next chapter and --answers accept."""

import random

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell

import tests
from tests import checks
from tests.dev.test_build import edit, exercise_cell
from utils import answers
from utils.course import notebooks, programs, records
from utils.course.exercises import exercises

EXERCISE = exercises()["discounted_returns"]
ANSWER = """
def discounted_returns(rewards, gamma):
    returns, running = torch.zeros_like(rewards), 0.0
    for t in reversed(range(len(rewards))):
        running = rewards[t] * UNIT + gamma * running
        returns[t] = running
    return returns
"""

BINDINGS = {  # each makes UNIT 1.0, some in a way of their own
    "plain": "UNIT = 1.0",
    "annotated": "UNIT: float = 1.0",
    "annotated apart": "UNIT: float\nUNIT = 1.0",
    "chain": "OTHER = UNIT = 1.0",
    "tuple": "UNIT, OTHER = 1.0, 2.0",
    "nested tuple": "(OTHER, (UNIT, LAST)) = (2.0, (1.0, 3.0))",
    "starred": "UNIT, *OTHERS = 1.0, 2.0, 3.0",
    "walrus": "print(UNIT := 1.0)",
    "augmented": "UNIT = 0.5\nUNIT *= 2",
    "from itself": "UNIT = 0.5\nUNIT = UNIT + 0.5",
    "changed later": "BASE = 1.0\nUNIT = BASE\nBASE = 5.0",
    "deleted and made again": "UNIT = 3.0\ndel UNIT\nUNIT = 1.0",
    "two on a line": "OTHER = 2.0; UNIT = 1.0; LAST = 3.0",
    "if": "if not False:\n    UNIT = 1.0\nelse:\n    UNIT = 2.0",
    "try": "try:\n    UNIT = no_such_name\nexcept NameError:\n    UNIT = 1.0",
    "with": "import contextlib\nwith contextlib.nullcontext(1.0) as UNIT:\n    pass",
    "for": "for UNIT in [3.0, 2.0, 1.0]:\n    pass",
    "while": "UNIT = 4.0\nwhile UNIT > 1.0:\n    UNIT /= 2",
    "match": "match (1.0, 2.0):\n    case (UNIT, _):\n        pass",
    "import as": "from math import cos\nUNIT = cos(0.0)",
    "import of all": "from math import *\nUNIT = cos(0.0) * tau / (2 * pi)",
    "dictionary": "TABLE = {}\nTABLE['unit'] = 1.0\nUNIT = TABLE['unit']",
    "list": "STEPS = []\nSTEPS.append(1.0)\nUNIT = STEPS[0]",
    "attribute": "class Limits: pass\nLimits.unit = 1.0\nUNIT = Limits.unit",
    "dataclass": "from dataclasses import dataclass\n@dataclass\nclass Limits:\n    unit: float = 1.0\nUNIT = Limits().unit",
    "enum": "import enum\nclass Limits(enum.Enum):\n    UNIT = 1.0\nUNIT = Limits.UNIT.value",
    "lambda": "unit = lambda: 1.0\nUNIT = unit()",
    "closure": "def make(value):\n    def get():\n        return value\n    return get\nget_unit = make(1.0)\nUNIT = get_unit()",
    "partial": "from functools import partial\nunit = partial(float, '1.0')\nUNIT = unit()",
    "global": "def set_unit():\n    global UNIT\n    UNIT = 1.0\nset_unit()",
    "recursion": "def unit(n):\n    return 1.0 if n == 0 else unit(n - 1)\nUNIT = unit(3)",
    "deferred": "def unit():\n    return LATER\nLATER = 1.0\nUNIT = unit()",
    "globals()": "globals()['UNIT'] = 1.0",
    "exec": "exec('UNIT = 1.0')",
    "a tensor": "import torch\nUNIT = torch.ones(())",
    "a magic beside it": "%matplotlib inline\nUNIT = 1.0",
    "the time of it": "%time UNIT = 1.0",
    "a shell command": "files = !ls\nUNIT = 1.0",
    "a question": "print?\nUNIT = 1.0",
    "a magic's result": "where = %pwd\nUNIT = 1.0",
}
HELPER_MAGICS = ["", "%%time\n", "%%capture\n", "%%time\n%%capture\n"]
ANSWER_MAGICS = ["", "%matplotlib inline\n", "%%time\n", "!true\n", "%%capture out\n", "import os\n%precision 3\n", "print?\n"]
PLACES = ["before", "after", "in the cell", "in two cells", "run twice"]


def some_forms():
    """Every binding, each with a magic on the helper's cell, one on the answer's, and a place, drawn at random."""
    rng = random.Random(0)
    for name, binding in BINDINGS.items():
        for _ in range(2):
            yield name, binding, rng.choice(HELPER_MAGICS), rng.choice(ANSWER_MAGICS), rng.choice(PLACES)


def cells_of(binding, helper_magic, answer_magic, place):
    """The cells of a notebook from top to bottom, and the order in which they are run."""
    helper, imports = helper_magic + binding, "import torch"
    if place == "in the cell":
        return [imports, answer_magic + binding + "\n" + ANSWER], [0, 1]
    answer = answer_magic + ANSWER
    if place == "before":
        return [imports, helper, answer], [0, 1, 2]
    if place == "after":
        return [imports, answer, helper], [0, 2, 1]
    if place == "run twice":
        return [imports, helper, answer], [0, 1, 2, 1, 2]
    return [imports, helper, "def unit_of(x):\n    return x * UNIT", answer.replace("* UNIT", "* unit_of(1.0)")], [0, 1, 2, 3]


@pytest.fixture
def shell():
    shell = InteractiveShell.instance()
    shell.enable_gui = lambda gui=None: None  # for %matplotlib
    yield shell
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("form", list(some_forms()), ids=lambda form: "-".join(form[::2]).strip().replace("\n", " "))
def test_an_answer_is_the_same_program_everywhere(form, here, shell, capsys):
    _, *rest = form
    cells, order = cells_of(*rest)
    for i in order:
        assert shell.run_cell(cells[i], store_history=True).error_in_exec is None
    answer = shell.user_ns["discounted_returns"]
    tests.test_discounted_returns(answer)  # the notebook accepts it
    assert "✓ discounted_returns passes. 1 of" in capsys.readouterr().out

    record = records.read(EXERCISE)
    assert record["passed"]
    assert checks.verdict(EXERCISE, EXERCISE.load(record["source"])) is None  # and so does whoever reads the record

    def save(notebook):
        cell = exercise_cell(notebook, "discounted_returns")
        place = notebook.cells.index(cell)
        written = [nbformat.v4.new_code_cell(source) for source in cells]
        (at,) = [i for i, source in enumerate(cells) if "def discounted_returns" in source]
        written[at].metadata.update(cell.metadata)
        notebook.cells[place : place + 1] = written

    edit(EXERCISE.notebook, save)
    source, where = notebooks.read_answer(EXERCISE)  # the saved notebook
    assert "00_start_here" in where
    assert checks.verdict(EXERCISE, EXERCISE.load(source)) is None
    said = answers.adopt()  # the next chapter, and --answers
    answers.put_back()
    assert "Yours, and used from here on: discounted_returns." in said


def test_an_answer_without_its_helper_says_which_name_is_missing():
    program, missing = programs.with_definitions("def f():\n    return HELPER + 1", ["import torch"])
    assert missing == ["HELPER"]
    assert program == "def f():\n    return HELPER + 1"
