"""A learner's passing answers take the place of the reference's parts; others are named, and never run."""

import ast
import json
import os
from dataclasses import replace

import pytest

from solutions import evaluate, trainer
from solutions.args import PRESETS
from tests import mistakes
from tests.dev import commands
from utils import answers, paths
from utils.course import records
from utils.course.exercises import Exercise, exercises
from utils.envs import make_envs

CALLED: list[str] = []
BESIDE_PPO = {
    "discounted_returns", "reinforce_loss", "fit_critic", "estimate_advantages", "side_after", "FrameStack", "TrueScore", "average_gradients",
} | {name for name, exercise in exercises().items() if exercise.chapter > "11"}  # fmt: skip
"""Exercises that lead to PPO or look at it and are no part of it, or that the environments, or several processes, do by themselves."""


def with_spies(exercise: Exercise) -> str:
    """The reference as an answer, each of its functions saying when it is called."""
    tree = ast.parse(exercise.reference_source())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in exercise.to_write:
            spy = f"__import__('tests.dev.test_adopt').dev.test_adopt.CALLED.append({exercise.name!r})"
            node.body[1:1] = ast.parse(spy).body
    given = f"import {exercise.module} as module\nglobals().update(vars(module))\n"
    return given + ast.unparse(tree)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RECORDS", tmp_path)
    CALLED.clear()
    yield tmp_path
    answers.put_back()


def test_one_iteration_calls_every_part_that_the_learner_wrote():
    for exercise in exercises().values():
        records.write(exercise, with_spies(exercise), passed=True)
    said = answers.adopt()
    assert "the course's own" not in said
    cartpole = replace(PRESETS["cartpole"], total_timesteps=1024)
    tiny = {"num_envs": 2, "num_steps": 8, "num_minibatches": 2, "total_timesteps": 16, "device": "cpu"}
    for args in (cartpole, *(replace(PRESETS[name], **tiny) for name in ("breakout", "pong-ram"))):
        ppo = trainer.PPOTrainer(args)
        ppo.train()
    evaluate.Evaluator(cartpole, 1, 2, 10).report(trainer.PPOTrainer(cartpole).actor)
    assert set(CALLED) >= set(exercises()) - BESIDE_PPO

    CALLED.clear()
    with answers.reference_parts():
        trainer.PPOTrainer(cartpole).train()
    assert not CALLED
    answers.put_back()
    trainer.PPOTrainer(cartpole).train()
    assert not CALLED


def test_a_failing_answer_is_named_and_not_run():
    wrong = mistakes.of("policy_loss")[0].source().replace('    """', '    raise SystemExit\n    """', 1)
    records.write(exercises()["policy_loss"], wrong, passed=False)
    records.write(exercises()["value_loss"], with_spies(exercises()["value_loss"]), passed=True)
    said = answers.adopt()
    assert "Yours, and used from here on: value_loss." in said
    assert "policy_loss: yours fails its test" in said
    assert "entropy_bonus" in said[said.index("Not attempted yet") :]
    trainer.PPOTrainer(replace(PRESETS["cartpole"], total_timesteps=1024)).train()
    assert set(CALLED) == {"value_loss"}


def test_only_earlier_chapters_count():
    for name in ("layer_init", "value_loss"):
        records.write(exercises()[name], with_spies(exercises()[name]), passed=True)
    said = answers.adopt(before="03_rollouts")
    assert "layer_init" in said
    assert "value_loss" not in said


def test_a_verdict_counts_for_the_answer_and_the_tests_that_it_was_made_with():
    """Wrong code with the record of a pass: it is believed only as long as its tests are the same."""
    exercise = exercises()["value_loss"]
    wrong = "import torch\n" + mistakes.of("value_loss")[0].source()
    wrong = f"import {exercise.module} as module\nglobals().update(vars(module))\n" + wrong
    records.write(exercise, wrong, passed=True)
    assert "Yours, and used from here on: value_loss" in answers.adopt()
    stale = json.loads((paths.RECORDS / "value_loss.json").read_text()) | {"tests": "those of an earlier version"}
    (paths.RECORDS / "value_loss.json").write_text(json.dumps(stale))
    assert records.verdict(exercise, wrong) is None
    assert "value_loss: yours fails its test" in answers.adopt()
    assert records.verdict(exercise, wrong) is False


def test_answers_without_a_verdict_are_judged_in_another_process(capfd):
    """A right one, one that does not run, and one that ends the process: each gets its sentence, and the rest goes on."""
    given = "import solutions.losses as module\nglobals().update(vars(module))\n"
    stubs = {"policy_loss": "import nonsense_of_mine\n", "value_loss": "", "entropy_bonus": "import os; os._exit(0)\n"}
    for name, line in stubs.items():
        exercise = exercises()[name]
        records.write(exercise, line + given + exercise.reference_source(), passed=True)
        path = paths.RECORDS / f"{name}.json"
        path.write_text(path.read_text().replace(records.digest_of_tests(name), "those of an earlier version"))
    said = " ".join(answers.adopt().split())
    assert "Yours, and used from here on: value_loss." in said
    assert "policy_loss: yours cannot be used, so the course's own is. Your cell does not run: ModuleNotFoundError" in said
    assert "entropy_bonus: yours cannot be used, so the course's own is. Its code ended the process (exit code 0)" in said
    assert "policy_loss, value_loss, entropy_bonus ..." in capfd.readouterr().out


def test_a_verdict_hangs_on_the_tests_that_decide_it_and_on_no_others(course, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", course)

    def digests():
        records.digest_of_tests.cache_clear()
        return [records.digest_of_tests(name) for name in ("value_loss", "play_step")]

    before = digests()
    for name, changed in [
        ("bench/breakout.py", (False, False)),
        ("dev/conftest.py", (False, False)),
        ("test_04_ppo_losses.py", (True, False)),
        ("scripted_envs.py", (True, True)),
        ("checks.py", (True, True)),
        ("shapes.py", (True, True)),
    ]:
        path = course / "tests" / name
        text = path.read_text()
        path.write_text(text + "\n# changed\n")
        assert tuple(old != new for old, new in zip(before, digests(), strict=True)) == changed, name
        path.write_text(text)
    assert digests() == before


def test_half_a_class_is_enough():
    """Of the trainer only rollout_phase is written: it is used, and learning_phase is the reference's."""
    exercise = exercises()["rollout_phase"]
    source = with_spies(exercise)
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "learning_phase":
            node.body = ast.parse("raise NotImplementedError()").body
    records.write(exercise, ast.unparse(tree), passed=True)
    answers.adopt()
    trainer.PPOTrainer(replace(PRESETS["cartpole"], total_timesteps=1024)).train()
    assert set(CALLED) == {"rollout_phase"}


def test_the_command(folder):
    exercise = exercises()["compute_advantages"]
    given = f"import {exercise.module} as module\nglobals().update(vars(module))\n"
    records.write(exercise, given + mistakes.of("compute_advantages")[0].source(), passed=False)
    options = ["--answers", "--total-timesteps", "1024", "--eval-episodes", "1", "--log", folder / "curve.json"]
    env = {**os.environ, "PPO_COURSE_ANSWERS": str(folder)}
    run = commands.run("-m", "solutions.train", "cartpole", *options, env=env)
    assert "compute_advantages: yours fails its test" in run.stdout, run.stderr
    assert "The curve is in" in run.stdout
    assert (folder / "curve.json").exists()


def test_the_course_s_agents_load_beside_a_learner_s_network(tmp_path):
    """A learner's critic with other layer names does not keep the reference's weights from being loaded."""
    from solutions import networks
    from solutions.saving import checkpoint

    args = PRESETS["cartpole"]
    actor, critic = networks.get_actor_and_critic(make_envs("CartPole-v1", 1), "classic-control")
    path = checkpoint.save_agent(tmp_path / "agent.safetensors", actor, critic, args)
    exercise = exercises()["get_actor_and_critic_classic"]
    source = """
from torch import nn
class Net(nn.Module):
    def __init__(self, out):
        super().__init__()
        self.whole = nn.Linear(4, out)
def get_actor_and_critic_classic(num_obs, num_actions):
    return Net(num_actions), Net(1)
"""
    records.write(exercise, source, passed=True)
    answers.adopt()
    loaded, _, _ = checkpoint.load_agent(path)
    assert isinstance(loaded, type(actor))


def test_a_repaired_part_of_another_trainer_does_not_take_the_place_of_ones_own():
    for name in ("policy_loss", "repair_6"):
        records.write(exercises()[name], with_spies(exercises()[name]), passed=True)
    said = answers.adopt()
    assert "Yours, and used from here on: policy_loss." in said and "repair_6" not in said
    trainer.PPOTrainer(replace(PRESETS["cartpole"], total_timesteps=1024)).train()
    assert set(CALLED) == {"policy_loss"}
