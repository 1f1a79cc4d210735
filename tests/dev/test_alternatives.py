"""Right answers written differently are accepted."""

import pytest

from tests import checks
from tests.alternatives import ALTERNATIVES
from tests.dev import report_mistakes
from utils import answers

CASES = [(exercise, name) for exercise, some in ALTERNATIVES.items() for name in some]


@pytest.mark.in_report
@pytest.mark.parametrize(("name", "written"), CASES, ids=lambda text: text)
def test_right_answer_written_differently_passes(name, written):
    exercise = answers.exercises()[name]
    answer = report_mistakes.alternative(exercise, ALTERNATIVES[name][written])
    assert checks.verdict(exercise, answer) is None


def test_every_exercise_has_one():
    assert set(ALTERNATIVES) == set(answers.exercises())
