"""What makes a training fast changes nothing that it learns."""

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from solutions import networks
from solutions.args import PPOArgs
from solutions.fast import precision
from solutions.saving import checkpoint
from solutions.trainer import PPOTrainer

TINY = PPOArgs(
    env_id="ALE/Breakout-v5",
    mode="atari",
    clip_coef=0.1,
    num_envs=2,
    num_steps=16,
    num_minibatches=2,
    total_timesteps=2 * 16 * 3,
    device="cpu",
    precision="fp32",
)
CPU = torch.device("cpu")


def plain(actor, critic, device, _):
    return actor.to(device), critic.to(device)


def networks_and_frames(batch=6):
    torch.manual_seed(0)
    pair = networks.get_actor_and_critic_atari((4, 84, 84), 4)
    return *pair, torch.randint(0, 256, (batch, 4, 84, 84), dtype=torch.uint8)


def test_a_training_has_the_figures_of_a_plain_one(monkeypatch):
    """Sums in another order round differently, so they are the same to rounding; the first iterations show it."""
    fast = PPOTrainer(TINY).train().rows
    with monkeypatch.context() as patched:
        patched.setattr(precision, "prepare", plain)
        slow = PPOTrainer(TINY).train().rows
    assert len(fast) == 3
    for mine, other in zip(fast, slow, strict=True):
        for name in ("policy_loss", "value_loss", "entropy", "approx_kl", "grad_norm", "explained_variance"):
            assert mine[name] == pytest.approx(other[name], rel=1e-2, abs=1e-5), name


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_outputs_and_gradients_are_those_of_the_plain_networks(dtype):
    actor, critic, obs = networks_and_frames()
    fast = precision.prepare(*copy.deepcopy((actor, critic)), CPU, dtype)
    assert fast[0][0] is fast[1][0]
    tolerance = {"fp32": 1e-5, "bf16": 8e-2}[dtype]
    gradients = []
    for pair in [(actor, critic), fast]:
        logits, values = networks.actor_critic_forward(*pair, obs)
        assert logits.dtype == values.dtype == torch.float32
        (logits.logsumexp(-1).mean() + values.square().mean()).backward()
        assert all(parameter.dtype == torch.float32 for parameter in pair[0].parameters())
        gradients.append([logits.detach(), values.detach(), *(parameter.grad for parameter in pair[0].parameters())])
    for mine, other in zip(*gradients, strict=True):
        assert (mine - other).norm() <= tolerance * other.norm() + 1e-6


def test_bf16_is_bf16_and_its_copy_is_a_copy():
    actor, critic, obs = networks_and_frames()
    precision.prepare(actor, critic, CPU, "bf16")
    seen = []
    actor[0][2].register_forward_hook(lambda layer, inputs, output: seen.append(output.dtype))
    networks.actor_critic_forward(actor, critic, obs)
    assert seen == [torch.bfloat16]
    twins = copy.deepcopy((actor, critic))
    networks.actor_critic_forward(*twins, obs)
    assert seen == [torch.bfloat16] * 2
    with torch.no_grad():
        twins[0][0][0].weight.zero_()
    assert actor[0][0].weight.abs().max() > 0


def test_bf16_is_only_where_the_hardware_has_it(monkeypatch):
    read = lambda flags: monkeypatch.setattr(Path, "read_text", lambda self: f"flags : fpu avx2 {flags} fma")
    for flags, fast in [("avx512_bf16", True), ("amx_bf16", True), ("avx512f", False)]:
        read(flags)
        assert precision.has_fast_bf16(CPU) is fast
        actor, critic, obs = networks_and_frames(batch=1)
        dtypes = []
        actor[0][0].register_forward_hook(lambda layer, inputs, output, dtypes=dtypes: dtypes.append(output.dtype))
        networks.actor_critic_forward(*precision.prepare(actor, critic, CPU, "auto"), obs)
        assert (dtypes == [torch.bfloat16]) is fast

    def no_such_file(self):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", no_such_file)
    assert precision.has_fast_bf16(CPU) is False


def test_small_networks_are_left_alone():
    actor, critic = networks.get_actor_and_critic_classic(4, 2)
    precision.prepare(actor, critic, CPU, "bf16")
    logits, values = networks.actor_critic_forward(actor, critic, torch.zeros(1, 4))
    assert logits.dtype == values.dtype == torch.float32
    assert not hasattr(actor[0], "in_bf16")


def test_pictures_are_bytes_and_lie_as_convolutions_want_them():
    trainer = PPOTrainer(TINY)
    trainer.rollout_phase()
    obs = trainer.agent.rollout.obs
    assert obs.dtype == torch.uint8 and obs.shape == (16, 2, 4, 84, 84)
    minibatch = obs.flatten(0, 1)[torch.tensor([3, 1, 20])]
    assert minibatch.is_contiguous(memory_format=torch.channels_last)
    assert minibatch.data_ptr() != obs.data_ptr()
    assert trainer.actor[0][0].weight.is_contiguous(memory_format=torch.channels_last)


def test_adams_averages_lie_as_their_weights_also_after_a_resume(tmp_path):
    """Its fused step goes through both in the order of memory: another layout would mix them up without a word."""
    trainer = PPOTrainer(TINY)
    trainer.train(on_iteration=lambda trainer: len(trainer.log.rows) == 1)
    path = checkpoint.save_checkpoint(tmp_path / "checkpoint.safetensors", trainer)
    resumed = checkpoint.resume(path, TINY, PPOTrainer)
    for one, other in zip(trainer.actor.parameters(), resumed.actor.parameters(), strict=True):
        assert one.stride() == other.stride()
        for name, average in trainer.optimizer.state[one].items():
            again = resumed.optimizer.state[other][name]
            assert torch.equal(again, average)
            assert again.stride() == average.stride()


def test_a_precision_that_does_not_exist_is_one_sentence():
    with pytest.raises(ValueError, match=r"precision must be one of 'auto', 'fp32', 'bf16'; you gave 'fp16'\."):
        replace(TINY, precision="fp16")
