"""Tests of the exercises of chapter 16: a diagnosis is right or not, and a repaired part is tested as in its own chapter."""

from tests import test_03_rollouts, test_04_ppo_losses, test_07_ram_networks
from tests.test_15_find_the_bug import expect_diagnosis


def test_diagnosis_4(diagnosis_4):
    expect_diagnosis(diagnosis_4, 4)


def test_diagnosis_5(diagnosis_5):
    expect_diagnosis(diagnosis_5, 5)


def test_diagnosis_6(diagnosis_6):
    expect_diagnosis(diagnosis_6, 6)


def test_diagnosis_7(diagnosis_7):
    expect_diagnosis(diagnosis_7, 7)


def test_repair_4(PPOAgent):
    test_03_rollouts.test_play_step(PPOAgent)


def test_repair_5(scale_bytes):
    test_07_ram_networks.test_scale_bytes(scale_bytes)


def test_repair_6(policy_loss):
    test_04_ppo_losses.test_policy_loss(policy_loss)
