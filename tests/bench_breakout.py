"""Training speed on Breakout: python tests/bench_breakout.py [rounds]

Needs the extra `pip install -e '.[bench]'`. Everything trains with 8 environments x 128 steps, 4 epochs x 4 minibatches. In each
round all of it takes its turn, an iteration of 1,024 steps each, so that a change in the machine's speed meets everything:
our trainer, Stable-Baselines3 with the same settings, the emulators alone, the network alone (forward on 8 pictures, learning
from 256), and our trainer without each of its tricks. The limit is what a trainer would reach that did nothing but these parts,
one after the other: 1 / (1 / emulators + 1 / forward + 4 / learning).
"""

import io
import sys
import time
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from statistics import median
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import ctypes

import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import VectorWrapper
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_atari_env
from stable_baselines3.common.vec_env import VecFrameStack
from torch import nn

from solutions import networks, optim, rollout, speed, trainer
from solutions.args import PPOArgs
from utils.envs import make_envs

ARGS = PPOArgs(env_id="ALE/Breakout-v5", mode="atari", clip_coef=0.1, num_envs=8, device="cpu")


def timed(act) -> float:
    started = time.perf_counter()
    act()
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
    prepare = lambda obs: networks.scale_bytes(obs.contiguous())
    with patch.object(speed, "put_channels_last", lambda *_: None), patch.object(networks, "prepare_obs", prepare):
        yield


@contextmanager
def memory_given_back():
    libc = ctypes.CDLL(None)
    for parameter, default in [(-3, 128 * 1024), (-1, 128 * 1024)]:
        libc.mallopt(parameter, default)
    with patch.object(speed, "keep_memory", lambda: None):
        yield
    speed.keep_memory()


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
    unfused = lambda actor, critic, rate: torch.optim.Adam([*actor.parameters(), *critic[1:].parameters()], lr=rate, eps=1e-5)
    return patch.object(optim, "make_optimizer", unfused)


WITHOUT = {
    "bf16": (speed.has_fast_bf16(torch.device("cpu")), nullcontext, {"precision": "fp32"}),
    "one pass through the shared trunk": (True, two_trunk_passes, {}),
    "channels_last": (True, channels_first, {}),
    "memory kept by the C library": (sys.platform == "linux", memory_given_back, {}),
    "bytes in the rollout": (True, floats_in_the_rollout, {}),
    "emulators in native threads": (True, emulators_in_python, {}),
    "fused Adam": (True, adam_step_by_step, {}),
    "(a cost) checks of every transition": (True, nullcontext, {"check_transitions": False}),
}
"""Each trick: whether it is in use here, the context without it, the settings without it."""


class Alone:
    """The parts of an iteration, each by itself."""

    def __init__(self):
        self.rng = np.random.default_rng(0)
        self.envs = make_envs(ARGS.env_id, ARGS.num_envs, ARGS.mode)
        self.envs.reset(seed=1)
        pair = networks.get_actor_and_critic(self.envs, ARGS.mode)
        self.actor, self.critic = speed.prepare(*pair, torch.device("cpu"), ARGS.precision)
        self.optimizer = optim.make_optimizer(self.actor, self.critic, ARGS.learning_rate)
        obs = torch.randint(0, 256, (ARGS.minibatch_size, 4, 84, 84), dtype=torch.uint8)
        self.obs = obs.contiguous(memory_format=torch.channels_last)

    def emulators(self) -> None:
        for _ in range(ARGS.num_steps):
            self.envs.step(self.rng.integers(4, size=ARGS.num_envs))

    @torch.no_grad()
    def forward(self) -> None:
        for _ in range(ARGS.num_steps):
            networks.actor_critic_forward(self.actor, self.critic, self.obs[: ARGS.num_envs])

    def learning(self) -> None:
        parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        for _ in range(ARGS.update_epochs * ARGS.num_minibatches):
            logits, values = networks.actor_critic_forward(self.actor, self.critic, self.obs)
            self.optimizer.zero_grad()
            (logits.logsumexp(dim=-1).mean() + values.square().mean()).backward()
            nn.utils.clip_grad_norm_(parameters, ARGS.max_grad_norm)
            self.optimizer.step()


def phases(ppo: trainer.PPOTrainer) -> dict[str, float]:
    """The seconds of an iteration, by what they are spent on."""
    spent = {"emulators": 0.0, "forward on 8 pictures": 0.0, "storing, sampling, checking": 0.0, "learning": 0.0}

    def clocked(function, name):
        def call(*args, **options):
            started = time.perf_counter()
            result = function(*args, **options)
            spent[name] += time.perf_counter() - started
            return result

        return call

    emulators = ppo.envs.unwrapped
    forward = clocked(networks.actor_critic_forward, "forward on 8 pictures")
    with (
        patch.object(emulators, "step", clocked(emulators.step, "emulators")),
        patch.object(rollout.networks, "actor_critic_forward", forward),
    ):
        whole = timed(ppo.rollout_phase)
    spent["learning"] = timed(ppo.learning_phase)
    spent["storing, sampling, checking"] = whole - spent["emulators"] - spent["forward on 8 pictures"]
    ppo.log.figures = {}
    return spent


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    terminal, sys.stdout = sys.stdout, io.StringIO()  # Stable-Baselines3 prints tables
    say = lambda text: print(text, file=terminal, flush=True)

    ours = trainer.PPOTrainer(ARGS)
    envs = VecFrameStack(make_atari_env("BreakoutNoFrameskip-v4", n_envs=ARGS.num_envs, seed=1), n_stack=4)
    theirs = PPO(
        "CnnPolicy", envs, n_steps=ARGS.num_steps, batch_size=ARGS.minibatch_size, n_epochs=ARGS.update_epochs,
        learning_rate=ARGS.learning_rate, clip_range=ARGS.clip_coef, ent_coef=ARGS.ent_coef, vf_coef=ARGS.vf_coef, device="cpu",
    )  # fmt: skip
    alone = Alone()
    turns = {
        "ours": lambda: iteration_of(ours),
        "Stable-Baselines3": lambda: theirs.learn(ARGS.batch_size, reset_num_timesteps=False),
        "emulators alone": alone.emulators,
        "forward alone": alone.forward,
        "learning alone": alone.learning,
    }
    contexts = dict.fromkeys(turns, nullcontext)
    for name, (is_used, context, settings) in WITHOUT.items():
        if is_used:
            with context():
                plain = trainer.PPOTrainer(replace(ARGS, **settings))
            turns[name], contexts[name] = (lambda plain=plain: iteration_of(plain)), context

    seconds, shares = {name: [] for name in turns}, []
    for number in range(rounds + 1):
        for name, act in turns.items():
            with contexts[name]():
                took = timed(act)
            if number > 0:  # the first is slower
                seconds[name].append(took)
        shares.append(phases(ours))
        if number > 0:
            say(
                f"round {number}: " + ", ".join(f"{name} {ARGS.batch_size / seconds[name][-1]:.0f}" for name in list(turns)[:5])
            )
    ratio = lambda name: median(other / own for other, own in zip(seconds[name], seconds["ours"], strict=True))
    limit = [sum(parts) for parts in zip(*(seconds[name] for name in list(turns)[2:5]), strict=True)]
    share = median(ideal / own for ideal, own in zip(limit, seconds["ours"], strict=True))

    total = sum(map(sum, (one.values() for one in shares)))
    say("\nshare of the time: " + ", ".join(f"{name} {sum(one[name] for one in shares) / total:.0%}" for name in shares[0]))
    say("\nwithout                              time of an iteration, times ours")
    for name in list(turns)[5:]:
        say(f"{name:<36} {ratio(name):.2f}")
    precision = "bf16" if WITHOUT["bf16"][0] else "fp32"
    say(
        f"\nsteps per second (medians of {rounds}, {torch.get_num_threads()} threads, {precision}): "
        f"ours {ARGS.batch_size / median(seconds['ours']):.0f}, Stable-Baselines3 "
        f"{ARGS.batch_size / median(seconds['Stable-Baselines3']):.0f}; ratio {ratio('Stable-Baselines3'):.2f}; "
        f"{share:.0%} of the limit of {ARGS.batch_size / median(limit):.0f}"
    )


if __name__ == "__main__":
    main()
