"""Training speed on Breakout: python tests/bench/breakout.py [rounds] [--device cuda --num-envs 64]

Needs the extra `pip install -e '.[bench]'`. Everything trains with 8 environments (or others) x 128 steps, 4 epochs, minibatches
of 256. In each round all of it takes its turn, an iteration each, so that a change in the machine's speed meets everything: our
trainer, Stable-Baselines3 with the same settings, the emulators alone, the network alone (forward on a picture of each
environment, learning from 256), and our trainer without each of its tricks. The limit is what a trainer would reach that did
nothing but these parts, one after the other: 1 / (1 / emulators + 1 / forward + 4 / learning). On a GPU the emulators play
while the network thinks, so there it may be passed.
"""

import io
import sys
import time
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from statistics import median
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

import gymnasium as gym
import numpy as np
import torch
import tyro
from gymnasium.vector import VectorWrapper
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_atari_env
from stable_baselines3.common.vec_env import VecFrameStack
from torch import nn

from solutions import networks, optim, trainer
from solutions.args import PPOArgs, require_counts
from solutions.fast import gpu, overlap, precision
from utils.envs import make_envs

MINIBATCH = 256
WARM_UP = 1
"""Iterations before the first that counts; on a GPU it is the one that records."""


def settings(device: str, num_envs: int) -> PPOArgs:
    plain = PPOArgs(env_id="ALE/Breakout-v5", mode="atari", clip_coef=0.1, num_envs=num_envs, device=device)
    if plain.batch_size % MINIBATCH:
        raise ValueError(f"A rollout of {plain.batch_size} steps is no multiple of {MINIBATCH}: choose an even --num-envs.")
    return replace(plain, num_minibatches=plain.batch_size // MINIBATCH)


def trainer_class(args: PPOArgs) -> type[trainer.PPOTrainer]:
    on_gpu = args.torch_device.type == "cuda"
    return gpu.GPUTrainer if on_gpu else trainer.PPOTrainer


def timed(act) -> float:
    """Return the seconds that something takes, with those in which a GPU is still at work."""
    wait = torch.cuda.synchronize if torch.cuda.is_available() else lambda: None
    wait()
    started = time.perf_counter()
    act()
    wait()
    return time.perf_counter() - started


def iteration_of(ppo: trainer.PPOTrainer) -> None:
    ppo.rollout_phase()
    ppo.learning_phase()
    ppo.log.figures = {}


# The trainer without a trick: a context in which it is made and runs


def two_trunk_passes():
    def forward(actor, critic, obs):
        obs = networks.prepare_obs(obs)
        return actor(obs), critic(obs).squeeze(-1)

    return patch.object(networks, "actor_critic_forward", forward)


@contextmanager
def channels_first():
    def prepare(*args):
        return tuple(network.to(memory_format=torch.contiguous_format) for network in usual(*args))

    usual = precision.prepare
    prepare_obs = lambda obs: networks.scale_bytes(obs.contiguous())
    with patch.object(precision, "prepare", prepare), patch.object(networks, "prepare_obs", prepare_obs):
        yield


class Floats(VectorWrapper):
    """Pictures as floats in [0, 1]."""

    def __init__(self, envs):
        super().__init__(envs)
        shape = (envs.num_envs, *envs.single_observation_space.shape)
        self.single_observation_space = gym.spaces.Box(0, 1, shape[1:], np.float32)
        self.observation_space = gym.spaces.Box(0, 1, shape, np.float32)

    def reset(self, **options):
        obs, infos = self.env.reset(**options)
        return obs.astype(np.float32) / 255, infos

    def step(self, actions):
        obs, *rest, infos = self.env.step(actions)
        obs = obs.astype(np.float32) / 255
        return obs, *rest, infos | {"final_obs": obs}


def floats_in_the_rollout():
    return patch.object(trainer, "make_envs", lambda *args, **options: Floats(make_envs(*args, **options)))


def emulators_in_python():
    return patch.object(trainer, "make_envs", lambda *args, **options: make_envs(*args, **options, render=True))


def adam_step_by_step():
    def unfused(actor, critic, rate):
        parameters = [*actor.parameters(), *critic[1:].parameters()]
        return torch.optim.Adam(parameters, lr=rate, eps=1e-5, capturable=parameters[0].is_cuda)

    return patch.object(optim, "make_optimizer", unfused)


def learning_not_recorded():
    return patch.object(gpu.GPUTrainer, "learning_phase", trainer.PPOTrainer.learning_phase)


def playing_not_recorded():
    return patch.object(gpu.ReplayedTrunk, "forward", lambda self, obs: self.trunk(obs))


def emulators_waited_for():
    return patch.object(gpu.GPUTrainer, "overlaps", False)


def compiled_trunk():
    def prepare(*args):
        actor, critic = usual(*args)
        actor[0].compile()
        return actor, critic

    usual = precision.prepare
    return patch.object(precision, "prepare", prepare)


def tricks(device: torch.device) -> dict[str, tuple]:
    """Return each trick in use on a device: the context without it, and the settings without it. In brackets: what is not one."""
    on_gpu = device.type == "cuda"
    found = {
        "bf16": (precision.has_fast_bf16(device), nullcontext, {"precision": "fp32"}),
        "one pass through the shared trunk": (True, two_trunk_passes, {}),
        "channels_last": (True, channels_first, {}),
        "bytes in the rollout": (not on_gpu, floats_in_the_rollout, {}),
        "emulators in native threads": (not on_gpu, emulators_in_python, {}),
        "fused Adam": (True, adam_step_by_step, {}),
        "learning from a CUDA graph": (on_gpu, learning_not_recorded, {}),
        "playing from a CUDA graph": (on_gpu, playing_not_recorded, {}),
        "emulators meanwhile": (on_gpu, emulators_waited_for, {}),
        "(a cost) checks of every transition": (True, nullcontext, {"check_transitions": False}),
        "(not in use) torch.compile": (on_gpu, compiled_trunk, {}),
    }
    return {name: rest for name, (is_used, *rest) in found.items() if is_used}


class Alone:
    """The parts of an iteration, each by itself."""

    def __init__(self, args: PPOArgs):
        self.args = args
        self.rng = np.random.default_rng(0)
        self.envs = make_envs(args.env_id, args.num_envs, args.mode)
        self.envs.reset(seed=1)
        pair = networks.get_actor_and_critic(self.envs, args.mode)
        self.actor, self.critic = precision.prepare(*pair, args.torch_device, args.precision)
        self.optimizer = optim.make_optimizer(self.actor, self.critic, args.learning_rate)
        obs = torch.randint(0, 256, (args.minibatch_size, 4, 84, 84), dtype=torch.uint8, device=args.torch_device)
        self.obs = obs.contiguous(memory_format=torch.channels_last)
        if args.torch_device.type == "cuda":
            for part in ("_forward", "_update"):
                gpu.aside(getattr(self, part))
            for group in self.optimizer.param_groups:
                group["capturable"] = True
            self._forward, self._update = gpu.capture(self._forward), gpu.capture(self._update)

    def emulators(self) -> None:
        for _ in range(self.args.num_steps):
            self.envs.step(self.rng.integers(4, size=self.args.num_envs))

    def forward(self) -> None:
        for _ in range(self.args.num_steps):
            self._forward()

    def learning(self) -> None:
        for _ in range(self.args.update_epochs * self.args.num_minibatches):
            self._update()

    @torch.no_grad()
    def _forward(self) -> None:
        networks.actor_critic_forward(self.actor, self.critic, self.obs[: self.args.num_envs])

    def _update(self) -> None:
        parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        logits, values = networks.actor_critic_forward(self.actor, self.critic, self.obs)
        self.optimizer.zero_grad()
        (logits.logsumexp(dim=-1).mean() + values.square().mean()).backward()
        nn.utils.clip_grad_norm_(parameters, self.args.max_grad_norm)
        self.optimizer.step()


def phases(ppo: trainer.PPOTrainer) -> dict[str, float]:
    """Return the seconds of an iteration, by what they are spent on."""
    spent = {"emulators": 0.0, "forward": 0.0, "storing, sampling, checking": 0.0, "learning": 0.0}

    def clocked(function, name):
        def call(*args, **options):
            result = []
            spent[name] += timed(lambda: result.append(function(*args, **options)))
            return result[0]

        return call

    emulators = ppo.envs.unwrapped
    waits = "receive" if isinstance(emulators, overlap.Halves) else "step"
    forward = clocked(networks.actor_critic_forward, "forward")
    with (
        patch.object(emulators, waits, clocked(getattr(emulators, waits), "emulators")),
        patch.object(networks, "actor_critic_forward", forward),
    ):
        whole = timed(ppo.rollout_phase)
    spent["learning"] = timed(ppo.learning_phase)
    spent["storing, sampling, checking"] = whole - spent["emulators"] - spent["forward"]
    ppo.log.figures = {}
    return spent


def main(rounds: tyro.conf.Positional[int] = 5, device: str = "cpu", num_envs: int = 8) -> None:
    require_counts(rounds=rounds)
    args = settings(device, num_envs)
    terminal, sys.stdout = sys.stdout, io.StringIO()  # Stable-Baselines3 prints tables
    say = lambda text: print(text, file=terminal, flush=True)

    ours = trainer_class(args)(args)
    envs = VecFrameStack(make_atari_env("BreakoutNoFrameskip-v4", n_envs=args.num_envs, seed=1), n_stack=4)
    theirs = PPO(
        "CnnPolicy", envs, n_steps=args.num_steps, batch_size=args.minibatch_size, n_epochs=args.update_epochs,
        learning_rate=args.learning_rate, clip_range=args.clip_coef, ent_coef=args.ent_coef, vf_coef=args.vf_coef, device=device,
    )  # fmt: skip
    alone = Alone(args)
    turns = {
        "ours": lambda: iteration_of(ours),
        "Stable-Baselines3": lambda: theirs.learn(args.batch_size, reset_num_timesteps=False),
        "emulators alone": alone.emulators,
        "forward alone": alone.forward,
        "learning alone": alone.learning,
    }
    contexts = dict.fromkeys(turns, nullcontext)
    without = tricks(args.torch_device)
    for name, (context, change) in without.items():
        with context():
            plain = trainer_class(args)(replace(args, **change))
        turns[name], contexts[name] = (lambda plain=plain: iteration_of(plain)), context

    seconds, shares = {name: [] for name in turns}, []
    for number in range(1 - WARM_UP, rounds + 1):
        for name, act in turns.items():
            with contexts[name]():
                took = timed(act)
            if number > 0:  # the first ones are slower
                seconds[name].append(took)
        shares.append(phases(ours))
        if number > 0:
            say(
                f"round {number}: " + ", ".join(f"{name} {args.batch_size / seconds[name][-1]:.0f}" for name in list(turns)[:5])
            )
    ratio = lambda name: median(other / own for other, own in zip(seconds[name], seconds["ours"], strict=True))
    limit = [sum(parts) for parts in zip(*(seconds[name] for name in list(turns)[2:5]), strict=True)]
    share = median(ideal / own for ideal, own in zip(limit, seconds["ours"], strict=True))

    total = sum(map(sum, (one.values() for one in shares)))
    say("\nshare of the time: " + ", ".join(f"{name} {sum(one[name] for one in shares) / total:.0%}" for name in shares[0]))
    say("\nwithout it (or with it, if not in use)  time of an iteration, times ours")
    for name in list(turns)[5:]:
        say(f"{name:<39} {ratio(name):.2f}")
    dtype = "bf16" if "bf16" in without else "fp32"
    where = torch.cuda.get_device_name() if args.torch_device.type == "cuda" else f"{torch.get_num_threads()} threads"
    say(
        f"\nsteps per second (medians of {rounds}, {args.num_envs} environments, {where}, {dtype}): "
        f"ours {args.batch_size / median(seconds['ours']):.0f}, Stable-Baselines3 "
        f"{args.batch_size / median(seconds['Stable-Baselines3']):.0f}; ratio {ratio('Stable-Baselines3'):.2f}; "
        f"{share:.0%} of the limit of {args.batch_size / median(limit):.0f}"
    )


if __name__ == "__main__":
    tyro.cli(main)
