"""The history of frames that an agent sees (chapter 08)."""

import torch
from jaxtyping import Shaped, UInt8
from torch import Tensor


class FrameStack:
    """The last frames of N games that are played side by side. A new game begins with an empty history: black frames."""

    def __init__(self, num_envs: int, num_frames: int):
        """Begin with no history at all.

        Args:
            num_envs: N.
            num_frames: how many frames a stack holds, the newest among them.
        """
        self.num_envs = num_envs
        self.num_frames = num_frames
        self.stack = None  # the first update shows how large the frames are

    def update(self, frames: UInt8[Tensor, "N H W"], masks: Shaped[Tensor, "N"]) -> UInt8[Tensor, "N num_frames H W"]:
        """Append the newest frame of every environment to its history, and drop the oldest.

        Where a new game begins, every frame before the newest is zero: it belongs to another game. The first update ever
        has nothing before it, so there the masks do not matter.

        Args:
            frames: the newest frame of each environment.
            masks: 1 where the game goes on, also after a lost life; 0 where the frame is the first of a new game.

        Returns:
            The last `num_frames` frames of each environment, from the oldest to the newest. A copy: nothing that is done
            to it, or to `frames`, changes the history.

        Source: detail 20 of "The 37 Implementation Details of PPO".
        """
        if self.stack is None:
            self.stack = frames.new_zeros(self.num_envs, self.num_frames, *frames.shape[1:])
        self.stack = torch.cat([self.stack[:, 1:], frames[:, None]], dim=1)
        self.stack[masks == 0, :-1] = 0
        return self.stack.clone()
