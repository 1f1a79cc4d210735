"""Tests of the exercises of chapter 16: a diagnosis is right or not, and a repaired part is tested as in its own chapter."""

from tests import test_03_rollouts, test_04_ppo_losses, test_06_train_cartpole, test_07_ram_networks
from tests.test_15_find_the_bug import expect_diagnosis


def test_diagnosis_6(diagnosis_6):
    expect_diagnosis(diagnosis_6, 6)


def test_diagnosis_7(diagnosis_7):
    expect_diagnosis(diagnosis_7, 7)


def test_diagnosis_8(diagnosis_8):
    expect_diagnosis(diagnosis_8, 8)


def test_diagnosis_9(diagnosis_9):
    expect_diagnosis(diagnosis_9, 9)


def test_repair_5(scale_bytes):
    test_07_ram_networks.test_scale_bytes(scale_bytes)


def test_repair_6(policy_loss):
    test_04_ppo_losses.test_policy_loss(policy_loss)


def test_repair_7(PPOTrainer):
    test_06_train_cartpole.test_learning_phase(PPOTrainer)


def test_repair_8(compute_advantages):
    test_03_rollouts.test_compute_advantages(compute_advantages)
