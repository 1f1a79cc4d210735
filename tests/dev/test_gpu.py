"""A recorded training is the training as it stands. Without a GPU a recording is imitated: the same operations, run again."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from solutions import networks, train
from solutions.args import PRESETS, PPOArgs
from solutions.fast import gpu, updates
from solutions.fast.overlap import OverlappingAgent
from solutions.rollout import PPOAgent
from solutions.saving import checkpoint
from solutions.trainer import PPOTrainer

SMALL = PPOArgs(
    env_id="ALE/Breakout-v5",
    mode="atari",
    num_envs=1,  # an odd number: the environments are no halves
    num_steps=32,
    num_minibatches=2,
    update_epochs=2,
    learning_rate=1e-3,
    total_timesteps=32 * 5,
    device="cpu",
    precision="fp32",
)
CUDA = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"))
FIGURES = (*updates.FIGURES, "explained_variance", "learning_rate")


def imitated(act):
    """A recording without a GPU: the same tensor each time, with new contents."""
    first = []

    def replay():
        result = act()
        if not first:
            first.append(result)
        with torch.no_grad():
            return first[0].copy_(result)

    return replay


@pytest.fixture
def recordings(monkeypatch, request):
    """What was recorded; on the CPU, with a stand-in for the recording."""
    made = []
    on_gpu = getattr(request.node, "callspec", None) is not None and request.node.callspec.params.get("device") == "cuda"
    really = gpu.capture if on_gpu else imitated

    def capture(act):
        made.append(act)
        return really(act)

    monkeypatch.setattr(gpu, "capture", capture)
    if not on_gpu:
        monkeypatch.setattr(gpu, "aside", lambda act: act())
    return made


def figures(rows):
    return np.array([[row[name] for name in FIGURES] for row in rows])


@pytest.mark.parametrize("device", ["cpu", CUDA])
@pytest.mark.parametrize("changes", [{}, {"norm_adv": False}, {"target_kl": 1e-9}], ids=str)
def test_a_recorded_training_has_the_figures_of_the_plain_one(recordings, device, changes):
    args = replace(SMALL, device=device, **changes)
    plain = PPOTrainer(args)
    start = [parameter.detach().clone() for parameter in plain.actor.parameters()]
    plain.train()
    assert not recordings
    fast = gpu.GPUTrainer(args)
    fast.train()
    assert len(recordings) == 2, "the trunk while playing, and an update"
    assert len(fast.log.rows) == 5
    tolerance = {"rel": 1e-4, "abs": 1e-5} if device == "cpu" else {"rel": 2e-2, "abs": 1e-3}
    assert figures(fast.log.rows) == pytest.approx(figures(plain.log.rows), **tolerance)
    assert fast.optimizer.param_groups[0]["lr"] == plain.optimizer.param_groups[0]["lr"] == 0
    for one, other, before in zip(fast.actor.parameters(), plain.actor.parameters(), start, strict=True):
        assert (one - other).norm() <= (1e-3 if device == "cpu" else 5e-2) * (other - before).norm()


@pytest.mark.parametrize("device", ["cpu", CUDA])
def test_each_replay_learns_from_the_newest_rollout(recordings, device):
    """And not from what lay in its places when it was recorded: here the last rollout is full of NaN, and so is its loss."""
    trainer = gpu.GPUTrainer(replace(SMALL, device=device))
    for _ in range(3):
        trainer.log.figures = {}
        trainer.rollout_phase()
        trainer.learning_phase()
    assert all(figure.isfinite() for some in trainer.log.figures.values() for figure in some)
    assert [len(some) for some in trainer.log.figures.values()] == [4] * 6 + [1]
    trainer.log.figures = {}
    trainer.agent.rollout.rewards[:] = float("nan")
    trainer.learning_phase()
    assert torch.stack(trainer.log.figures["value_loss"]).isnan().any()


@pytest.mark.parametrize("device", ["cpu", CUDA])
def test_a_recorded_run_is_saved_and_resumed(recordings, tmp_path, device):
    args = replace(SMALL, device=device)
    trainer = gpu.GPUTrainer(args)
    trainer.train(on_iteration=lambda trainer: len(trainer.log.rows) == 3)
    path = checkpoint.save_checkpoint(tmp_path / "checkpoint.safetensors", trainer)
    resumed = checkpoint.resume(path, args, gpu.GPUTrainer)
    for one, other in zip(trainer.actor.parameters(), resumed.actor.parameters(), strict=True):
        assert torch.equal(one, other)
        assert trainer.optimizer.state[one]["step"] == resumed.optimizer.state[other]["step"] == 12
    resumed.train()
    assert len(resumed.log.rows) == 5
    assert resumed.optimizer.param_groups[0]["lr"] == 0


@pytest.mark.parametrize("device", ["cpu", CUDA])
def test_playing_uses_the_weights_as_they_are_now(recordings, device):
    actor, critic = (network.to(device) for network in networks.get_actor_and_critic_atari((4, 84, 84), 4))
    trunk = gpu.ReplayedTrunk(actor[0])
    replayed = nn.Sequential(trunk, *actor[1:]), nn.Sequential(trunk, *critic[1:])
    obs = torch.randint(0, 256, (2, 4, 84, 84), dtype=torch.uint8, device=device)
    with torch.no_grad():
        seen = []
        for _ in range(6):
            seen.append((networks.actor_critic_forward(*replayed, obs), networks.actor_critic_forward(actor, critic, obs)))
            actor[0][0].weight.mul_(1.5)
    for mine, other in seen:  # at the end: a replay writes over what the trunk returned, but not over what the heads made of it
        torch.testing.assert_close(mine, other)
    assert len(recordings) == 1


def test_the_replayed_trunk_plays_in_the_precision_of_the_other(recordings):
    trainer = gpu.GPUTrainer(replace(SMALL, precision="bf16"))
    assert trainer.agent.actor[0].in_bf16 and trainer.agent.critic[0] is trainer.agent.actor[0]


@pytest.mark.parametrize("device", ["cpu", CUDA])
def test_recorded_and_overlapped_go_together(recordings, device):
    trainer = gpu.GPUTrainer(replace(SMALL, num_envs=4, num_steps=16, total_timesteps=4 * 16 * 4, device=device))
    trainer.train()
    assert type(trainer.agent) is OverlappingAgent
    assert len(recordings) == 2, "the trunk while playing, and an update"
    assert [row["global_step"] for row in trainer.log.rows] == [64, 128, 192, 256]


@pytest.mark.parametrize("device", ["cpu", CUDA])
def test_networks_that_share_nothing_are_recorded_while_they_learn(recordings, device):
    args = replace(PRESETS["cartpole"], total_timesteps=5 * 1024, device=device)
    plain = PPOTrainer(args)
    plain.train()  # before the other is made, which sets the seed again
    fast = gpu.GPUTrainer(args)
    fast.train()
    assert len(recordings) == 1, "an update"
    assert fast.agent.actor is fast.actor and type(fast.agent) is PPOAgent
    first = slice(0, 2)  # afterwards the games differ, by roundings
    assert figures(fast.log.rows)[first] == pytest.approx(figures(plain.log.rows)[first], rel=1e-2, abs=1e-4)


def test_the_command_records_on_a_gpu_but_not_the_answers_of_a_learner(monkeypatch):
    run = train.Run(SMALL)
    assert train.trainer_class(run) is PPOTrainer
    monkeypatch.setattr(PPOArgs, "torch_device", torch.device("cuda"))
    assert train.trainer_class(replace(run, answers=True)) is PPOTrainer
    assert train.trainer_class(run) is gpu.GPUTrainer
