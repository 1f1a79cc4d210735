"""The checks of a whole agent see the mistakes that they are for, and read the learner's trainer."""

import contextlib
import os
from unittest.mock import patch

import pytest

import tests
from solutions import losses
from solutions.trainer import PPOTrainer
from tests import checks, mistakes
from tests.dev import commands
from utils import paths
from utils.course import records
from utils.course.exercises import exercises
from utils.probes import PROBES


def changed(*changes):
    return mistakes.mistake("learning_phase", "changed", "it were changed.", *changes)


def known(name):
    (mistake,) = [mistake for mistake in mistakes.of("learning_phase") if mistake.name == name]
    return mistake


def broadcast(new_values, returns):
    return 0.5 * (new_values[:, None] - returns).square().mean()


POLICY_NEGATED = changed(("loss = policy_loss +", "loss = -policy_loss +"))
SHUFFLED = changed(("mb_advantages = all_advantages[mb]", "mb_advantages = all_advantages[mb.flip(0)]"))
FIRST_TO_FAIL = {
    "Probe1-v0": known("no optimizer step"),
    "Probe2-v0": broadcast,
    "Probe3-v0": changed(("            batch.next_values,\n", "            batch.values,\n")),
    "Probe4-v0": POLICY_NEGATED,
    "Probe5-v0": changed(("column.flatten(0, 1) for", "column.flatten(0, 1) if column is not batch_advantages else column.T.flatten() for")),
    "Probe6-v0": changed(
        ("            batch.terminations,\n            batch.truncations,\n", "            batch.terminations | batch.truncations,\n            batch.truncations,\n")
    ),
}  # fmt: skip


def message(test, broken) -> str:
    """What a whole-agent check says of a broken trainer."""
    if broken is broadcast:
        trainer_class, context = PPOTrainer, patch.object(losses, "value_loss", broadcast)
    else:
        trainer_class, context = broken.build(), contextlib.nullcontext()
    with pytest.raises(checks.WrongAnswer) as error, context:
        test.__wrapped__(trainer_class)
    return str(error.value)


@pytest.mark.parametrize("probe_id", PROBES)
def test_each_probe_is_the_first_to_fail_for_some_bug(probe_id):
    said = message(tests.test_probes, FIRST_TO_FAIL[probe_id])
    assert said.startswith(f"{probe_id}: ")
    assert PROBES[probe_id].suspects in said


@pytest.mark.parametrize(
    "broken",
    [POLICY_NEGATED, SHUFFLED, known("scheduler step in each minibatch"), known("no optimizer step")],
    ids=["policy loss negated", "advantages shuffled", "scheduler step in each minibatch", "no optimizer step"],
)
def test_the_gate_is_shut_for_a_trainer_that_does_not_learn(broken):
    assert "below the bound" in message(tests.test_trained_return, broken)


def run_yours(folder, sources: dict[str, str]) -> str:
    """What `pytest tests` says of a learner's trainer, read from records of their answers."""
    with patch.object(paths, "RECORDS", folder):
        for name, source in sources.items():
            records.write(exercises()[name], source, True)
    environment = {**os.environ, "PPO_COURSE_ANSWERS": str(folder)}
    command = ["-m", "pytest", "tests/test_06_whole_agent.py", "-k", "probes and yours", "-p", "no:cacheprovider"]
    return commands.run(*command, env=environment).stdout


def test_the_learners_trainer_is_read_once_both_phases_are_attempted(tmp_path):
    reference, stub = known("no zero_grad").source(), exercises()["learning_phase"].stub()
    imports = "import solutions.trainer as module\nglobals().update(vars(module))\n"
    assert "1 skipped" in run_yours(tmp_path, {"learning_phase": imports + reference, "rollout_phase": imports + stub})
    said = run_yours(tmp_path, dict.fromkeys(["rollout_phase", "learning_phase"], imports + POLICY_NEGATED.source()))
    assert "✗ probes\nProbe4-v0: " in said
    assert "1 failed" in said and "Traceback" not in said
