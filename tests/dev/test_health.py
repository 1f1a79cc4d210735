"""The diagnosis of a run: sicknesses made on purpose are recognised by their names, and healthy runs raise no alarm."""

import contextlib
import json
import math
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import gymnasium as gym
import pytest
import torch

from solutions import losses
from solutions.args import PRESETS, PPOArgs
from solutions.trainer import PPOTrainer
from tests import mistakes
from utils.envs import GameRecorder
from utils.probes import PROBES
from utils.watching import health
from utils.watching.table import Table

CARTPOLE = replace(PRESETS["cartpole"], total_timesteps=10 * 1024)
torch.set_num_threads(1)


def wrong(name):
    """The trainer with a known mistake in its learning_phase."""
    (mistake,) = [mistake for mistake in mistakes.of("learning_phase") if mistake.name == name]
    return mistake.build()


def changed(*changes):
    """The trainer with a text of its learning_phase changed."""
    return mistakes.mistake("learning_phase", "changed", "it were changed.", *changes).build()


def frozen(network):
    return lambda trainer: getattr(trainer, network).requires_grad_(False)


def recorder(trainer):
    """What counts the games; the environment proper is inside it."""
    envs = trainer.envs
    while not isinstance(envs, GameRecorder):
        envs = envs.env
    return envs


def rewards_times(factor):
    def prepare(trainer):
        games = recorder(trainer)
        games.env = gym.wrappers.vector.TransformReward(games.env, lambda rewards: factor * rewards)

    return prepare


def endless(trainer):
    cartpole = recorder(trainer).env
    cartpole.max_episode_steps = math.inf
    cartpole.theta_threshold_radians = cartpole.x_threshold = math.inf


def shock(trainer):
    """After 15 iterations, a learning rate 100 times too high."""
    if len(trainer.log.rows) == 15:
        trainer.scheduler.initial_lr *= 100


@contextlib.contextmanager
def wrong_loss(name, change):
    original = getattr(losses, name)
    with patch.object(losses, name, lambda *inputs: change(original(*inputs), *inputs)):
        yield


NEGATED = wrong_loss, "policy_loss", lambda loss, *_: -loss
SUMMED = wrong_loss, "value_loss", lambda loss, new_values, _: loss * len(new_values)

SICKNESSES = {
    "a learning rate 100 times too high": ("updates too large", {"learning_rate": 0.5}, {}),
    "a wide clip and many epochs": ("updates too large", {"clip_coef": 5.0, "update_epochs": 20}, {}),
    "a learning rate 1000 times too small": ("policy frozen", {"learning_rate": 5e-6}, {}),
    "an actor that stands still": ("policy frozen", {}, {"prepare": frozen("actor")}),
    "the entropy minimised": (
        "policy collapsed",
        {"ent_coef": 200.0},
        {"trainer_class": wrong("entropy added")},
    ),
    "far too much entropy": ("policy stays random", {"ent_coef": 10.0}, {}),
    "a critic that stands still": ("critic frozen", {}, {"prepare": frozen("critic")}),
    "a value loss of the wrong sign": (
        "critic diverges",
        {"total_timesteps": 16 * 1024},
        {"trainer_class": changed(("+ args.vf_coef * value_loss", "- args.vf_coef * value_loss"))},
    ),
    "rewards times 1000": ("returns out of scale", {}, {"prepare": rewards_times(1000)}),
    "a value loss summed": ("gradient explodes", {}, {"broken": SUMMED}),
    "rewards times 1000, advantages not normalised": (
        "advantages out of scale",
        {"norm_adv": False},
        {"prepare": rewards_times(1000)},
    ),
    "advantages not normalised": ("advantages out of scale", {}, {"trainer_class": wrong("advantages never normalised")}),
    "games that never end": ("no game finished", {}, {"prepare": endless}),
    "no reward": ("no reward seen", {}, {"prepare": rewards_times(0)}),
    "the surrogate's sign": ("worse than at the start", {}, {"broken": NEGATED}),
    "a learning rate that explodes later": ("return collapsed", {"total_timesteps": 30 * 1024}, {"on_iteration": shock}),
    "no scheduler step": ("learning rate off schedule", {}, {"trainer_class": wrong("no scheduler step")}),
    "a scheduler step in each minibatch": (
        "learning rate off schedule",
        {},
        {"trainer_class": wrong("scheduler step in each minibatch")},
    ),
    "advantages in another order than the rest": (
        "no progress",
        {"total_timesteps": 12 * 1024},
        {"trainer_class": changed(("mb_advantages = all_advantages[mb]", "mb_advantages = all_advantages[mb.flip(0)]"))},
    ),
}


def train(args, trainer_class=PPOTrainer, prepare=None, broken=None, on_iteration=None):
    trainer = trainer_class(args)
    if prepare is not None:
        prepare(trainer)
    with broken[0](*broken[1:]) if broken else contextlib.nullcontext():
        trainer.train(on_iteration)
    return trainer.log


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("sickness", SICKNESSES)
def test_a_sickness_is_recognised(sickness, seed, capsys):
    name, changes, how = SICKNESSES[sickness]
    log = train(replace(CARTPOLE, seed=seed, **changes), **how)
    assert name in log.findings, log.health()
    assert f"- {name}: {log.findings[name]}" in log.health()
    assert capsys.readouterr().out.count(f"Health: {name}: ") == 1  # said once, while it trained


def test_every_rule_has_a_sickness():
    assert {name for name, _, _ in health.RULES} == {name for name, _, _ in SICKNESSES.values()}


HEALTHY = {
    **{f"the preset, seed {seed}": replace(CARTPOLE, total_timesteps=12 * 1024, seed=seed) for seed in range(1, 21)},
    "CleanRL's defaults": PPOArgs(total_timesteps=100_000, device="cpu"),
    "one update in each iteration": PPOArgs(
        num_steps=32, num_minibatches=1, update_epochs=1, learning_rate=1e-2, total_timesteps=3200, device="cpu"
    ),
    **{
        probe_id: PPOArgs(
            env_id=probe_id, num_envs=8, num_steps=15, num_minibatches=2, learning_rate=1e-2, gamma=0.5, device="cpu"
        )
        for probe_id in PROBES
    },
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_run_raises_no_alarm(name, capsys):
    log = train(HEALTHY[name], on_iteration=lambda trainer: len(trainer.log.rows) == 15)
    for end in range(1, len(log.rows) + 1):
        assert health.diagnose(Table(log.rows[:end]), log.args, log.num_actions) == {}
    assert log.health().startswith("healthy: ")
    assert "Health:" not in capsys.readouterr().out


def test_a_slow_healthy_run_raises_no_alarm():
    """Breakout for 300,000 steps, seed 1: hardly anything happens in its first fifth."""
    curve = json.loads((Path(__file__).parent / "data" / "breakout_curve.json").read_text())
    columns = curve["columns"]
    rows = [dict(zip(columns, figures, strict=True)) for figures in zip(*columns.values(), strict=True)]
    for end in range(1, len(rows) + 1):
        assert health.diagnose(Table(rows[:end]), PPOArgs(**curve["args"]), curve["num_actions"]) == {}


def test_a_short_run_is_not_judged():
    log = train(replace(CARTPOLE, total_timesteps=2 * 1024))
    assert log.health().startswith("too early to say")


def test_interrupts_do_not_look_like_a_wrong_schedule():
    trainer = PPOTrainer(replace(CARTPOLE, total_timesteps=12 * 1024))
    for _ in range(4):  # each leaves an unfinished rollout behind
        with patch.object(trainer, "learning_phase", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
            trainer.train()
    trainer.train(on_iteration=lambda trainer: len(trainer.log.rows) == 8)
    assert trainer.agent.global_step == 8 * 1024
    assert "schedule" not in trainer.log.health()
