"""Actors and critics (chapters 02, 07, 09 and 10)."""

from contextlib import nullcontext
from math import prod, sqrt

import gymnasium as gym
import torch
from jaxtyping import Float, Shaped, UInt8
from torch import Tensor, nn


def layer_init(layer: nn.Module, std: float = sqrt(2), bias_const: float = 0.0) -> nn.Module:
    """Initialise a linear or convolutional layer in place: orthogonal weights, constant biases.

    Args:
        layer: a layer with a `weight` and a `bias`.
        std: the scale of the orthogonal weights.
        bias_const: the value of every bias.

    Returns:
        The same layer.

    Source: detail 2 of "The 37 Implementation Details of PPO".
    """
    nn.init.orthogonal_(layer.weight, std)
    nn.init.constant_(layer.bias, bias_const)
    return layer


def get_actor_and_critic_classic(num_obs: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Build two separate networks of two 64-unit tanh layers, for observations that are a few numbers.

    Args:
        num_obs: the length of an observation.
        num_actions: the number of actions.

    Returns:
        actor: observations (B, num_obs) -> logits (B, num_actions); its last layer has std 0.01.
        critic: observations (B, num_obs) -> values (B, 1); its last layer has std 1.

    Source: details 2 and 13 of the 37.
    """
    actor = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        layer_init(nn.Linear(num_obs, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 64)),
        nn.Tanh(),
        layer_init(nn.Linear(64, 1), std=1.0),
    )
    return actor, critic


def scale_bytes(obs: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Scale bytes to [0, 1].

    Args:
        obs: whole numbers from 0 to 255, of any shape.

    Returns:
        Their 255ths, as float32 of the same shape.
    """
    return obs.float() / 255


def ram_features(obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
    """Compute what has changed in the memory: since the game began, and since the last step.

    Args:
        obs: three snapshots of the memory, scaled to [0, 1]: the game's first, that of the step before, the newest.

    Returns:
        For each byte, newest - first; then for each byte, 32 (newest - before), cut off at -1 and 1.
    """
    first, before, newest = obs.unbind(dim=1)
    return torch.cat([newest - first, (32 * (newest - before)).clamp(-1, 1)], dim=-1)


class RamFeatures(nn.Module):
    """`ram_features` as a layer without weights."""

    def forward(self, obs: Float[Tensor, "B 3 num_bytes"]) -> Float[Tensor, "B 2*num_bytes"]:
        return ram_features(obs)


def get_actor_and_critic_ram(num_bytes: int, num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Build two separate networks of two 256-unit ReLU layers on the changes in a console's memory.

    Args:
        num_bytes: the size of the memory; 128 for the Atari 2600.
        num_actions: the number of actions.

    Returns:
        actor: snapshots in [0, 1] (B, 3, num_bytes) -> logits (B, num_actions); its last layer has std 0.01.
        critic: the same snapshots -> values (B, 1); its last layer has std 1.
        Both begin with `RamFeatures`.
    """
    features = RamFeatures()
    actor = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, num_actions), std=0.01),
    )
    critic = nn.Sequential(
        features,
        layer_init(nn.Linear(2 * num_bytes, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 256)),
        nn.ReLU(),
        layer_init(nn.Linear(256, 1), std=1.0),
    )
    return actor, critic


def side_after(side: int, size: int, stride: int) -> int:
    """Compute the side of a picture after a convolution without padding.

    Args:
        side: the side of the picture that goes in, in pixels.
        size: the side of the convolution's window, at most `side`.
        stride: how far the window moves from one position to the next.

    Returns:
        How many positions the window has along one side.
    """
    return 1 + (side - size) // stride


def get_actor_and_critic_atari(obs_shape: tuple[int, int, int], num_actions: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Build one convolutional trunk with two heads, for stacked square frames.

    Args:
        obs_shape: (frames, L, L); L is 8m + 4 with m at least 4, so that the convolutions fit without a rest.
        num_actions: the number of actions.

    Returns:
        actor: frames in [0, 1] (B, frames, L, L) -> logits (B, num_actions); its head has std 0.01.
        critic: the same frames -> values (B, 1); its head has std 1.
        Both are `nn.Sequential` whose first child is the same trunk.

    Raises:
        ValueError: the frames are not square, or L is not 8m + 4.

    Source: Mnih et al., Human-level control through deep reinforcement learning (2015), for the trunk; detail 21 of the 37.
    """
    num_frames, height, width = obs_shape
    if height != width or height < 36 or height % 8 != 4:
        raise ValueError(
            f"The frames are {height} x {width}; the network needs squares whose side is 8m + 4 and at least 36 "
            "(36, 44, ..., 84, ...): resize the frames to 84 x 84."
        )
    side = height
    for size, stride in [(8, 4), (4, 2), (3, 1)]:
        side = side_after(side, size, stride)
    trunk = nn.Sequential(
        layer_init(nn.Conv2d(num_frames, 32, kernel_size=8, stride=4)),
        nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, kernel_size=4, stride=2)),
        nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, kernel_size=3, stride=1)),
        nn.ReLU(),
        nn.Flatten(),
        layer_init(nn.Linear(64 * side * side, 512)),
        nn.ReLU(),
    )
    actor = nn.Sequential(trunk, layer_init(nn.Linear(512, num_actions), std=0.01))
    critic = nn.Sequential(trunk, layer_init(nn.Linear(512, 1), std=1.0))
    return actor, critic


def get_actor_and_critic(envs: gym.vector.VectorEnv, mode: str) -> tuple[nn.Module, nn.Module]:
    """Build the actor and the critic that fit some environments.

    Args:
        envs: vector environments with a discrete action space.
        mode: "classic-control" (a few numbers), "ram" (snapshots of 128 bytes) or "atari" (stacked frames).

    Returns:
        actor and critic, see the function for the mode.

    Raises:
        ValueError: the mode does not exist.
    """
    obs_shape = envs.single_observation_space.shape
    num_actions = int(envs.single_action_space.n)
    build = {
        "classic-control": lambda: get_actor_and_critic_classic(prod(obs_shape), num_actions),
        "ram": lambda: get_actor_and_critic_ram(obs_shape[-1], num_actions),
        "atari": lambda: get_actor_and_critic_atari(obs_shape, num_actions),
    }
    if mode not in build:
        raise ValueError(f"mode must be one of {', '.join(map(repr, build))}; you gave {mode!r}.")
    return build[mode]()


def prepare_obs(obs: Shaped[Tensor, "B *obs_shape"]) -> Float[Tensor, "B *obs_shape"]:
    """Turn observations into what the networks take: bytes, such as pixels, are scaled to [0, 1] here and nowhere else.

    Args:
        obs: a batch of observations, floats or uint8.

    Returns:
        32-bit floats of the same shape.
    """
    if obs.ndim == 4:
        obs = obs.contiguous(memory_format=torch.channels_last)  # the layout in which convolutions are fastest
    return scale_bytes(obs) if obs.dtype == torch.uint8 else obs.float()


def share_trunk(actor: nn.Module, critic: nn.Module) -> bool:
    """Tell whether both networks are a `nn.Sequential` with the same first child."""
    return isinstance(actor, nn.Sequential) and isinstance(critic, nn.Sequential) and actor[0] is critic[0]


def run_trunk(trunk: nn.Module, obs: Float[Tensor, "B *obs_shape"]) -> Float[Tensor, "B num_features"]:
    """Run a trunk, in bfloat16 where `solutions.fast.precision.prepare` has said so; the features are 32-bit floats."""
    in_bf16 = getattr(trunk, "in_bf16", False)
    with torch.autocast(obs.device.type, torch.bfloat16) if in_bf16 else nullcontext():
        return trunk(obs).float()


def actor_critic_forward(
    actor: nn.Module, critic: nn.Module, obs: Shaped[Tensor, "B *obs_shape"]
) -> tuple[Float[Tensor, "B num_actions"], Float[Tensor, "B"]]:
    """Run both networks on a batch of observations; a trunk that they share runs once.

    Args:
        actor: observations -> logits (B, num_actions).
        critic: observations -> values (B, 1).
        obs: a batch of observations, as the environments return them.

    Returns:
        logits, and values without their last dimension.
    """
    obs = prepare_obs(obs)
    if not share_trunk(actor, critic):
        return actor(obs), critic(obs).squeeze(-1)
    features = run_trunk(actor[0], obs)
    return actor[1:](features), critic[1:](features).squeeze(-1)
