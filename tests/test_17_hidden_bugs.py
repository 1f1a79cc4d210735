"""Tests of the exercises of chapter 17: a diagnosis is right or not, and a repaired part is tested as in its own chapter."""

from tests import test_03_rollouts, test_06_train_cartpole
from tests.test_15_find_the_bug import expect_diagnosis


def test_diagnosis_8(diagnosis_8):
    expect_diagnosis(diagnosis_8, 8)


def test_diagnosis_9(diagnosis_9):
    expect_diagnosis(diagnosis_9, 9)


def test_repair_7(PPOTrainer):
    test_06_train_cartpole.test_learning_phase(PPOTrainer)


def test_repair_8(compute_advantages):
    test_03_rollouts.test_compute_advantages(compute_advantages)
