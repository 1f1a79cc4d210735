"""Every exercise fails unsolved, passes solved, and rejects every known-wrong answer."""

import linecache

import pytest

import tests
from chapters.new_exercise import FEWEST_MISTAKES
from tests import checks, mistakes
from tests.alternatives import ALTERNATIVES
from utils import answers
from utils.course.exercises import exercises, is_attempted

EXERCISES = exercises()


@pytest.mark.parametrize("name", EXERCISES)
def test_unsolved_is_not_attempted(name):
    exercise = EXERCISES[name]
    assert not is_attempted(exercise.stub(), exercise)
    module = __import__(exercise.module, fromlist=["_"])
    namespace = dict(vars(module))
    linecache.cache["<stub>"] = (0, None, exercise.stub().splitlines(keepends=True), "<stub>")
    exec(compile(exercise.stub(), "<stub>", "exec"), namespace)
    with pytest.raises(checks.NotAttempted):
        getattr(tests, f"test_{name}")(namespace[exercise.object_name])


@pytest.mark.parametrize("name", EXERCISES)
def test_reference_passes(name):
    assert checks.verdict(EXERCISES[name], answers.load_reference(EXERCISES[name])) is None


def test_every_exercise_has_mistakes_and_right_answers_written_differently():
    """Whether they are rejected, named and accepted, report_mistakes.py finds out."""
    assert {mistake.exercise for mistake in mistakes.library()} == set(EXERCISES) == set(ALTERNATIVES)
    for name in EXERCISES:
        assert len(mistakes.of(name)) >= FEWEST_MISTAKES


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda rewards, gamma: None, "None"),
        (lambda rewards, gamma: rewards.numpy(), "expected a torch.Tensor"),
        (lambda rewards, gamma: 1.0, "expected a torch.Tensor"),
        (lambda rewards, gamma: rewards[:-1], "shape (5,)"),
        (lambda rewards, gamma: 1 / 0, "ZeroDivisionError"),
        (lambda rewards: rewards, "TypeError"),
        (lambda rewards, gamma: rewards * float("nan"), "nan"),
    ],
)
def test_odd_answers_get_a_sentence(answer, said):
    assert said in checks.verdict(EXERCISES["discounted_returns"], answer)
