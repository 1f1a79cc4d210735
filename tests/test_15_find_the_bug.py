"""Tests of the exercises of chapter 15: a diagnosis is right or not, and a repaired part is tested as in its own chapter."""

from collections.abc import Callable

from tests import test_04_ppo_losses, test_05_instruments
from tests.checks import require


def expect_diagnosis(diagnosis: Callable[[], str], run: int) -> None:
    """Require the letter of a run's cause; spaces, a full stop and lower case do not matter."""
    from solutions.sick_runs import CAUSES, RUNS  # only here: the figures of other chapters do not depend on it

    said = diagnosis()
    letter = said.strip().rstrip(".").upper() if isinstance(said, str) else said
    require(
        letter in list(CAUSES),
        f"diagnosis_{run} returned {said!r}; return one letter of the table, as a string: {', '.join(sorted(CAUSES))}.",
        "no letter",
    )
    require(
        letter == RUNS[run].cause,
        f"Run {run} is not a case of {letter} ({CAUSES[letter].says.rstrip('.')}).",
        f"letter {letter}",
    )


def test_diagnosis_1(diagnosis_1):
    expect_diagnosis(diagnosis_1, 1)


def test_diagnosis_2(diagnosis_2):
    expect_diagnosis(diagnosis_2, 2)


def test_diagnosis_3(diagnosis_3):
    expect_diagnosis(diagnosis_3, 3)


def test_repair_1(PPOScheduler):
    test_05_instruments.test_PPOScheduler(PPOScheduler)


def test_repair_2(value_loss):
    test_04_ppo_losses.test_value_loss(value_loss)


def test_repair_3(make_optimizer):
    test_05_instruments.test_make_optimizer(make_optimizer)
