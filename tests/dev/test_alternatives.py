"""Right answers written differently are accepted."""

import importlib

import pytest

from tests import checks
from tests.alternatives import ALTERNATIVES
from utils import answers

CASES = [(exercise, name) for exercise, some in ALTERNATIVES.items() for name in some]


@pytest.mark.parametrize(("name", "written"), CASES, ids=lambda text: text)
def test_right_answer_written_differently_passes(name, written):
    exercise = answers.exercises()[name]
    namespace = dict(vars(importlib.import_module(exercise.module)))
    exec(compile(ALTERNATIVES[name][written], f"<alternative: {written}>", "exec"), namespace)
    assert checks.verdict(exercise, namespace[exercise.object_name]) is None


def test_every_exercise_has_one():
    assert set(ALTERNATIVES) == set(answers.exercises())
