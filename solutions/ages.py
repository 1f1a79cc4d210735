"""Breakout agents of several ages, and what they saw, with the console's memory beside it (chapters 11 and 12)."""

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor, nn

from solutions import networks
from solutions.evaluate import choose_actions
from solutions.saving import checkpoint
from utils import answers
from utils.envs import make_envs
from utils.paths import AGENTS

AGES = {
    "0.1 million": "breakout-100k",
    "1 million": "breakout-1m",
    "3 million": "breakout-3m",
    "5 million": "breakout-5m",
    "the best": "breakout",
}
"""The names of the agents' files, by how many steps each was trained. The best is of another training."""

BALL_X, BALL_Y, PADDLE_X = 99, 101, 72
"""The bytes of the console's memory that hold the ball's column and row, and the paddle's column.

Source: Anand et al., Unsupervised State Representation Learning in Atari (2019).
"""


def load_agents() -> dict[str, tuple[nn.Module, nn.Module]]:
    """Return the actor and the critic of each age, after those of a network that nobody trained.

    Raises:
        ValueError: an agent's file cannot be used; the message says why.
    """
    with answers.reference_parts():  # the same networks for everybody
        trained = {
            age: checkpoint.load_agent(AGENTS / f"{name}.safetensors", "ALE/Breakout-v5")[:2] for age, name in AGES.items()
        }
        torch.manual_seed(0)
        return {"untrained": networks.get_actor_and_critic_atari((4, 84, 84), 4)} | trained


def watch(actor: nn.Module, steps: int = 1000, num_envs: int = 16) -> dict[str, Tensor]:
    """Let an agent play several games of Breakout side by side, and keep what it saw.

    Returns:
        obs: the observations of every second step, from the first on, (steps / 2, num_envs, 4, 84, 84) bytes.
        ram: the console's memory at every step, (steps, num_envs, 128) bytes.
        ball_lost: whether the ball was lost in the step, (steps, num_envs).
    """
    torch.manual_seed(0)
    envs = make_envs("ALE/Breakout-v5", num_envs, "atari", render=True)
    consoles = [env.unwrapped.ale for env in envs.unwrapped.envs]
    obs, _ = envs.reset(seed=0)
    columns = {"obs": [], "ram": [], "ball_lost": []}
    for step in range(steps):
        if step % 2 == 0:  # neighbours are nearly the same, and all would be 450 MB
            columns["obs"].append(np.array(obs))
        columns["ram"].append(np.stack([console.getRAM() for console in consoles]))
        obs, _, terminations, truncations, _ = envs.step(choose_actions(actor, obs, greedy=False))
        columns["ball_lost"].append(terminations | truncations)
    envs.close()
    return {name: torch.as_tensor(np.array(column)) for name, column in columns.items()}


def ball_in_pixels(ram: UInt8[Tensor, "*shape 128"]) -> tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"]]:
    """Return the ball's column and row in a frame of 84 x 84. Its row is below 0 where there is no ball."""
    column = 0.525 * ram[..., BALL_X].float() - 25.6
    row = 0.4 * ram[..., BALL_Y].float() + 4.2
    return column, torch.where(ram[..., BALL_Y] > 0, row, -99.0)


def paddle_in_pixels(ram: UInt8[Tensor, "*shape 128"]) -> Float[Tensor, "*shape"]:
    """Return the column of the paddle's middle in a frame of 84 x 84."""
    return 0.525 * ram[..., PADDLE_X].float() - 20.6


def regions(ram: UInt8[Tensor, "128"]) -> dict[str, Bool[Tensor, "84 84"]]:
    """Return masks of the parts of a frame: ball, paddle, bricks, walls (with the border above), score, and the empty rest."""
    rows, columns = torch.arange(84)[:, None], torch.arange(84)[None, :]
    column, row = ball_in_pixels(ram)
    ball = ((rows - row).abs() <= 3) & ((columns - column).abs() <= 3)
    paddle = (rows >= 74) & (rows <= 78) & ((columns - paddle_in_pixels(ram)).abs() <= 6) & ~ball
    score = (rows < 7).expand(84, 84)
    walls = ((rows < 13) | (columns < 4) | (columns >= 80)) & ~score
    bricks = (rows >= 23) & (rows < 38) & ~walls & ~ball
    rest = ~(ball | paddle | score | walls | bricks)
    return {"ball": ball, "paddle": paddle, "bricks": bricks, "walls": walls, "score": score, "empty field": rest}
