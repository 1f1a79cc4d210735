"""The settings of a run: `PPOArgs`, and a preset for each game."""

import math
from contextlib import suppress
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Literal, get_args, get_origin

import numpy as np
import torch

Mode = Literal["classic-control", "ram", "atari"]
Precision = Literal["auto", "fp32", "bf16"]


@dataclass(frozen=True)
class PPOArgs:
    """The settings of one PPO run. The defaults are those of CleanRL's `ppo.py` and `ppo_atari.py`, which also clip the value loss."""

    env_id: str = "CartPole-v1"
    """The Gymnasium id of the environment, for example CartPole-v1 or ALE/Breakout-v5."""
    mode: Mode = "classic-control"
    """What the agent sees: a few numbers (classic-control), snapshots of 128 bytes (ram) or stacked frames (atari)."""
    seed: int = 1
    """The seed of the environments, the networks and the sampling."""
    total_timesteps: int = 500_000
    """Environment steps in the whole run, summed over all environments."""
    num_envs: int = 4
    """N, the number of environments played side by side."""
    num_steps: int = 128
    """T, the steps that each environment plays in one rollout."""
    num_minibatches: int = 4
    """Into how many minibatches each epoch cuts the rollout of T x N steps."""
    update_epochs: int = 4
    """How many times each rollout is passed over in the learning phase."""
    learning_rate: float = 2.5e-4
    """Adam's learning rate at the start of the run."""
    anneal_lr: bool = True
    """Whether the learning rate falls linearly to zero over the run."""
    gamma: float = 0.99
    """The discount factor."""
    gae_lambda: float = 0.95
    """The lambda of generalised advantage estimation."""
    clip_coef: float = 0.2
    """Epsilon: how far the probability ratio may move before the objective goes flat."""
    norm_adv: bool = True
    """Whether advantages are normalised in each minibatch."""
    ent_coef: float = 0.01
    """The weight of the entropy bonus in the loss."""
    vf_coef: float = 0.5
    """The weight of the value loss in the loss."""
    max_grad_norm: float = 0.5
    """The norm to which the gradient of all parameters together is clipped."""
    target_kl: float | None = None
    """End the learning phase after an epoch whose last minibatch has an approx_kl above this; None never does."""
    sticky_actions: bool = False
    """Atari only: whether the console repeats the previous action with probability 0.25."""
    processes: bool = False
    """Whether each environment plays in a process of its own; worth while where a step takes longer than a millisecond."""
    check_transitions: bool = True
    """Whether every step of the environments is held to a contract before it may enter the rollout."""
    use_wandb: bool = False
    """Whether to log to Weights & Biases as well."""
    wandb_project_name: str = "PPO"
    """The Weights & Biases project to log to."""
    video_log_freq: int | None = None
    """Record a game of the agent each time this many episodes have ended; None never does."""
    device: str = "auto"
    """cpu, cuda, mps (Apple's GPU; nobody of the course has run it), or auto: CUDA where there is one, else the CPU."""
    precision: Precision = "auto"
    """fp32, bf16 (networks with convolutions multiply in bfloat16), or auto: bf16 where the hardware has it."""

    def __post_init__(self):
        for field in fields(self):
            value = as_annotated(field.name, getattr(self, field.name), field.type)
            object.__setattr__(self, field.name, value)  # the one way in a frozen dataclass
        if not 1 <= len(self.env_id) <= 100:
            raise ValueError(f"env_id must have 1 to 100 characters; you gave {len(self.env_id)}.")
        require_counts(
            total_timesteps=self.total_timesteps,
            num_envs=self.num_envs,
            num_steps=self.num_steps,
            num_minibatches=self.num_minibatches,
            update_epochs=self.update_epochs,
            video_log_freq=self.video_log_freq,
        )
        if not 0 <= self.seed < 2**30:
            raise ValueError(f"seed must be a whole number from 0 to {2**30 - 1:,}; you gave {self.seed!r}.")
        for name in ["learning_rate", "clip_coef", "max_grad_norm"] + ["target_kl"] * (self.target_kl is not None):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be greater than 0; you gave {getattr(self, name)!r}.")
        for name in ["ent_coef", "vf_coef"]:
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must be 0 or greater; you gave {getattr(self, name)!r}.")
        for name in ["gamma", "gae_lambda"]:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1; you gave {getattr(self, name)!r}.")
        if self.batch_size % self.num_minibatches:
            raise ValueError(
                f"A rollout of {self.num_envs} environments x {self.num_steps} steps = {self.batch_size} steps does not "
                f"divide into {self.num_minibatches} minibatches: choose num_minibatches so that it does."
            )
        if self.norm_adv and self.minibatch_size < 2:
            raise ValueError("Minibatches of one step cannot be normalised: choose fewer num_minibatches or norm_adv=False.")
        if self.total_timesteps < self.batch_size:
            raise ValueError(
                f"total_timesteps is {self.total_timesteps}, less than one rollout of {self.batch_size} steps: "
                f"choose at least {self.batch_size}, or fewer num_envs or num_steps."
            )

    @property
    def batch_size(self) -> int:
        """Steps in one rollout: T x N."""
        return self.num_envs * self.num_steps

    @property
    def minibatch_size(self) -> int:
        """B, the steps in one minibatch."""
        return self.batch_size // self.num_minibatches

    @property
    def num_iterations(self) -> int:
        """Rollouts, and learning phases, in the whole run."""
        return self.total_timesteps // self.batch_size

    @property
    def torch_device(self) -> torch.device:
        """The device that `device` stands for. Raises ValueError if it is not there."""
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            device = torch.device(self.device)
        except RuntimeError:
            device = None
        if device is None or device.type not in ("cpu", "cuda", "mps"):
            raise ValueError(f'device must be "auto", "cpu", "cuda" or "mps"; you gave {self.device!r}.')
        if device.type == "mps" and not torch.backends.mps.is_available():
            raise ValueError('device is "mps", but PyTorch finds no GPU of Apple\'s here: use device="auto" or "cpu".')
        if device.type == "mps" and self.precision == "bf16":
            raise ValueError('On device "mps" the course computes in 32-bit floats: leave precision at "auto", or use "fp32".')
        if device.type == "cuda" and (device.index or 0) >= (gpus := torch.cuda.device_count()):
            found = f"only {gpus}" if gpus else "no"
            raise ValueError(f'device is "{self.device}", but PyTorch finds {found} CUDA GPU here: use device="auto" or "cpu".')
        return device


def require_counts(**counts: int | None) -> None:
    """Raise ValueError for the first of some counts that is not a whole number of at least 1; None stands for no count."""
    for name, count in counts.items():
        if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
            raise ValueError(f"{name} must be a whole number of at least 1; you gave {count!r}.")


KINDS = {
    bool: ((bool, np.bool_), "True or False"),
    int: (Integral, "a whole number"),
    float: (Real, "a finite number"),
    str: (str, "a text"),
}
"""For each type of a setting: what may be given for it, and what to call it."""


def as_annotated(name: str, value, annotation):
    """Return the value of a setting in the type of its annotation: a number of NumPy's becomes Python's, 1 may become 1.0.

    Raises:
        ValueError: the value does not fit the annotation; the message names the setting.
    """
    options = get_args(annotation) or (annotation,)  # of `float | None` both, of a Literal its texts
    if value is None and type(None) in options:
        return None
    if get_origin(annotation) is Literal:
        kind, wanted = str, f"one of {', '.join(map(repr, options))}"
        fits = isinstance(value, str) and value in options
    else:
        kind = options[0]
        accepted, wanted = KINDS[kind]
        wanted += " or None" * (len(options) > 1)
        fits = isinstance(value, accepted) and (kind is bool or not isinstance(value, bool))  # to Python, True is a number
    with suppress(OverflowError):  # a whole number may be too large for a float
        if fits and (kind is not float or math.isfinite(value)):
            return kind(value)
    raise ValueError(f"{name} must be {wanted}; you gave {value!r}.")


PRESETS = {
    "cartpole": PPOArgs(
        num_envs=32,
        num_steps=32,
        update_epochs=3,
        learning_rate=8e-3,
        total_timesteps=200_000,
        device="cpu",  # its networks are too small for a GPU to help
    ),
    "pong-ram": PPOArgs(
        env_id="ALE/Pong-v5",
        mode="ram",
        num_envs=16,
        learning_rate=2e-3,
        total_timesteps=1_000_000,
        device="cpu",  # the emulator is what takes the time
    ),
    "breakout": PPOArgs(
        env_id="ALE/Breakout-v5",
        mode="atari",
        num_envs=16,
        num_minibatches=16,
        update_epochs=2,
        learning_rate=8e-4,
        clip_coef=0.1,
        total_timesteps=10_000_000,
    ),
    "space-invaders": PPOArgs(
        env_id="ALE/SpaceInvaders-v5",
        mode="atari",
        num_envs=8,
        num_steps=256,
        num_minibatches=32,  # of 64 steps: four times as many updates as Breakout's, so each is smaller
        learning_rate=1e-4,
        clip_coef=0.1,
        total_timesteps=10_000_000,
    ),
}
"""Settings that go beyond the defaults, by the name that `python -m solutions.train NAME` takes."""
